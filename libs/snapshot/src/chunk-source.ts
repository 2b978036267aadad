import {
  type DiskFailure,
  type EngineRow,
  type EngineSnapshot,
  assert,
  assertLe,
  crc32c,
  joinCrc32c,
} from '@conclave/base';
import {
  SCAN_ROWS_FIRST,
  STREAM_START,
  type StreamPosition,
  keyBehind,
  nextScanRows,
  sizeOfRow,
  writeRow,
} from './row-stream.js';

/**
 * Cuts the rows of an engine snapshot into chunks, on demand and always at the same places: whole rows as
 * long as they fit; a row larger than a chunk begins a chunk of its own and goes over as many as it
 * needs. So chunk n is the same bytes whenever it is made, and a stream can be taken up at any chunk.
 *
 * Rows are scanned in slices, aiming at the bytes of one chunk, one scan in flight: while the rows of one
 * are made into chunks, the next are read.
 *
 * Invariant: `#position` is the stream before the chunk under construction; `number` is its number.
 */
export interface Chunk {
  readonly number: number;
  readonly data: Uint8Array;
  /** CRC-32C of `data`. */
  readonly crc: number;
  /** Those that end here. */
  readonly rows: readonly EngineRow[];
}

/** Where a chunk begins: enough to make it again. */
export interface ChunkMark {
  readonly number: number;
  /** Key of its first row. */
  readonly key: Uint8Array;
  readonly position: StreamPosition;
}

/** etcd's stores hold some gigabytes: far more marks than this never help. */
const MARKS_MAX = 1_024;

const FIRST_KEY = new Uint8Array([0]);

/** Begins of chunks, so that a stream need not be made again from its start: every `#stride`-th. */
export class ChunkMarks {
  readonly #marks: ChunkMark[] = [{ number: 0, key: FIRST_KEY, position: STREAM_START }];
  #stride = 1;

