/**
 * The calls of one connection that have something to write: those whose turn comes, and those that wait
 * for the connection's window. A call that waits for its own stream's window is in neither.
 *
 * Invariant: a call is in one of the two lists at most once (`isInLine`).
 */
import type { OutBuffer } from './out-buffer.js';
import { type Http2Call, Wrote } from './server-call.js';

/** Bytes a connection may have at its socket: above it, calls wait until the socket has taken all. */
export const AT_SOCKET_MAX = 128 * 1024;
/** Closed calls stay in the list of the blocked until it is this much longer than the open ones. */
const CLOSED_KEPT = 1000;

export class WriteLine {
  #ready: Http2Call[] = [];
  #blocked: Http2Call[] = [];

  add(call: Http2Call): void {
    if (call.isInLine) return;
    call.isInLine = true;
    this.#ready.push(call);
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** The connection's window has grown. */
  unblock(): void {
    if (this.#blocked.length === 0) return;
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const call of blocked) this.#ready.push(call);
  }

  /** Lets each call write in its turn, until all did or the socket has enough. */
  write(out: OutBuffer): void {
    const ready = this.#ready;
    let next = 0;
    while (next < ready.length && out.waiting < AT_SOCKET_MAX) {
      const call = ready[next++] as Http2Call;
      call.isInLine = false;
      const wrote = call.write(out);
      if (wrote === Wrote.More) this.add(call);
      else if (wrote === Wrote.ConnectionBlocked && !call.isInLine) {
        call.isInLine = true;
        this.#blocked.push(call);
      }
    }
    if (next === ready.length) ready.length = 0;
    else ready.splice(0, next);
  }

  /** Forgets closed calls once they are many. */
  prune(openCalls: number): void {
    if (this.#blocked.length <= openCalls + CLOSED_KEPT) return;
    this.#blocked = this.#blocked.filter((call) => call.queuedBytes > 0);
  }

  clear(): void {
    this.#ready = [];
    this.#blocked = [];
  }
}
