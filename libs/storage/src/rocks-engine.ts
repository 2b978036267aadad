/**
 * `Engine` on RocksDB: the state of a member, which the Raft log can rebuild from the last flush on.
 *
 * The binding can neither sync nor switch off RocksDB's write-ahead log, and a damaged one opens without
 * an error. So it is never trusted: every `*.log` goes before each open, and the state is exactly what
 * the last finished flush (or a full write buffer, which is also a whole number of batches) left.
 *
 * Each row carries a CRC-32C over key and value, checked at each read. One batch in flight. At most
 * OPERATIONS_MAX operations occupy threads; the rest wait here, writes and flushes before reads. The first
 * failure is final.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  BoundedQueue,
  ConclaveError,
  type DiskDone,
  type DiskFailure,
  type Engine,
  type EngineOp,
  type EngineRow,
  type EngineSnapshot,
  assert,
  assertLe,
  compareBytes,
  crc32c,
  toHex,
} from '@conclave/base';
import { diskFailure, storageError } from './disk-trouble.js';
import { NODE_FS, syncDirectorySync } from './file-system.js';
import { type RocksDatabase, type RocksSession, openRocks } from './rocksdb.js';
import { RowCursor } from './row-cursor.js';
import { sealText, unsealText } from './sealed-text.js';
import { mendTornManifest } from './torn-manifest.js';

const STATE_FORMAT = 1;
const FORMAT_FILE = 'CONCLAVE-FORMAT';
const OPERATIONS_MAX = 5;
const WAITING_MAX = 65_536;
const ROWS_MAX = 1_000;
/** Rows of a batch made ready before the event loop gets its turn. */
const WRITE_SLICE_OPS = 8_192;
const CRC_BYTES = 4;

const OPTIONS = {
  // Compression is not built into the binding; one shared block cache of 32 MiB is.
  maxBackgroundJobs: 4,
  avoidFlushDuringShutdown: true,
  tableBlockSize: 8192,
  writeBufferSize: 64 * 1024 * 1024,
  maxWriteBufferNumber: 3,
};

type GetDone = (failure: DiskFailure | null, values: readonly (Uint8Array | null)[]) => void;
type ScanDone = (failure: DiskFailure | null, rows: readonly EngineRow[]) => void;

/** A snapshot, and the iterator that stands where the last scan of it ended. */
interface HeldCursor {
  cursor: RowCursor | null;
}

export class RocksEngine implements Engine {
  readonly #database: RocksDatabase;
  readonly #directory: string;
  readonly #reads = new BoundedQueue<() => void>(WAITING_MAX);
  readonly #urgent = new BoundedQueue<() => void>(16);
  #running = 0;
  #writing = false;
  /** Of the snapshots that are not released. */
  readonly #held = new Set<HeldCursor>();
  #failure: DiskFailure | null = null;
  #closing: DiskDone | null = null;
  #tableBytes = 0;
  #liveBytes = 0;
  /** Row bytes written since the sizes were asked for. */
  #freshBytes = 0;

  private constructor(database: RocksDatabase, directory: string) {
    this.#database = database;
    this.#directory = directory;
  }

  /**
   * Opens or creates the state in `directory`; `mended` is told when the end of a write that a loss of power
   * tore was cut off. Throws ConclaveError<StorageCode>.
   */
  static async open(
    directory: string,
    mended: (what: string) => void = () => {},
  ): Promise<RocksEngine> {
    prepareDirectory(directory);
    let database: RocksDatabase;
    try {
      database = await openRocks(directory, OPTIONS);
    } catch (error) {
      const named = openError(error, directory);
      const isCorrupt = named instanceof ConclaveError && named.code === 'corrupt';
      const what = isCorrupt ? mendTornManifest(directory) : null;
      if (what === null) throw named;
      mended(what);
      try {
        database = await openRocks(directory, OPTIONS);
      } catch (again) {
        throw openError(again, directory);
      }
    }
    const engine = new RocksEngine(database, directory);
    await engine.#measure();
    return engine;
  }

  get(keys: readonly Uint8Array[], done: GetDone): void {
    this.#get(this.#database, keys, done);
  }

  scan(lo: Uint8Array, hi: Uint8Array | null, limit: number, done: ScanDone): void {
    this.#scan(this.#database, null, lo, hi, limit, done);
  }