  add(mark: ChunkMark): void {
    const last = this.#marks[this.#marks.length - 1] as ChunkMark;
    if (mark.number < last.number + this.#stride) return;
    this.#marks.push(mark);
    if (this.#marks.length <= MARKS_MAX) return;
    this.#stride *= 2;
    const kept = this.#marks.filter((_, i) => i % 2 === 0);
    this.#marks.splice(0, this.#marks.length, ...kept);
  }

  /** The last one at or before chunk `number`. */
  before(number: number): ChunkMark {
    let found = this.#marks[0] as ChunkMark;
    for (const mark of this.#marks) if (mark.number <= number) found = mark;
    return found;
  }

  /** The last one at or before byte `offset` of the stream. */
  beforeByte(offset: number): ChunkMark {
    let found = this.#marks[0] as ChunkMark;
    for (const mark of this.#marks) if (mark.position.bytes <= offset) found = mark;
    return found;
  }
}

export class ChunkSource {
  readonly #snapshot: EngineSnapshot;
  readonly #marks: ChunkMarks;
  readonly #chunkBytes: number;
  /** Called when rows came after `next` answered `wait`. */
  readonly #onRows: (failure: DiskFailure | null) => void;
  #number: number;
  #position: StreamPosition;
  #rows: readonly EngineRow[] = [];
  #at = 0;
  #scanFrom: Uint8Array;
  #scanRows = SCAN_ROWS_FIRST;
  #scanning = false;
  /** `next` answered `wait`, and the rows have not come since. */
  #waiting = false;
  /** The slice behind `#rows`, once it was read. */
  #ahead: readonly EngineRow[] | null = null;
  /** No rows behind those that were read. */
  #exhausted = false;
  /** Set by `close`: what to call once no scan is in flight. */
  #onIdle: (() => void) | null = null;
  #chunk: Uint8Array | null = null;
  #filled = 0;
  #chunkRows: EngineRow[] = [];
  #chunkKey: Uint8Array | null = null;
  /** The row larger than a chunk that is being sent, and how far it is. */
  #large: { readonly row: EngineRow; readonly bytes: Uint8Array } | null = null;
  #largeAt = 0;

  constructor(
    snapshot: EngineSnapshot,
    marks: ChunkMarks,
    from: ChunkMark,
    chunkBytes: number,
    onRows: (failure: DiskFailure | null) => void,
  ) {
    assertLe(1, chunkBytes, 'chunkBytes is positive');
    this.#snapshot = snapshot;
    this.#marks = marks;
    this.#chunkBytes = chunkBytes;
    this.#onRows = onRows;
    this.#number = from.number;
    this.#position = from.position;
    this.#scanFrom = from.key;
  }

  /** The number of the next chunk; at the end: how many there are. */
  get number(): number {
    return this.#number;
  }

  /** Of all that `next` has given. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** No more chunks. `idle` is called once no scan is in flight: then the snapshot may be released. */
  close(idle: () => void): void {
    assert(this.#onIdle === null, 'a source is closed once');
    this.#onIdle = idle;
    if (!this.#scanning) idle();
  }

  next(): Chunk | 'wait' | 'end' {
    if (this.#large !== null) return this.#piece(this.#large.row, this.#large.bytes);
    for (;;) {
      const row = this.#rows[this.#at];
      if (row === undefined) {
        if (this.#ahead !== null) {
          this.#take(this.#ahead);
          continue;
        }
        if (this.#exhausted) return this.#filled > 0 ? this.#emit() : 'end';
        this.#waiting = true;
        this.#scan();
        return 'wait';
      }
      const size = sizeOfRow(row);
      if (this.#filled + size > this.#chunkBytes) {
        if (this.#filled > 0) return this.#emit();
        return this.#begin(row, size);
      }
      this.#put(row, size);
    }
  }

  #put(row: EngineRow, size: number): void {
    this.#chunk ??= new Uint8Array(this.#chunkBytes);
    this.#chunkKey ??= row.key;
    const end = writeRow(row, this.#chunk, this.#filled);
    assert(end === this.#filled + size, 'a row is as long as it was measured');
    this.#filled = end;
    this.#chunkRows.push(row);
    this.#at++;
  }

  #emit(): Chunk {
    const data = (this.#chunk as Uint8Array).subarray(0, this.#filled);
    this.#mark(this.#chunkKey as Uint8Array);
    const rows = this.#chunkRows;
    this.#chunk = null;
    this.#chunkKey = null;
    this.#filled = 0;
    this.#chunkRows = [];
    return this.#advance(data, rows);
  }

  /** The first piece of a row larger than a chunk. */
  #begin(row: EngineRow, size: number): Chunk {
    const large = new Uint8Array(size);
    writeRow(row, large, 0);
    this.#mark(row.key);
    this.#at++;
    this.#large = { row, bytes: large };
    this.#largeAt = 0;
    return this.#piece(row, large);
  }

  #piece(row: EngineRow, large: Uint8Array): Chunk {
    const end = Math.min(large.length, this.#largeAt + this.#chunkBytes);
    const data = large.subarray(this.#largeAt, end);
    this.#largeAt = end;
    const last = end === large.length;
    if (last) this.#large = null;
    return this.#advance(data, last ? [row] : []);
  }

  #mark(key: Uint8Array): void {
    this.#marks.add({ number: this.#number, key: key.slice(), position: this.#position });
  }

  #advance(data: Uint8Array, rows: readonly EngineRow[]): Chunk {
    const crc = crc32c(data);
    this.#position = {
      rows: this.#position.rows + rows.length,
      bytes: this.#position.bytes + data.length,
      crc: joinCrc32c(this.#position.crc, crc, data.length),
      lastKey: null,
    };
    return { number: this.#number++, data, crc, rows };
  }

  #scan(): void {
    if (this.#scanning || this.#exhausted) return;
    this.#scanning = true;
    const limit = this.#scanRows;
    this.#snapshot.scan(this.#scanFrom, null, limit, (failure, rows) => {
      this.#scanning = false;
      if (this.#onIdle !== null) {
        this.#onIdle();
        return;
      }
      if (failure !== null) {
        this.#onRows(failure);
        return;
      }
      this.#exhausted = rows.length < limit;
      const last = rows[rows.length - 1];
      if (last !== undefined) this.#scanFrom = keyBehind(last);
      this.#scanRows = nextScanRows(rows, limit, this.#chunkBytes);
      this.#ahead = rows;
      if (!this.#waiting) return;
      this.#waiting = false;
      this.#onRows(null);
    });
  }

  #take(rows: readonly EngineRow[]): void {
    assert(this.#at === this.#rows.length, 'the slice before was made into chunks');
    this.#rows = rows;
    this.#at = 0;
    this.#ahead = null;
    this.#scan();
  }
}
