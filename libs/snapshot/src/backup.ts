/**
 * One backup: a snapshot of the engine seen as the bytes of a backup file.
 *
 * Rows are read once: whoever reads the file furthest also sums it up (`account`), so checksum, HashKV
 * and SHA-256 are there when the end is reached. How long the file is nobody knows before that: until
 * then `bytes` is an estimate. Every reading makes the same bytes, so a client whose connection broke
 * goes on where it stopped, as long as the backup is kept.
 *
 * Invariants: what is summed up ends where a chunk ends, and every reading cuts chunks at the same
 * places; one scan in flight per reading; the engine snapshot is released once, with none.
 */
import {
  type DiskFailure,
  EMPTY_BYTES,
  type EngineRow,
  type EngineSnapshot,
  assert,
  assertEq,
  assertLe,
  concatBytes,
  joinCrc32c,
} from '@conclave/base';
import {
  BACKUP_BLOCK_BYTES,
  type BackupHead,
  backupBytes,
  encodeBackupEnd,
  encodeBackupHead,
} from './backup-format.js';
import { type Chunk, ChunkMarks, ChunkSource } from './chunk-source.js';
import type { Pace } from './types.js';

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
  /** About how long the rows are; only told to clients. */
  readonly bytesExpected: number;
  /** Whether a row is a stored version of a key: those are hashed and counted. */
  isVersion(row: EngineRow): boolean;
}

const GIVEN_UP = 'the backup was given up';

export class Backup {
  readonly id: string;
  readonly #point: BackupPoint;
  readonly #sha: Sha256;
  readonly #head: Uint8Array;
  readonly marks = new ChunkMarks();
  /** Null: not begun, ended, or given up. */
  #hash: RowHash | null = null;
  /** Of the rows that were summed up. */
  #rowBytes = 0;
  #rows = 0;
  #crc = 0;
  #versions = 0;
  /** Once all rows were. */
  #tail: Uint8Array | null = null;
  #digest: Uint8Array = EMPTY_BYTES;
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

