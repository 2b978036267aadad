/**
 * Response headers. Every answer begins with field 1, the header, so an answer is the encoded header
 * and the rest of its message behind it: nothing is encoded twice. The ids are encoded once for all.
 */
import { EMPTY_BYTES, type Revision, type Term, assertEq } from '@conclave/base';
import { ResponseHeader } from '@conclave/wire';

const TAG_HEADER = 0x0a;
const TAG_REVISION = 0x18;
const TAG_TERM = 0x20;

export class HeaderEncoder {
  /** Cluster and member id, encoded: the same in every header. */
  readonly #ids: Uint8Array;
  #revision: Revision = -1;
  #term: Term = -1;
  #encoded: Uint8Array = EMPTY_BYTES;

  constructor(clusterId: bigint, memberId: bigint) {
    this.#ids = ResponseHeader.encode({ clusterId, memberId, revision: 0, raftTerm: 0 });
  }

  /** The bytes of a ResponseHeader. Shared: do not change. */
  encode(revision: Revision, term: Term): Uint8Array {
    if (revision !== this.#revision || term !== this.#term) {
      this.#revision = revision;
      this.#term = term;
      this.#encoded = new Uint8Array(this.#size(revision, term));
      this.#write(revision, term, this.#encoded, 0);
    }
    return this.#encoded;
  }

  /** A whole answer: a message of field 1 `header`, then `body`. One allocation. */
  answer(revision: Revision, term: Term, body: Uint8Array): Uint8Array {
    const size = this.#size(revision, term);
    const out = new Uint8Array(2 + size + body.length);
    out[0] = TAG_HEADER;
    out[1] = size;
    this.#write(revision, term, out, 2);
    if (body.length > 0) out.set(body, 2 + size);
    return out;
  }

  /** Below 128: two ids and two numbers of at most 8 bytes. */
  #size(revision: Revision, term: Term): number {
    return this.#ids.length + fieldSize(revision) + fieldSize(term);
  }

  #write(revision: Revision, term: Term, out: Uint8Array, begin: number): void {
    const ids = this.#ids;
    for (let i = 0; i < ids.length; i++) out[begin + i] = ids[i] as number;
    let at = begin + ids.length;
    at = writeField(TAG_REVISION, revision, out, at);
    at = writeField(TAG_TERM, term, out, at);
    assertEq(at - begin, this.#size(revision, term), 'a header is as large as measured');
  }
}

/** Of a number >= 0 with its tag; proto3 leaves 0 out. */
function fieldSize(value: number): number {
  if (value === 0) return 0;
  let size = 2;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function writeField(tag: number, value: number, out: Uint8Array, begin: number): number {
  if (value === 0) return begin;
  let at = begin;
  out[at++] = tag;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) + 128;
  out[at++] = rest;
  return at;
}
