/**
 * One backup: a snapshot of the engine seen as the bytes of a backup file.
 *
 * All rows are read once before the first byte leaves (`prepare`): etcd's clients are told how many bytes
 * are left, and the hash and SHA-256 come out of the same pass. Since every later reading makes the same
 * bytes, a client whose connection broke goes on where it stopped, as long as the backup is kept.
 *
 * Invariants: one scan in flight per pass or reading; the engine snapshot is released once, with none.
 */
import {
  type DiskFailure,
  EMPTY_BYTES,
  type EngineRow,
  type EngineSnapshot,
  assert,
  concatBytes,
  crc32c,
} from '@conclave/base';
import {
  type BackupHead,
  backupBytes,
  encodeBackupEnd,
  encodeBackupHead,
} from './backup-format.js';
import { ChunkMarks, ChunkSource } from './chunk-source.js';
import { SCAN_ROWS_FIRST, keyBehind, nextScanRows, sizeOfRow, writeRow } from './row-stream.js';

/** HashKV from rows that are read anyway; `mvcc` has it. */
export interface RowHash {
  begin(ready: () => void): void;
  add(rows: readonly EngineRow[]): void;
  /** Null: the state it looks at was replaced. */
  end(): number | null;
}

/** Implemented by the app: pure rooms have no SHA-256 of their own. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** A moment of the state that a backup is made of. */
export interface BackupPoint {
  readonly snapshot: EngineSnapshot;
  readonly head: BackupHead;
  /** Null: no hash is known of this moment. */
  readonly hash: RowHash | null;
  /** Whether a row is a stored version of a key: those are hashed and counted. */
  isVersion(row: EngineRow): boolean;
}

/** Aimed at in one turn: about a millisecond. */
const SLICE_BYTES = 256 * 1024;
const FIRST_KEY = new Uint8Array([0]);
const GIVEN_UP = 'the backup was given up';

export type PrepareFailure = 'stopped' | DiskFailure;

export class Backup {
  readonly id: string;
  readonly #point: BackupPoint;
  readonly #sha: Sha256;
  readonly #head: Uint8Array;
  readonly marks = new ChunkMarks();
  #tail: Uint8Array = EMPTY_BYTES;
  #digest: Uint8Array = EMPTY_BYTES;
  #rowBytes = 0;
  #rows = 0;
  #crc = 0;
  #versions = 0;
  #slices = 0;
  #reading = 0;
  #closed = false;
  #whenReleased: (() => void) | null = null;

  constructor(point: BackupPoint, sha: Sha256) {
    this.id = point.head.id;
    this.#point = point;
    this.#sha = sha;
    this.#head = encodeBackupHead(point.head);
  }

  get head(): BackupHead {
    return this.#point.head;
  }

  /** Of the file without its SHA-256. */
  get bytes(): number {
    return this.#head.length + this.#rowBytes + this.#tail.length;
  }

  get sha256(): Uint8Array {
    return this.#digest;
  }

