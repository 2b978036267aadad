/**
 * The body of a request as a row of JSON messages, one after the other, however the bytes are cut on the
 * way. Space between them is nothing; what follows the last complete one is kept until it is complete.
 *
 * Invariant: `heldBytes` is what the chunks not yet read hold, never more than `bytesMax` and one chunk.
 */
import { JsonFault } from './json-fault.js';
import type { MessagePlan } from './message-plan.js';
import { MessageReader } from './message-reader.js';
import { JsonScanner } from './scanner.js';

export type BodyResult =
  | { readonly type: 'message'; readonly message: object }
  /** Nothing to read now. */
  | { readonly type: 'more' }
  /** The body is over, and so are its messages. */
  | { readonly type: 'end' }
  | { readonly type: 'fault'; readonly text: string }
  | { readonly type: 'too-large' };

const MORE: BodyResult = Object.freeze({ type: 'more' });
const END: BodyResult = Object.freeze({ type: 'end' });

export class JsonBody {
  heldBytes = 0;
  readonly #bytesMax: number;
  readonly #scanner = new JsonScanner();
  #chunks: Uint8Array[] = [];
  /** Chunks before this one are scanned. */
  #chunk = 0;
  /** Bytes of all scanned chunks. */
  #scanned = 0;
  #isOver = false;

  /** `bytesMax`: of one message with the space before it. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** True while a message has begun that is not complete. */
  get isInside(): boolean {
    return this.#scanner.lo >= 0;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.heldBytes += chunk.length;
  }

  /** No more chunks will come. */
  end(): void {
    this.#isOver = true;
  }

  /** Lets go of what is held; nothing may be asked afterwards. */
  clear(): void {
    this.#chunks = [];
    this.heldBytes = 0;
  }

  next(plan: MessagePlan): BodyResult {
    const scanner = this.#scanner;
    let result = this.#scan();
    if (result === 'more' && this.heldBytes > this.#bytesMax) return { type: 'too-large' };
    if (result === 'more' && this.#isOver) {
      if (scanner.lo < 0) return END;
      result = scanner.end(this.#scanned);
    }
    if (result === 'more') return MORE;
    if (result === 'bad') return { type: 'fault', text: scanner.fault };
    const bytes = this.#joined();
    try {
      const message = new MessageReader(bytes, scanner.lo, scanner.ends).read(plan);
      this.#keep(bytes.subarray(scanner.hi));
      return { type: 'message', message };
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      return { type: 'fault', text: error.message };
    }
  }

  #scan(): 'more' | 'value' | 'bad' {
    while (this.#chunk < this.#chunks.length) {
      const chunk = this.#chunks[this.#chunk] as Uint8Array;
      const result = this.#scanner.scan(chunk, 0, chunk.length, this.#scanned);
      if (result !== 'more') return result;
      this.#scanned += chunk.length;
      this.#chunk++;
    }
    return 'more';
  }

  #joined(): Uint8Array {
    return this.#chunks.length === 1
      ? (this.#chunks[0] as Uint8Array)
      : Buffer.concat(this.#chunks);
  }

  /** Begins again with what follows a message. */
  #keep(rest: Uint8Array): void {
    this.#scanner.reset();
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#chunk = 0;
    this.#scanned = 0;
    this.heldBytes = rest.length;
  }
}
