/**
 * The streams of one connection: those with a call, and what is known of the others.
 *
 * A stream id is idle (above `seenId`), has a call, or is closed. Of closed ones those are remembered that we
 * broke off before the client had finished: for their frames on the way the client is not to blame.
 */
import { assertLt } from '@conclave/base';

import type { GrpcLimits } from './limits.js';
import type { Http2Call } from './server-call.js';

const ABANDONED_MAX = 1000;

export class StreamTable {
  readonly calls = new Map<number, Http2Call>();
  /** The highest stream id seen, and the highest of a call that was taken. */
  seenId = 0;
  takenId = 0;
  /** Metadata of the calls, in bytes. */
  heldBytes = 0;
  readonly #abandoned = new Set<number>();

  /** True for ids of the client's that are no longer idle. */
  isKnown(id: number): boolean {
    return (id & 1) === 1 && id <= this.seenId;
  }

  add(call: Http2Call): void {
    assertLt(call.id, this.seenId + 1, 'a call has a stream that was seen');
    this.calls.set(call.id, call);
    this.heldBytes += call.heldBytes;
  }

  remove(call: Http2Call): void {
    if (this.calls.delete(call.id)) this.heldBytes -= call.heldBytes;
  }

  /** We broke the stream off while the client may still send on it. */
  abandon(id: number): void {
    this.#abandoned.add(id);
    if (this.#abandoned.size <= ABANDONED_MAX) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      return;
    }
  }

  isAbandoned(id: number): boolean {
    return this.#abandoned.has(id);
  }

  /** The calls whose reader holds memory and has taken nothing for too long. */
  stalled(nowMs: number, limits: GrpcLimits): Http2Call[] {
    const stalled: Http2Call[] = [];
    for (const call of this.calls.values()) {
      if (call.queuedBytes < limits.callCreditBytes || !call.hasStalled()) {
        call.stalledSinceMs = -1;
      } else if (call.stalledSinceMs < 0) {
        call.stalledSinceMs = nowMs;
      } else if (nowMs - call.stalledSinceMs > limits.stalledMs) stalled.push(call);
    }
    return stalled;
  }

  /** Empties the table of calls; answers those that were in it. */
  clear(): Http2Call[] {
    const calls = [...this.calls.values()];
    this.calls.clear();
    this.heldBytes = 0;
    return calls;
  }
}
