/**
 * Finds the members of a cluster by its token, for who stands beside the cluster (a gateway): reads the
 * token until the cluster is complete, and again whenever no member can be reached. Who is a member later
 * is told by the members themselves.
 *
 * Nothing ends it but `close`: a service that is away, a token that is not there yet or has expired are
 * logged once and asked for again.
 */
import type { Probe } from '@conclave/base';
import { DiscoveryError, DiscoveryUnavailable, type TokenClient } from './join.js';
import { parseRegistration } from './names.js';

export interface MemberFinderPorts {
  readonly probe: Probe;
  /** Peer URLs of all who have registered so far, in their order; called again with each look. */
  readonly found: (peerURLs: readonly string[]) => void;
  /** True while some member can be reached. */
  readonly isLinked: () => boolean;
}

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;
/** Between two checks whether the members are still reached. */
const REST_MS = 10_000;

export class MemberFinder {
  readonly #client: TokenClient;
  readonly #ports: MemberFinderPorts;
  #isClosed = false;
  #wake: (() => void) | null = null;
  #told = '';

  /** Begins at once. Closes `client` in the end. */
  constructor(client: TokenClient, ports: MemberFinderPorts) {
    this.#client = client;
    this.#ports = ports;
    void this.#find();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    this.#client.close();
  }

  async #find(): Promise<void> {
    let failed = 0;
    while (!this.#isClosed) {
      try {
        const isComplete = await this.#look();
        failed = 0;
        if (isComplete) await this.#rest();
      } catch (error) {
        if (!(error instanceof DiscoveryError) && !(error instanceof DiscoveryUnavailable)) {
          throw error;
        }
        if (this.#isClosed) return;
        this.#tell('warn', 'cannot find the members by the discovery token', error.message);
        await this.#sleep(RETRY_MS[Math.min(failed++, RETRY_MS.length - 1)] ?? REST_MS);
      }
    }
  }

  /** One look, and if members are missing, the wait for a change. True: nobody is missing. */
  async #look(): Promise<boolean> {
    const { size, members, index } = await this.#client.look();
    const founders = members.slice(0, size);
    const urls = founders.flatMap(({ value }) => parseRegistration(value)?.peerURLs ?? []);
    if (this.#isClosed) return true;
    if (urls.length > 0) {
      this.#tell('info', 'found members by the discovery token', urls.join(','));
      this.#ports.found(urls);
    }
    if (founders.length >= size) return true;
    await this.#client.waitAfter(index);
    return false;
  }

  async #rest(): Promise<void> {
    do await this.#sleep(REST_MS);
    while (!this.#isClosed && this.#ports.isLinked());
  }

  /** The same thing again is not told again. */
  #tell(level: 'info' | 'warn', message: string, detail: string): void {
    const told = `${message} ${detail}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#ports.probe.log(level, message, { [level === 'warn' ? 'error' : 'peer-urls']: detail });
  }

  #sleep(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