  get snapshot(): EngineSnapshot {
    return this.#point.snapshot;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Once, before all else. */
  prepare(done: (failure: PrepareFailure | null) => void): void {
    this.#sha.update(this.#head);
    const { hash } = this.#point;
    // A hash whose state is replaced is never ready; nothing is being read until it is.
    const start = (): void => {
      if (this.#closed) {
        hash?.end();
        return done('stopped');
      }
      this.#reading++;
      this.#pass(FIRST_KEY, SCAN_ROWS_FIRST, done);
    };
    if (hash === null) start();
    else hash.begin(start);
  }

  /** Lets go of the engine; `released` once nothing reads from it any more. */
  close(released: () => void = () => undefined): void {
    assert(!this.#closed, 'a backup is closed once');
    this.#closed = true;
    this.#whenReleased = released;
    this.#settle();
  }

  /** A reading holds the engine snapshot from `enter` to `leave`. */
  enter(): void {
    assert(!this.#closed, 'a closed backup is not read');
    this.#reading++;
  }

  leave(): void {
    this.#reading--;
    this.#settle();
  }

  /** Piece of the file at `offset` that is not rows; null: rows are there. */
  fixed(offset: number, bytesMax: number): Uint8Array | null {
    if (offset < this.#head.length) return this.#head.subarray(offset, offset + bytesMax);
    const at = offset - this.#head.length - this.#rowBytes;
    return at < 0 ? null : this.#tail.subarray(at, at + bytesMax);
  }

  /** Offset in the row stream of an offset in the file. */
  rowOffset(offset: number): number {
    return offset - this.#head.length;
  }

  #pass(lo: Uint8Array, limit: number, done: (failure: PrepareFailure | null) => void): void {
    this.#point.snapshot.scan(lo, null, limit, (failure, rows) => {
      if (failure !== null || this.#closed) {
        this.#point.hash?.end();
        done(failure ?? 'stopped');
        return this.leave();
      }
      const last = rows[rows.length - 1];
      const more = last !== undefined && rows.length === limit;
      // While these are summed up, the next are read.
      if (more) this.#pass(keyBehind(last), nextScanRows(rows, limit, SLICE_BYTES), done);
      if (last !== undefined) this.#add(rows);
      if (more) return;
      this.#finish();
      done(null);
      this.leave();
    });
  }

  #add(rows: readonly EngineRow[]): void {
    let size = 0;
    for (const row of rows) size += sizeOfRow(row);
    const bytes = new Uint8Array(size);
    let end = 0;
    for (const row of rows) end = writeRow(row, bytes, end);
    assert(end === size, 'rows are as long as they were measured');
    const position = { rows: this.#rows, bytes: this.#rowBytes, crc: this.#crc, lastKey: null };
    const key = (rows[0] as EngineRow).key.slice();
    this.marks.add({ number: this.#slices++, key, position });
    this.#sha.update(bytes);
    this.#crc = crc32c(bytes, this.#crc);
    this.#rowBytes += size;
    this.#rows += rows.length;
    const versions = rows.filter((row) => this.#point.isVersion(row));
    this.#versions += versions.length;
    this.#point.hash?.add(versions);
  }

  #finish(): void {
    const end = encodeBackupEnd({
      rows: this.#rows,
      rowBytes: this.#rowBytes,
      rowCrc: this.#crc,
      versions: this.#versions,
      hash: this.#point.hash?.end() ?? null,
    });
    const before = this.#head.length + this.#rowBytes;
    const padding = new Uint8Array(
      backupBytes(this.#head.length, this.#rowBytes) - before - end.length,
    );
    this.#tail = concatBytes([padding, end]);
    this.#sha.update(this.#tail);
    this.#digest = this.#sha.digest();
  }

  #settle(): void {
    if (!this.#closed || this.#reading > 0 || this.#whenReleased === null) return;
    const released = this.#whenReleased;
    this.#whenReleased = null;
    this.#point.snapshot.release();
    released();
  }
}

/** The bytes of a prepared backup from `offset` on, in pieces. */
export class BackupReading {
  readonly #backup: Backup;
  readonly #pieceBytes: number;
  #offset: number;
  #source: ChunkSource | null = null;
  #chunk: Uint8Array = EMPTY_BYTES;
  #waiting: ((failure: string | null, bytes: Uint8Array | null) => void) | null = null;
  #over = false;
  /** Ticks since the last piece was asked for. */
  idleTicks = 0;

  constructor(backup: Backup, offset: number, pieceBytes: number) {
    assert(offset >= 0 && offset <= backup.bytes, 'an offset within the backup');
    this.#backup = backup;
    this.#offset = offset;
    this.#pieceBytes = pieceBytes;
    backup.enter();
  }

  get backup(): Backup {
    return this.#backup;
  }

  get bytes(): number {
    return this.#backup.bytes;
  }

  get sha256(): Uint8Array {
    return this.#backup.sha256;
  }

  get offset(): number {
    return this.#offset;
  }

  get over(): boolean {
    return this.#over;
  }

  /** The next piece, owned by the caller; null bytes: that was all. One at a time. */
  read(done: (failure: string | null, bytes: Uint8Array | null) => void): void {
    assert(this.#waiting === null, 'one piece at a time');
    this.idleTicks = 0;
    if (this.#over || this.#backup.closed) return done(GIVEN_UP, null);
    if (this.#offset === this.#backup.bytes) return done(null, null);
    const fixed = this.#backup.fixed(this.#offset, this.#pieceBytes);
    if (fixed !== null) {
      this.#offset += fixed.length;
      return done(null, fixed.slice());
    }
    this.#waiting = done;
    this.#pump();
  }

  /** Gives up, or is done: call it once in any case. A piece being read is not handed over. */
  close(): void {
    assert(!this.#over, 'a reading is closed once');
    this.#over = true;
    this.#waiting = null;
    if (this.#source === null) this.#backup.leave();
    else this.#source.close(() => this.#backup.leave());
  }

  /** Closes it from this side: whoever waits for a piece is told, and shall not wait for ever. */
  giveUp(): void {
    const waiting = this.#waiting;
    this.close();
    waiting?.(GIVEN_UP, null);
  }

  #pump(): void {
    while (this.#waiting !== null) {
      if (this.#chunk.length > 0) return this.#give();
      this.#source ??= this.#open();
      const chunk = this.#source.next();
      if (chunk === 'wait') return;
      assert(chunk !== 'end', 'the rows are as many as they were counted');
      this.#chunk = this.#skip(chunk.data);
    }
  }

  #give(): void {
    const done = this.#waiting as (failure: string | null, bytes: Uint8Array | null) => void;
    const bytes = this.#chunk.slice(0, this.#pieceBytes);
    this.#chunk = this.#chunk.subarray(bytes.length);
    this.#offset += bytes.length;
    this.#waiting = null;
    done(null, bytes);
  }

  #open(): ChunkSource {
    const { marks, snapshot } = this.#backup;
    const from = marks.beforeByte(this.#backup.rowOffset(this.#offset));
    // The source's own marks are of no use: those of the first pass are finer.
    return new ChunkSource(snapshot, new ChunkMarks(), from, 8 * this.#pieceBytes, (failure) =>
      this.#rowsCame(failure),
    );
  }

  /** What of a chunk lies at and behind the offset. */
  #skip(data: Uint8Array): Uint8Array {
    const source = this.#source as ChunkSource;
    const start = source.position.bytes - data.length;
    const skipped = this.#backup.rowOffset(this.#offset) - start;
    return skipped <= 0 ? data : data.subarray(Math.min(skipped, data.length));
  }

  #rowsCame(failure: DiskFailure | null): void {
    if (this.#over) return;
    if (failure === null) return this.#pump();
    const done = this.#waiting;
    this.#waiting = null;
    done?.(`${failure.code}: ${failure.message}`, null);
  }
}
