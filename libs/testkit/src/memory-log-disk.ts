/**
 * `LogDisk` in memory, which can lose power.
 *
 * Each file is kept twice: what a read shows, and what is on the disk. A finished write is in both; one
 * under way reaches neither until its turn. `kill()` leaves a prefix of each such write readable but
 * not durable, as a killed process does; `losePower()` then decides page by page (4 KiB): kept, lost,
 * or torn at some byte. Files being created or removed may be there or not. After either the object
 * is the disk of the restarted process: what waited before never completes.
 */
import {
  ConclaveError,
  type DiskDone,
  type DiskFailure,
  type LogDisk,
  type Random,
  type Scheduler,
  assert,
  concatBytes,
} from '@conclave/base';

const PAGE = 4096;

interface File {
  readable: Uint8Array;
  durable: Uint8Array;
}

type Pending =
  | { readonly type: 'write'; readonly name: string; readonly offset: number; bytes: Uint8Array }
  | { readonly type: 'create'; readonly name: string; readonly bytes: number }
  | { readonly type: 'remove'; readonly name: string };

/** What a crash leaves of an operation under way. */
export type CrashFate = 'none' | 'half' | 'all';

export type DiskOperation = 'create' | 'write' | 'read' | 'remove';

export class MemoryLogDisk implements LogDisk {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #files = new Map<string, File>();
  readonly #pending = new Set<Pending>();
  #epoch = 0;
  #closed = false;
  /** Asked before each operation that completes later; a failed write leaves a prefix behind. */
  inject: ((operation: DiskOperation, name: string) => DiskFailure | null) | null = null;
  /** Asked for what each read that completes later gives: a disk that reads wrongly. */
  alter: ((name: string, offset: number, bytes: Uint8Array) => Uint8Array) | null = null;
  /** Finished writes, for tests that count them. */
  writes = 0;

  /** `random` decides only what a crash leaves. */
  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  list(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  size(name: string): number {
    return this.#file(name).readable.length;
  }

  readSync(name: string, offset: number, length: number): Uint8Array {
    return this.#file(name).readable.slice(offset, offset + length);
  }

  createSync(name: string, bytes: number): void {
    if (this.#files.has(name)) throw new ConclaveError('EEXIST', `file exists: ${name}`);
    this.#files.set(name, { readable: new Uint8Array(bytes), durable: new Uint8Array(bytes) });
  }

  writeSync(name: string, offset: number, chunks: readonly Uint8Array[]): void {
    const bytes = concatBytes(chunks);
    put(this.#file(name), 'readable', offset, bytes);
    put(this.#file(name), 'durable', offset, bytes);
  }

  syncSync(name: string): void {
    const file = this.#file(name);
    file.durable = file.readable.slice();
  }

  truncateSync(name: string, bytes: number): void {
    const file = this.#file(name);
    file.readable = resized(file.readable, bytes);
    file.durable = file.readable.slice();
  }

  removeSync(name: string): void {
    this.#file(name);
    this.#files.delete(name);
  }

  create(name: string, bytes: number, done: DiskDone): void {
    this.#run('create', { type: 'create', name, bytes }, (failure) => {
      if (failure === null) this.createSync(name, bytes);
      done(failure);
    });
  }

  write(name: string, offset: number, chunks: readonly Uint8Array[], done: DiskDone): void {
    for (const other of this.#pending) {
      assert(other.type !== 'write' || other.name !== name, 'one write per file in flight');
    }
    const bytes = concatBytes(chunks);
    this.#run('write', { type: 'write', name, offset, bytes }, (failure) => {
      if (failure === null) {
        this.writes++;
        this.writeSync(name, offset, [bytes]);
      } else this.#leavePrefix(name, offset, bytes);
      done(failure);
    });
  }

