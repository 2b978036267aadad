/**
 * Response headers. Every answer begins with field 1, the header, so an answer is the encoded header
 * and the rest of its message behind it: nothing is encoded twice. One header is encoded for each
 * (revision, term), since most answers in a row share theirs.
 */
import { EMPTY_BYTES, type Revision, type Term } from '@conclave/base';
import { ResponseHeader } from '@conclave/wire';

const TAG_HEADER = 0x0a;

export class HeaderEncoder {
  readonly #clusterId: bigint;
  readonly #memberId: bigint;
  #revision: Revision = -1;
  #term: Term = -1;
  #encoded: Uint8Array = EMPTY_BYTES;

  constructor(clusterId: bigint, memberId: bigint) {
    this.#clusterId = clusterId;
    this.#memberId = memberId;
  }

  /** The bytes of a ResponseHeader. Shared: do not change. */
  encode(revision: Revision, term: Term): Uint8Array {
    if (revision !== this.#revision || term !== this.#term) {
      this.#revision = revision;
      this.#term = term;
      this.#encoded = ResponseHeader.encode({
        clusterId: this.#clusterId,
        memberId: this.#memberId,
        revision,
        raftTerm: term,
      });
    }
    return this.#encoded;
  }
}

/** A message of field 1 `header` and then `body`. A header is shorter than 128 bytes. */
export function withHeader(header: Uint8Array, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 + header.length + body.length);
  out[0] = TAG_HEADER;
  out[1] = header.length;
  out.set(header, 2);
  out.set(body, 2 + header.length);
  return out;
}
