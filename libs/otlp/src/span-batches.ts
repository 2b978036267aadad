/**
 * Ended spans on their way out: put into the body of the next request as they come, sent when it holds
 * enough of them or the oldest has waited long enough. Bytes are kept, not objects.
 *
 * Invariants: one request is under way; at most `spansMax` spans wait behind it, what comes on top is
 * dropped and counted; a body has at most `batchSpansMax` spans.
 */
import { assertLt } from '@conclave/base';
import { REQUEST_TAIL } from './span-json.js';
import { EXPORT_SUCCESS, type ExportResult } from './watched-exporter.js';

/** The body of one request; borrowed until it is said how the request ended. */
export interface SpanBatch {
  readonly body: Uint8Array;
  readonly spans: number;
}

export interface BatchLimits {
  readonly spansMax: number;
  /** In one request. */
  readonly batchSpansMax: number;
  /** How long a span waits for others. */
  readonly delayMs: number;
  /** A request without an answer is given up after. */
  readonly timeoutMs: number;
}

export interface BatchPorts {
  /** What stands before the spans. Asked for with the first span. */
  head(): string;
  send(batch: SpanBatch, done: (result: ExportResult) => void): void;
  /** Runs `task` later, unless it is cancelled. Keeps no process alive. */
  after(ms: number, task: () => void): () => void;
  dropped(spans: number): void;
}

const BODY_BYTES = 64 * 1024;
/** Larger ones are rare, and not kept. */
const SPARE_BYTES_MAX = 4 * 1024 * 1024;
const COMMA = 0x2c;

export class SpanBatches {
  readonly #limits: BatchLimits;
  readonly #ports: BatchPorts;
  readonly #full: SpanBatch[] = [];
  /** Room of a body that was sent, for the next one: it need not grow again. */
  #spare: Buffer | null = null;
  #head: string | null = null;
  /** The body that is being filled. */
  #body: Buffer | null = null;
  #at = 0;
  #spans = 0;
  /** Of `#full` and `#body`. */
  #waiting = 0;
  #stopTimer: (() => void) | null = null;
  /** How many requests there were; the answer to one that was given up says nothing any more. */
  #requests = 0;
  #sending = false;
  #closed = false;
  #empty: (() => void)[] = [];

  constructor(limits: BatchLimits, ports: BatchPorts) {
    this.#limits = limits;
    this.#ports = ports;
  }

  /** Asked before a span is put into words. False: there is no room; the span is counted as dropped. */
  takes(): boolean {
    if (!this.#closed && this.#waiting < this.#limits.spansMax) return true;
    this.#ports.dropped(1);
    return false;
  }

  /** Of a span that it takes; ASCII. */
  add(span: string): void {
    assertLt(this.#waiting, this.#limits.spansMax, 'SpanBatches: asked before');
    const body = this.#room(span.length);
    if (this.#spans > 0) body[this.#at++] = COMMA;
    this.#at += body.write(span, this.#at, 'latin1');
    this.#spans++;
    this.#waiting++;
    if (this.#spans >= this.#limits.batchSpansMax) {
      this.#seal();
      this.#next();
    } else this.#wait();
  }

  /** Takes nothing more; `done` once all that waits was sent or given up. */
  close(done: () => void): void {
    this.#closed = true;
    this.#seal();
    this.#empty.push(done);
    this.#next();
  }

  /** The body with room for a span of `length` and all that comes behind it. */
  #room(length: number): Buffer {
    if (this.#body === null) {
      this.#head ??= this.#ports.head();
      this.#body = this.#spare ?? Buffer.allocUnsafeSlow(BODY_BYTES + this.#head.length);
      this.#spare = null;
      this.#at = this.#body.write(this.#head, 0, 'latin1');
    }
    const wanted = this.#at + 1 + length + REQUEST_TAIL.length;
    if (wanted <= this.#body.length) return this.#body;
    const grown = Buffer.allocUnsafeSlow(2 * wanted);
    this.#body.copy(grown, 0, 0, this.#at);
    this.#body = grown;
    return grown;
  }

  #seal(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    if (this.#body === null) return;
    this.#at += this.#body.write(REQUEST_TAIL, this.#at, 'latin1');
    this.#full.push({ body: this.#body.subarray(0, this.#at), spans: this.#spans });
    this.#body = null;
    this.#spans = 0;
  }

  #wait(): void {
    if (this.#stopTimer !== null) return;
    this.#stopTimer = this.#ports.after(this.#limits.delayMs, () => {
      this.#stopTimer = null;
      this.#seal();
      this.#next();
    });
  }

  #next(): void {
    if (this.#sending) return;
    const batch = this.#full.shift();
    if (batch === undefined) {
      for (const done of this.#empty.splice(0)) done();
      return;
    }
    this.#sending = true;
    this.#waiting -= batch.spans;
    const request = ++this.#requests;
    const ended = (isTaken: boolean): void => {
      if (!this.#sending || request !== this.#requests) return;
      this.#sending = false;
      giveUp();
      if (isTaken) this.#reuse(batch.body);
      this.#next();
    };
    const giveUp = this.#ports.after(this.#limits.timeoutMs, () => ended(false));
    // After a failure bytes may still be on their way out.
    this.#ports.send(batch, ({ code }) => ended(code === EXPORT_SUCCESS));
  }

  #reuse({ buffer }: Uint8Array): void {
    if (buffer.byteLength <= SPARE_BYTES_MAX) this.#spare = Buffer.from(buffer as ArrayBuffer);
  }
}
