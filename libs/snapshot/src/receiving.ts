import { BoundedQueue, type DiskFailure, type EngineOp, assert } from '@conclave/base';
import type { SnapshotChunkFrame, SnapshotEndFrame, SnapshotMeta } from '@conclave/wire';
import { PROGRESS_KEY, type Progress, progressOp } from './progress-row.js';
import { RowParser } from './row-stream.js';
import type { ReadHead, ReceivedState } from './types.js';
import { verifyState } from './verify-state.js';

/**
 * One snapshot being filled into an engine of its own; outlives the connections it comes over.
 *
 *     filling --end, all there--> finishing (flush, read back, take the progress row out, flush) --> whole
 *
 * Chunks are taken in order, each written as one batch together with the progress row, one batch in flight. A
 * chunk that ends inside a row leaves the progress row as it was: there the stream cannot be taken up.
 *
 * Invariants: the engine holds exactly the rows of the chunks before `#kept.next`, and perhaps whole rows
 * of the ones behind, which would be written again the same; `#expected` is the next chunk to arrive.
 */
export interface ReceivingOptions {
  readonly rowBytesMax: number;
  /** Chunks accepted ahead of the write. */
  readonly creditChunks: number;
  /** A flush is asked for every so many bytes: what a crash costs at most. */
  readonly flushBytes: number;
  readonly readHead: ReadHead;
}

export interface ReceivingEvents {
  /** Something was written: an answer is due. */
  acked(): void;
  /** What `kept` tells survives a crash. */
  flushed(): void;
  whole(): void;
  /** This snapshot cannot become a state: discard it. */
  failed(text: string): void;
}

type Stage = 'filling' | 'finishing' | 'whole' | 'over';

export class Receiving {
  readonly state: ReceivedState;
  readonly #options: ReceivingOptions;
  readonly #events: ReceivingEvents;
  readonly #queue: BoundedQueue<SnapshotChunkFrame>;
  /** As in the engine's progress row. */
  #kept: Progress;
  #parser: RowParser;
  #stage: Stage = 'filling';
  /** A batch, flush or scan is in flight. */
  #busy = false;
  #expected: number;
  #consumed: number;
  #end: SnapshotEndFrame | null = null;
  #unflushedBytes = 0;
  /** Called once nothing is in flight or queued. */
  #waiting: (() => void)[] = [];

  constructor(
    options: ReceivingOptions,
    from: Progress,
    state: ReceivedState,
    events: ReceivingEvents,
  ) {
    this.#options = options;
    this.#kept = from;
    this.state = state;
    this.#events = events;
    this.#queue = new BoundedQueue(options.creditChunks);
    this.#parser = new RowParser(from.position, options.rowBytesMax);
    this.#expected = from.next;
    this.#consumed = from.next;
  }

  get id(): bigint {
    return this.#kept.snapshotId;
  }

  get meta(): SnapshotMeta {
    return this.#kept.meta;
  }

