/**
 * New ids of traces and spans: random bytes, put into hex digits by the buffer they are in, since a number
 * takes half a microsecond to become eight of them.
 */
import { assertLe } from '@conclave/base';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const WORD_BYTES = 4;
const WORDS = 2 ** 32;

export class TraceIds {
  readonly #chance: () => number;
  readonly #bytes = Buffer.alloc(TRACE_ID_BYTES);

  /** `chance` is in [0, 1). */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** 32 hex digits, not all zero. */
  trace(): string {
    return this.#draw(TRACE_ID_BYTES);
  }

  /** 16 hex digits, not all zero. */
  span(): string {
    return this.#draw(SPAN_ID_BYTES);
  }

  #draw(length: number): string {
    assertLe(length, this.#bytes.length, 'TraceIds: there is room');
    const last = length - WORD_BYTES;
    for (let at = 0; at < last; at += WORD_BYTES) {
      this.#bytes.writeUInt32BE(Math.floor(this.#chance() * WORDS), at);
    }
    // One at least, or the id could be no id.
    this.#bytes.writeUInt32BE(1 + Math.floor(this.#chance() * (WORDS - 1)), last);
    return this.#bytes.toString('hex', 0, length);
  }
}