  read(
    name: string,
    offset: number,
    length: number,
    done: (failure: DiskFailure | null, bytes: Uint8Array) => void,
  ): void {
    this.#run(
      'read',
      null,
      (failure) => {
        if (failure !== null) {
          done(failure, new Uint8Array(0));
          return;
        }
        const bytes = this.readSync(name, offset, length);
        done(null, this.alter === null ? bytes : this.alter(name, offset, bytes));
      },
      name,
    );
  }

  remove(name: string, done: DiskDone): void {
    this.#run('remove', { type: 'remove', name }, (failure) => {
      if (failure === null) this.removeSync(name);
      done(failure);
    });
  }

  close(done: DiskDone): void {
    const epoch = this.#epoch;
    this.#scheduler.yieldTo(() => {
      if (epoch !== this.#epoch) return;
      this.#closed = true;
      done(null);
    });
  }

  /** The process died, the machine did not. */
  kill(): void {
    for (const pending of this.#pending) this.#half(pending);
    this.#restart();
  }

  /** The machine lost its power. */
  losePower(): void {
    for (const pending of this.#pending) this.#half(pending);
    for (const file of this.#files.values()) this.#tear(file);
    this.#restart();
  }

  /** Power is lost and every operation under way has come exactly so far; for enumerating crashes. */
  cut(fate: CrashFate): void {
    for (const pending of this.#pending) {
      const parts = { none: 0, half: 1, all: 2 };
      if (pending.type === 'remove') {
        if (fate === 'all') this.#files.delete(pending.name);
        continue;
      }
      if (pending.type === 'create') {
        const bytes = new Uint8Array((pending.bytes * parts[fate]) >> 1);
        if (fate !== 'none') this.#files.set(pending.name, { readable: bytes, durable: bytes });
        continue;
      }
      if (!this.#files.has(pending.name)) continue;
      const done = pending.bytes.subarray(0, (pending.bytes.length * parts[fate]) >> 1);
      this.writeSync(pending.name, pending.offset, [done]);
    }
    this.#restart();
  }

  /** Operations under way. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Flips the bits of `mask` in one byte, on the disk and readable. */
  flip(name: string, offset: number, mask: number): void {
    const file = this.#file(name);
    assert(offset < file.readable.length, 'flip is within the file');
    for (const bytes of [file.readable, file.durable]) {
      if (offset < bytes.length) bytes[offset] = (bytes[offset] as number) ^ mask;
    }
  }

  #file(name: string): File {
    const file = this.#files.get(name);
    if (file === undefined) throw new ConclaveError('ENOENT', `no such file: ${name}`);
    return file;
  }

  #run(
    operation: DiskOperation,
    pending: Pending | null,
    task: (failure: DiskFailure | null) => void,
    name = pending?.name ?? '',
  ): void {
    assert(!this.#closed, 'disk is open');
    if (pending !== null) this.#pending.add(pending);
    const epoch = this.#epoch;
    const failure = this.inject === null ? null : this.inject(operation, name);
    this.#scheduler.yieldTo(() => {
      if (epoch !== this.#epoch) return;
      if (pending !== null) this.#pending.delete(pending);
      task(failure);
    });
  }

  #restart(): void {
    this.#pending.clear();
    this.#epoch++;
    this.#closed = false;
    this.inject = null;
    this.alter = null;
  }

  /** What a write, creation or removal under way leaves when the process dies. */
  #half(pending: Pending): void {
    switch (pending.type) {
      case 'write':
        if (this.#files.has(pending.name)) {
          this.#leavePrefix(pending.name, pending.offset, pending.bytes);
        }
        return;
      case 'create':
        if (this.#random.chance(0.5)) {
          const bytes = this.#random.below(pending.bytes + 1);
          this.#files.set(pending.name, {
            readable: new Uint8Array(bytes),
            durable: new Uint8Array(bytes),
          });
        }
        return;
      case 'remove':
        if (this.#random.chance(0.5)) this.#files.delete(pending.name);
        return;
    }
  }

  #leavePrefix(name: string, offset: number, bytes: Uint8Array): void {
    const length = this.#random.chance(0.5) ? bytes.length : this.#random.below(bytes.length + 1);
    put(this.#file(name), 'readable', offset, bytes.subarray(0, length));
  }

  #tear(file: File): void {
    const size = this.#random.chance(0.5) ? file.readable.length : file.durable.length;
    const fresh = resized(file.readable, Math.max(file.readable.length, file.durable.length));
    const old = resized(file.durable, fresh.length);
    for (let at = 0; at < fresh.length; at += PAGE) {
      const end = Math.min(at + PAGE, fresh.length);
      if (same(fresh, old, at, end)) continue;
      const fate = this.#random.below(3);
      if (fate === 0) fresh.set(old.subarray(at, end), at);
      if (fate === 1) {
        const cut = at + this.#random.below(end - at);
        if (this.#random.chance(0.5)) fresh.set(old.subarray(cut, end), cut);
        else fresh.set(old.subarray(at, cut), at);
      }
    }
    file.readable = resized(fresh, size);
    file.durable = file.readable.slice();
  }
}

function put(file: File, which: 'readable' | 'durable', offset: number, bytes: Uint8Array): void {
  if (offset + bytes.length > file[which].length) {
    file[which] = resized(file[which], offset + bytes.length);
  }
  file[which].set(bytes, offset);
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, length));
  return out;
}

function same(a: Uint8Array, b: Uint8Array, lo: number, hi: number): boolean {
  for (let i = lo; i < hi; i++) if (a[i] !== b[i]) return false;
  return true;
}