  write(ops: readonly EngineOp[], done: DiskDone): void {
    assert(!this.#writing, 'one batch in flight');
    this.#writing = true;
    this.#run(
      this.#urgent,
      'write a batch',
      async () => {
        const batch = this.#database.write({
          capacity: Math.max(8, ops.length),
          autoDestroy: true,
        });
        let bytes = 0;
        for (let i = 0; i < ops.length; i++) {
          const op = ops[i] as EngineOp;
          // A request may have changed hundreds of thousands of rows: others have their turn meanwhile.
          if (i % WRITE_SLICE_OPS === WRITE_SLICE_OPS - 1) {
            await new Promise((go) => setImmediate(go));
          }
          if (op.type === 'put') {
            bytes += op.key.length + op.value.length;
            batch.tryPut(op.key, sealRow(op.key, op.value));
          } else if (op.type === 'delete') batch.tryDelete(op.key);
          else if (compareBytes(op.lo, op.hi) < 0) batch.tryDeleteRange(op.lo, op.hi);
        }
        await batch.flush();
        this.#freshBytes += bytes;
      },
      (failure) => {
        this.#writing = false;
        done(failure);
      },
    );
  }

  snapshot(): EngineSnapshot {
    assert(this.#closing === null, 'engine is open');
    const session = this.#database.snapshot();
    const held: HeldCursor = { cursor: null };
    this.#held.add(held);
    let released = false;
    return {
      get: (keys, done) => {
        assert(!released, 'snapshot is not released');
        this.#get(session, keys, done);
      },
      scan: (lo, hi, limit, done) => {
        assert(!released, 'snapshot is not released');
        this.#scan(session, held, lo, hi, limit, done);
      },
      release: () => {
        assert(!released, 'snapshot is released once');
        released = true;
        this.#held.delete(held);
        held.cursor?.close(() => undefined);
        session.close().catch((error: unknown) => this.#fail(diskFailure(error, 'release')));
      },
    };
  }

  flush(done: DiskDone): void {
    const flush = async (): Promise<void> => {
      await this.#database.flush();
      await this.#measure();
    };
    this.#run(this.#urgent, 'flush', flush, done);
  }

  sizeBytes(): { readonly total: number; readonly inUse: number } {
    return {
      total: this.#tableBytes + this.#freshBytes,
      inUse: this.#liveBytes + this.#freshBytes,
    };
  }

  /** Waits for what is under way; what was not flushed is gone. */
  close(done: DiskDone): void {
    assert(this.#closing === null, 'engine is closed once');
    this.#closing = done;
    this.#next();
  }

  #get(session: RocksSession, keys: readonly Uint8Array[], done: GetDone): void {
    assertLe(keys.length, ROWS_MAX, 'keys of a get');
    let values: (Uint8Array | null)[] = [];
    const get = async (): Promise<void> => {
      if (keys.length === 0) return;
      const batch = session.read({ capacity: Math.max(8, keys.length), autoDestroy: true });
      const found = keys.map((key) => batch.get(key));
      batch.tryFlush();
      const rows = await Promise.all(found);
      values = rows.map((row, i) => (row === null ? null : this.#open(keys[i] as Uint8Array, row)));
    };
    this.#run(this.#reads, 'read rows', get, (failure) => done(failure, failure ? [] : values));
  }

  /** `held`: of the snapshot that is read, if it is one. */
  #scan(
    session: RocksSession,
    held: HeldCursor | null,
    lo: Uint8Array,
    hi: Uint8Array | null,
    limit: number,
    done: ScanDone,
  ): void {
    assertLe(limit, ROWS_MAX, 'rows of a scan');
    let rows: readonly EngineRow[] = [];
    const scan = async (): Promise<void> => {
      if (limit === 0 || (hi !== null && compareBytes(lo, hi) >= 0)) return;
      if (held !== null && held.cursor?.busy !== true) {
        rows = await this.#goOn(session, held, lo, hi, limit).next(limit);
        return;
      }
      const cursor = this.#cursor(session, lo, hi, limit, true);
      rows = await cursor.next(limit);
      if (!cursor.ended) await new Promise<void>((closed) => cursor.close(closed));
    };
    this.#run(this.#reads, 'scan rows', scan, (failure) => done(failure, failure ? [] : rows));
  }

  /** The iterator that stands at `lo`: whoever reads a snapshot in order goes on with the one there is. */
  #goOn(
    session: RocksSession,
    held: HeldCursor,
    lo: Uint8Array,
    hi: Uint8Array | null,
    limit: number,
  ): RowCursor {
    const open = held.cursor;
    // The limit is the caller's guess at what fits into memory, so what is fetched follows it.
    const suits = open !== null && open.capacity <= 2 * limit && limit <= 4 * open.capacity;
    if (suits && open.continues(lo, hi)) return open;
    open?.close(() => undefined);
    return (held.cursor = this.#cursor(session, lo, hi, limit, false));
  }

  #cursor(
    session: RocksSession,
    lo: Uint8Array,
    hi: Uint8Array | null,
    capacity: number,
    once: boolean,
  ): RowCursor {
    return new RowCursor(session, lo, hi, capacity, once, (key, row) => this.#open(key, row));
  }

  /** The value of a row as stored; throws when it is not what was written. */
  #open(key: Uint8Array, row: Buffer): Uint8Array {
    const length = row.length - CRC_BYTES;
    const whole = length >= 0 && row.readUInt32LE(length) === crc32c(row, crc32c(key), 0, length);
    if (!whole) {
      throw Object.assign(
        new Error(`row ${toHex(key.subarray(0, 64))} of ${this.#directory} is corrupt: checksum`),
        { code: 'ECORRUPT' },
      );
    }
    return new Uint8Array(row.buffer, row.byteOffset, length);
  }

  #run(
    queue: BoundedQueue<() => void>,
    doing: string,
    work: () => Promise<void>,
    done: DiskDone,
  ): void {
    assert(this.#closing === null, 'engine is open');
    const task = (): void => {
      const end = (failure: DiskFailure | null): void => {
        // Out of the promise, so that an exception of the caller's is an exception.
        process.nextTick(() => {
          this.#running--;
          if (failure !== null) this.#fail(failure);
          done(this.#failure);
          this.#next();
        });
      };
      this.#running++;
      if (this.#failure !== null) {
        end(this.#failure);
        return;
      }
      work().then(
        () => end(null),
        (error: unknown) => end(rocksFailure(error, `${doing} in ${this.#directory}`)),
      );
    };
    assert(queue.push(task), 'queue of the engine is within its bound');
    this.#next();
  }

  #next(): void {
    while (this.#running < OPERATIONS_MAX) {
      const task = this.#urgent.shift() ?? this.#reads.shift();
      if (task === undefined) break;
      task();
    }
    const done = this.#closing;
    if (done === null || this.#running > 0) return;
    this.#running = Number.MAX_SAFE_INTEGER;
    // RocksDB would wait for them.
    for (const { cursor } of this.#held) cursor?.close(() => undefined);
    this.#database.close().then(
      () => process.nextTick(done, this.#failure),
      (error: unknown) => process.nextTick(done, rocksFailure(error, `close ${this.#directory}`)),
    );
  }

  #fail(failure: DiskFailure): void {
    this.#failure ??= failure;
  }

  async #measure(): Promise<void> {
    const tables = await this.#database.getProperty('rocksdb.total-sst-files-size');
    const live = await this.#database.getProperty('rocksdb.estimate-live-data-size');
    this.#tableBytes = Number(tables ?? 0);
    this.#liveBytes = Number(live ?? 0);
    this.#freshBytes = 0;
  }
}

/** Value, then the checksum over key and value. */
function sealRow(key: Uint8Array, value: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(value.length + CRC_BYTES);
  row.set(value);
  row.writeUInt32LE(crc32c(value, crc32c(key)), value.length);
  return row;
}

function rocksFailure(error: unknown, doing: string): DiskFailure {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return diskFailure(cause, doing);
}

/** Drops RocksDB's own write-ahead logs and old info logs, and checks the format. */
function prepareDirectory(directory: string): void {
  const formatFile = path.join(directory, FORMAT_FILE);
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const names = fs.readdirSync(directory);
  if (names.includes(FORMAT_FILE)) {
    unsealText(fs.readFileSync(formatFile), STATE_FORMAT, `state format ${formatFile}`);
  } else if (names.includes('CURRENT')) {
    throw storageError('missing', `state format ${formatFile} is missing`);
  } else {
    const fd = fs.openSync(formatFile, 'w', 0o600);
    fs.writeSync(fd, sealText(STATE_FORMAT, {}));
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  }
  for (const name of names) {
    if (name.endsWith('.log') || name.startsWith('LOG.old')) fs.rmSync(path.join(directory, name));
  }
  syncDirectorySync(NODE_FS, directory);
}

function openError(error: unknown, directory: string): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (/lock/i.test(text) && /temporarily unavailable|No locks available/.test(text)) {
    return storageError('locked', `state ${directory} is in use by another process`, error);
  }
  if (/Corruption|checksum|corrupt|No such file|magic|truncated/i.test(text)) {
    return storageError('corrupt', `state ${directory} is corrupt: ${text}`, error);
  }
  if (error instanceof Error && error.name === 'ConclaveError') return error;
  return storageError('disk', `state ${directory} cannot be opened: ${text}`, error);
}