  /** As of the last batch: chunks from `next` on are not in the state yet. */
  get kept(): Progress {
    return this.#kept;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Chunks before it are written, or held if they end inside a row. */
  get next(): number {
    return this.#consumed;
  }

  get credit(): number {
    return this.#stage === 'filling' ? this.#options.creditChunks : 0;
  }

  /** A new connection: once nothing is in flight, back to where the stream can be taken up. */
  rewind(done: () => void): void {
    this.#whenIdle(() => {
      if (this.#stage === 'filling') {
        this.#parser = new RowParser(this.#kept.position, this.#options.rowBytesMax);
        this.#expected = this.#kept.next;
        this.#consumed = this.#kept.next;
        this.#end = null;
      }
      done();
    });
  }

  /**
   * Answers what is wrong with the chunk: then it was not taken, and the connection is of no use. Its
   * checksum was compared where the frame was decoded.
   */
  chunk(frame: SnapshotChunkFrame): string | null {
    if (this.#stage !== 'filling' || this.#end !== null) return 'a chunk behind the end';
    if (frame.number !== this.#expected) {
      return `chunk ${frame.number} where ${this.#expected} was expected`;
    }
    if (!this.#queue.push(frame)) return 'more chunks than credit';
    this.#expected++;
    this.#work();
    return null;
  }

  end(frame: SnapshotEndFrame): string | null {
    if (this.#stage !== 'filling' || this.#end !== null) return 'a second end';
    if (frame.chunks !== this.#expected) {
      return `${frame.chunks} chunks announced at the end, ${this.#expected} came`;
    }
    this.#end = frame;
    this.#work();
    return null;
  }

  /** Takes nothing more; `done` once nothing is in flight. */
  retire(done: () => void): void {
    this.#stage = 'over';
    this.#queue.clear();
    this.#whenIdle(done);
  }

  #whenIdle(done: () => void): void {
    this.#waiting.push(done);
    this.#work();
  }

  /** Does the next thing, if none is in flight. */
  #work(): void {
    if (this.#busy) return;
    if (this.#stage === 'filling') {
      if (this.#unflushedBytes >= this.#options.flushBytes) return this.#flush();
      const frame = this.#queue.shift();
      if (frame !== undefined) return this.#write(frame);
      if (this.#end !== null) return this.#finish(this.#end);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #flush(): void {
    this.#unflushedBytes = 0;
    this.#run(
      (done) => this.state.engine.flush(done),
      () => {
        this.#events.flushed();
        this.#work();
      },
    );
  }

  #write(frame: SnapshotChunkFrame): void {
    const parsed = this.#parser.push(frame.data, frame.crc);
    if (!parsed.ok) return this.#fail(parsed.text);
    const ops: EngineOp[] = [];
    for (const { key, value } of parsed.rows) {
      if (key[0] === PROGRESS_KEY[0]) return this.#fail('a row that no state has');
      ops.push({ type: 'put', key, value });
    }
    const next = frame.number + 1;
    let kept = this.#kept;
    if (this.#parser.whole) {
      kept = { ...kept, next, position: this.#parser.position };
      ops.push(progressOp(kept));
    }
    this.#unflushedBytes += frame.data.length;
    this.#run(
      (done) => this.state.engine.write(ops, done),
      () => {
        this.#kept = kept;
        this.#consumed = next;
        this.#events.acked();
        this.#work();
      },
    );
  }

  #finish(end: SnapshotEndFrame): void {
    const { rows, bytes, crc } = this.#parser.position;
    if (!this.#parser.whole || rows !== end.rows || bytes !== end.bytes || crc !== end.crc) {
      return this.#fail('the rows received are not those that were sent');
    }
    this.#stage = 'finishing';
    const { engine } = this.state;
    const { meta, feature } = this.#kept;
    const expected = { rows, bytes, crc, meta, feature };
    this.#run(
      (done) => engine.flush(done),
      () => {
        this.#busy = true;
        const isStopped = (): boolean => this.#stage === 'over';
        verifyState(engine, expected, this.#options.readHead, isStopped, (fault) => {
          this.#busy = false;
          if (isStopped()) this.#work();
          else if (fault !== null) this.#fail(fault);
          else this.#seal();
        });
      },
    );
  }

  /** From here on the state is one like any other. */
  #seal(): void {
    const { engine } = this.state;
    this.#run(
      (done) => engine.write([{ type: 'delete', key: PROGRESS_KEY }], done),
      () =>
        this.#run(
          (done) => engine.flush(done),
          () => {
            this.#stage = 'whole';
            this.#events.whole();
            this.#work();
          },
        ),
    );
  }

  /** One operation of the engine; `then` only if it succeeded and nobody retired us meanwhile. */
  #run(start: (done: (failure: DiskFailure | null) => void) => void, then: () => void): void {
    assert(!this.#busy, 'one operation in flight');
    this.#busy = true;
    start((failure) => {
      this.#busy = false;
      if (this.#stage === 'over') this.#work();
      else if (failure !== null) this.#fail(`${failure.code}: ${failure.message}`);
      else then();
    });
  }

  #fail(text: string): void {
    this.#stage = 'over';
    this.#queue.clear();
    this.#events.failed(text);
    this.#work();
  }
}
