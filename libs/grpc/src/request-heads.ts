/**
 * The header blocks of one connection: put together from their frames, decoded, checked, and read as
 * the head of a call.
 *
 * Clients send nearly the same block again and again. Blocks that did not change the client's table are
 * remembered with what they meant, and found by their bytes as long as the table stays.
 */
import type { CallHandler, Metadata } from '@conclave/base';

import { areFieldsInOrder } from './header-rules.js';
import { HpackDecoder } from './hpack-decoder.js';
import type { GrpcLimits } from './limits.js';
import { type HeadResult, readHead } from './metadata.js';

/** What a header block turned out to be. */
export type HeadOutcome =
  | {
      readonly type: 'request';
      readonly result: HeadResult;
      readonly handler: CallHandler | null;
      /** What the call's metadata holds beyond what other calls share with it. */
      readonly heldBytes: number;
    }
  /** Against the rules for fields: PROTOCOL_ERROR for its stream. */
  | { readonly type: 'malformed' }
  | { readonly type: 'too-large' }
  /** The connection's tables are out of step: COMPRESSION_ERROR for the connection. */
  | { readonly type: 'broken' };

const MALFORMED: HeadOutcome = Object.freeze({ type: 'malformed' });
const TOO_LARGE: HeadOutcome = Object.freeze({ type: 'too-large' });
const BROKEN: HeadOutcome = Object.freeze({ type: 'broken' });

/** Blocks remembered of each connection, and how long one may be. */
const KEPT_BLOCKS = 8;
const KEPT_BYTES_MAX = 256;

interface KeptBlock {
  readonly bytes: Uint8Array;
  readonly generation: number;
  readonly outcome: HeadOutcome;
}

/** What a field costs in memory beyond its bytes. */
const FIELD_OVERHEAD_BYTES = 96;

function metadataBytes(metadata: Metadata): number {
  if (metadata.size === 0) return 0;
  let bytes = 0;
  for (const [name, value] of metadata) bytes += name.length + value.length + FIELD_OVERHEAD_BYTES;
  return bytes;
}

export class RequestHeads {
  readonly #limits: GrpcLimits;
  readonly #peer: string;
  readonly #handlerOf: (service: string) => CallHandler | null;
  readonly #decoder: HpackDecoder;
  readonly #kept: KeptBlock[] = [];
  #nextKept = 0;
  /** Collected fragments of a block that goes on in CONTINUATION. */
  #block: Buffer | null = null;
  #blockBytes = 0;
  #continuations = 0;

  constructor(
    limits: GrpcLimits,
    peer: string,
    scratch: Buffer,
    handlerOf: (service: string) => CallHandler | null,
  ) {
    this.#limits = limits;
    this.#peer = peer;
    this.#handlerOf = handlerOf;
    this.#decoder = new HpackDecoder(limits, scratch);
  }

  /** Adds a fragment that is not the last; false if the block has too many or too large ones. */
  collect(bytes: Buffer, lo: number, hi: number): boolean {
    if (this.#block === null) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(256, (hi - lo) * 2));
      this.#blockBytes = 0;
      this.#continuations = 0;
    } else if (++this.#continuations > this.#limits.continuationsMax) return false;
    const needed = this.#blockBytes + hi - lo;
    if (needed > this.#limits.headerBlockBytesMax) return false;
    if (needed > this.#block.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2);
      this.#block.copy(grown, 0, 0, this.#blockBytes);
      this.#block = grown;
    }
    bytes.copy(this.#block, this.#blockBytes, lo, hi);
    this.#blockBytes = needed;
    return true;
  }

  /** Reads the block collected so far. */
  readCollected(): HeadOutcome {
    const block = this.#block as Buffer;
    this.#block = null;
    return this.read(block, 0, this.#blockBytes);
  }

  /** Reads the whole block `bytes[lo, hi)`; it must not be longer than allowed. */
  read(bytes: Buffer, lo: number, hi: number): HeadOutcome {
    const length = hi - lo;
    const generation = this.#decoder.generation;
    if (length <= KEPT_BYTES_MAX) {
      const kept = this.#find(bytes, lo, length, generation);
      if (kept !== null) return kept;
    }
    const outcome = this.#decode(bytes, lo, hi);
    if (
      length <= KEPT_BYTES_MAX &&
      outcome.type === 'request' &&
      outcome.result.ok &&
      outcome.result.head.timeoutMs === null &&
      this.#decoder.generation === generation
    ) {
      const copy = new Uint8Array(bytes.subarray(lo, hi));
      this.#kept[this.#nextKept] = {
        bytes: copy,
        generation,
        outcome: { ...outcome, heldBytes: 0 },
      };
      this.#nextKept = (this.#nextKept + 1) % KEPT_BLOCKS;
    }
    return outcome;
  }

  #find(bytes: Buffer, lo: number, length: number, generation: number): HeadOutcome | null {
    for (let i = 0; i < this.#kept.length; i++) {
      const kept = this.#kept[i] as KeptBlock;
      if (kept.generation !== generation || kept.bytes.length !== length) continue;
      let same = 0;
      while (same < length && kept.bytes[same] === bytes[lo + same]) same++;
      if (same === length) return kept.outcome;
    }
    return null;
  }

  #decode(bytes: Buffer, lo: number, hi: number): HeadOutcome {
    const decoder = this.#decoder;
    if (!decoder.decode(bytes, lo, hi)) return BROKEN;
    if (decoder.isTooLarge) return TOO_LARGE;
    if (decoder.isMalformed || !areFieldsInOrder(decoder.fields)) return MALFORMED;
    const result = readHead(decoder.fields, this.#peer);
    const handler = result.ok ? this.#handlerOf(result.service) : null;
    const heldBytes = result.ok ? metadataBytes(result.head.metadata) : 0;
    return { type: 'request', result, handler, heldBytes };
  }
}