  /** Of the file without its SHA-256; before `complete` an estimate above what was read. */
  get bytes(): number {
    const read = this.bytesRead;
    if (this.#tail !== null) return read;
    return Math.max(read + BACKUP_BLOCK_BYTES, this.#head.length + this.#point.bytesExpected);
  }

  /** How far the furthest reading came: all before it is known, and can be read again. */
  get bytesRead(): number {
    return this.#head.length + this.#rowBytes + (this.#tail?.length ?? 0);
  }

  /** All rows were summed up. */
  get complete(): boolean {
    return this.#tail !== null;
  }

  /** Once complete. */
  get sha256(): Uint8Array {
    return this.#digest;
  }

  get snapshot(): EngineSnapshot {
    return this.#point.snapshot;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Once, before all else. `ready` is not called if it was closed meanwhile, or the state was replaced. */
  prepare(ready: () => void): void {
    this.#sha.update(this.#head);
    const { hash } = this.#point;
    if (hash === null) return ready();
    hash.begin(() => {
      if (this.#closed) return void hash.end();
      this.#hash = hash;
      ready();
    });
  }

  /** Does without HashKV: it holds compaction back while rows are read. */
  giveUpHash(): void {
    this.#hash?.end();
    this.#hash = null;
  }

  /** Lets go of the engine; `released` once nothing reads from it any more. */
  close(released: () => void = () => undefined): void {
    assert(!this.#closed, 'a backup is closed once');
    this.#closed = true;
    this.giveUpHash();
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

  /** Piece of the file at `offset` that is not rows; null: rows are there, as far as is known. */
  fixed(offset: number, bytesMax: number): Uint8Array | null {
    if (offset < this.#head.length) return this.#head.subarray(offset, offset + bytesMax);
    const at = offset - this.#head.length - this.#rowBytes;
    return this.#tail === null || at < 0 ? null : this.#tail.subarray(at, at + bytesMax);
  }

  /** Offset in the row stream of an offset in the file. */
  rowOffset(offset: number): number {
    return offset - this.#head.length;
  }

  /** A chunk that begins at `start` of the row stream, made by any reading; known ones are not summed up again. */
  account({ data, crc, rows }: Chunk, start: number): void {
    if (start < this.#rowBytes) {
      return assertLe(start + data.length, this.#rowBytes, 'chunks are cut at the same places');
    }
    assertEq(start, this.#rowBytes, 'no reading is ahead of what is summed up');
    this.#sha.update(data);
    this.#crc = joinCrc32c(this.#crc, crc, data.length);
    this.#rowBytes += data.length;
    this.#rows += rows.length;
    const versions = rows.filter((row) => this.#point.isVersion(row));
    this.#versions += versions.length;
    this.#hash?.add(versions);
  }

  /** A reading came to the end of the rows. */
  finish(): void {
    if (this.#tail !== null) return;
    const hash = this.#hash?.end() ?? null;
    this.#hash = null;
    const end = encodeBackupEnd({
      rows: this.#rows,
      rowBytes: this.#rowBytes,
      rowCrc: this.#crc,
      versions: this.#versions,
      hash,
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

/** The bytes of a backup that is prepared, from `offset` on, in pieces. */
export class BackupReading {
  readonly #backup: Backup;
  readonly #pieceBytes: number;
  readonly #pace: Pace;
  #offset: number;
  #source: ChunkSource | null = null;
  #chunk: Uint8Array = EMPTY_BYTES;
  #waiting: ((failure: string | null, bytes: Uint8Array | null) => void) | null = null;
  /** `pace` did not let us go on yet. */
  #pausing = false;
  #over = false;
  /** Ticks since the last piece was asked for. */
  idleTicks = 0;

  constructor(backup: Backup, offset: number, pieceBytes: number, pace: Pace) {
    assert(offset >= 0 && offset <= backup.bytesRead, 'an offset within what is known');
    this.#pace = pace;
    this.#backup = backup;
    this.#offset = offset;
    this.#pieceBytes = pieceBytes;
    backup.enter();
  }

  get backup(): Backup {
    return this.#backup;
  }

  /** See `Backup.bytes`: exact at the latest with the last piece. */
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

  /** The next piece, which nobody changes any more; null bytes: that was all. One at a time. */
  read(done: (failure: string | null, bytes: Uint8Array | null) => void): void {
    assert(this.#waiting === null, 'one piece at a time');
    this.idleTicks = 0;
    if (this.#over || this.#backup.closed) return done(GIVEN_UP, null);
    if (this.#backup.complete && this.#offset === this.#backup.bytes) return done(null, null);
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
      if (this.#chunk.length > 0) {
        const piece = this.#chunk.subarray(0, this.#pieceBytes);
        this.#chunk = this.#chunk.subarray(piece.length);
        return this.#give(piece);
      }
      const fixed = this.#backup.fixed(this.#offset, this.#pieceBytes);
      if (fixed !== null) return this.#give(fixed);
      if (this.#pausing) return;
      this.#source ??= this.#open();
      const chunk = this.#source.next();
      if (chunk === 'wait') return;
      if (chunk === 'end') this.#backup.finish();
      else {
        const { length } = chunk.data;
        this.#backup.account(chunk, this.#source.position.bytes - length);
        this.#chunk = this.#skip(chunk.data);
        this.#pause(length);
      }
    }
  }

  #give(bytes: Uint8Array): void {
    const done = this.#waiting as (failure: string | null, bytes: Uint8Array | null) => void;
    this.#offset += bytes.length;
    this.#waiting = null;
    done(null, bytes);
  }

  #pause(bytes: number): void {
    let inside = true;
    this.#pausing = true;
    this.#pace(bytes, () => {
      this.#pausing = false;
      if (!inside && !this.#over) this.#pump();
    });
    inside = false;
  }

  #open(): ChunkSource {
    const { marks, snapshot } = this.#backup;
    const from = marks.beforeByte(this.#backup.rowOffset(this.#offset));
    return new ChunkSource(snapshot, marks, from, 8 * this.#pieceBytes, (failure) =>
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
