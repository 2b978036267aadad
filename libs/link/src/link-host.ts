/**
 * The member's side of `/link`: answers the Calls of gateways and other members, and tells each of
 * them who leads and who there is: at once, at every change, and as a heartbeat, so that a member
 * that is cut off or stopped is noticed by its silence.
 */
import { type CallHandler, hexId } from '@conclave/base';
import { DATED_MEMBERS_FEATURE, type Hello, type MembersFrame } from '@conclave/wire';
import { type Beat, startBeat } from './beat.js';
import { CallAnswerer } from './call-answerer.js';
import type { LinkPorts } from './dialer.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import type { LinkOptions } from './options.js';

export interface LinkHostPorts extends LinkPorts {
  readonly handler: CallHandler;
  /** What this member knows now; `leaderId` 0n when it has lost contact with a quorum. */
  members(): MembersFrame;
}

export class LinkHost {
  readonly #options: LinkOptions;
  readonly #ports: LinkHostPorts;
  /** Whether it understands of when a list is. */
  readonly #links = new Map<CallAnswerer, boolean>();
  readonly #beat: Beat;

  constructor(options: LinkOptions, ports: LinkHostPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#beat = startBeat(ports.clock, options.reportMs, () => this.#heartbeat());
  }

  get links(): number {
    return this.#links.size;
  }

  accepted(socket: FrameSocket, hello: Hello, peer: string): FrameSocketEvents {
    const name = hello.role === 'member' ? `member ${hexId(hello.from)}` : `gateway ${hello.name}`;
    const link = new CallAnswerer(
      socket,
      this.#options,
      this.#ports.handler,
      `${name} ${peer}`,
      () => this.#links.delete(link),
    );
    const dated = hello.feature >= DATED_MEMBERS_FEATURE;
    this.#links.set(link, dated);
    const frame = this.#ports.members();
    link.pushMembers(dated ? frame : undated(frame));
    return link;
  }

  /** Leader, term or members changed: everybody linked is told now. */
  changed(): void {
    if (this.#links.size === 0) return;
    this.#tell(this.#ports.members());
  }

  #heartbeat(): void {
    if (this.#links.size === 0) return;
    // No members: unchanged since the frame before.
    this.#tell({ ...this.#ports.members(), members: [] });
  }

  #tell(frame: MembersFrame): void {
    const older = undated(frame);
    for (const [link, dated] of this.#links) link.pushMembers(dated ? frame : older);
  }

  close(reason: string): void {
    this.#beat.stop();
    for (const link of [...this.#links.keys()]) link.close(reason);
  }
}

/** As builds before `DATED_MEMBERS_FEATURE` know it. */
function undated(frame: MembersFrame): MembersFrame {
  return { ...frame, appliedTerm: 0, appliedIndex: 0 };
}
