/**
 * One stream at one member, on behalf of a client's stream that outlives it. Once let go, whatever
 * still comes of it is dropped.
 *
 * Invariant: while it has an owner, the owner is among the users of its link.
 */
import type {
  Channel,
  ClientCall,
  ClientCallEvents,
  EndOrigin,
  Metadata,
  StatusCode,
} from '@conclave/base';
import type { LinkEntry, LinkUser } from './member-table.js';

export interface DownstreamOwner extends LinkUser {
  response(bytes: Uint8Array): void;
  /** The owner must let go of this stream. */
  downstreamEnded(code: StatusCode, message: string, origin: EndOrigin): void;
  downstreamDrained(): void;
}

export class Downstream implements ClientCallEvents {
  readonly entry: LinkEntry;
  #owner: DownstreamOwner | null;
  #call: ClientCall | null = null;

  constructor(owner: DownstreamOwner, entry: LinkEntry) {
    this.#owner = owner;
    this.entry = entry;
    entry.users.add(owner);
  }

  /** False when the channel ended it at once: then the owner has been told. */
  open(method: string, metadata: Metadata): boolean {
    const channel: Channel = this.entry.channel;
    this.#call = channel.open(method, metadata, null, this);
    return this.#owner !== null;
  }

  get isHeld(): boolean {
    return this.#owner !== null;
  }

  send(bytes: Uint8Array): boolean {
    return this.#call === null || this.#call.send(bytes);
  }

  halfClose(): void {
    this.#call?.halfClose();
  }

  pauseInput(): void {
    this.#call?.pauseInput();
  }

  resumeInput(): void {
    this.#call?.resumeInput();
  }

  letGo(cancel: boolean): void {
    const owner = this.#owner;
    if (owner === null) return;
    this.#owner = null;
    this.entry.users.delete(owner);
    if (cancel) this.#call?.cancel();
  }

  message(bytes: Uint8Array): void {
    this.#owner?.response(bytes);
  }

  ended(code: StatusCode, message: string, origin: EndOrigin = 'handler'): void {
    this.#owner?.downstreamEnded(code, message, origin);
  }

  drained(): void {
    this.#owner?.downstreamDrained();
  }
}
