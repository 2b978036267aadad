/**
 * A member's own links to other members, for what only the leader can answer (keepalives, time to
 * live, promotion). Dialled when first asked for and kept then.
 */
import { type Channel, hexId } from '@conclave/base';
import { CallOpener } from './call-opener.js';
import { Dialer } from './dialer.js';
import type { LinkOptions } from './options.js';
import { type PeerLinksPorts, judgeAnswer } from './peer-links.js';

interface Entry {
  dialer: Dialer | null;
  channel: CallOpener | null;
  urls: readonly string[];
}

export class MemberLinks {
  readonly #options: LinkOptions;
  readonly #ports: PeerLinksPorts;
  readonly #entries = new Map<bigint, Entry>();

  constructor(options: LinkOptions, ports: PeerLinksPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Adds a member, or changes where it is reached. */
  setMember(id: bigint, urls: readonly string[]): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      this.#entries.set(id, { dialer: null, channel: null, urls });
      return;
    }
    entry.urls = urls;
    entry.dialer?.setUrls(urls);
  }

  removeMember(id: bigint): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.dialer?.close('the member was removed');
  }

  /** The channel to a member; null while there is none. The first question dials. */
  channel(id: bigint): Channel | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    if (entry.dialer === null) entry.dialer = this.#dial(id, entry);
    return entry.channel;
  }

  #dial(to: bigint, entry: Entry): Dialer {
    return new Dialer(
      this.#options,
      this.#ports,
      {
        label: hexId(to),
        path: '/link',
        payloadBytesMax: this.#options.payloadBytesMax,
        hello: () => {
          const {
            clusterId,
            memberId,
            incarnation,
            feature,
            name,
            peerURLs = [],
          } = this.#ports.identity();
          const ids = { clusterId, from: memberId, to, incarnation };
          return { type: 'hello', role: 'member', ...ids, session: 0n, feature, name, peerURLs };
        },
      },
      entry.urls,
      {
        up: (socket, answer) => {
          const fault = judgeAnswer(answer, to, this.#ports);
          if (fault !== null) return fault;
          entry.channel = new CallOpener(socket, this.#options, {
            members() {},
            closed: () => {
              entry.channel = null;
            },
          });
          return entry.channel;
        },
        refused() {},
        failed() {},
      },
    );
  }

  close(reason: string): void {
    for (const entry of this.#entries.values()) entry.dialer?.close(reason);
    this.#entries.clear();
  }
}
