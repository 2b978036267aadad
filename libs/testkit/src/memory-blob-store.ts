/**
 * `BlobStore` in memory. A finished `replace` survives `crash()`; one under way leaves the old bytes or
 * the new ones, never a mixture, as a rename does.
 */
import {
  type BlobStore,
  type DiskDone,
  type DiskFailure,
  type Random,
  type Scheduler,
} from '@conclave/base';

export class MemoryBlobStore implements BlobStore {
  readonly #scheduler: Scheduler;
  #blobs = new Map<string, Uint8Array>();
  readonly #pending: { readonly name: string; readonly bytes: Uint8Array | null }[] = [];
  #epoch = 0;
  #failure: DiskFailure | null = null;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  readSync(name: string): Uint8Array | null {
    return this.#blobs.get(name) ?? null;
  }

  replaceSync(name: string, bytes: Uint8Array): void {
    this.#blobs.set(name, bytes.slice());
  }

  replace(name: string, bytes: Uint8Array, done: DiskDone): void {
    this.#change(name, bytes.slice(), done);
  }

  listSync(): readonly string[] {
    const names = new Set<string>();
    for (const name of this.#blobs.keys()) names.add(name.split('/')[0] as string);
    return [...names].sort();
  }

  remove(name: string, done: DiskDone): void {
    this.#change(name, null, done);
  }

  read(name: string, done: (failure: DiskFailure | null, bytes: Uint8Array | null) => void): void {
    this.#later((failure) => done(failure, failure ? null : this.readSync(name)));
  }

  /** The process died; each change under way happened or did not, as `random` draws. */
  crash(random: Random): void {
    this.#epoch++;
    this.#failure = null;
    for (const { name, bytes } of this.#pending) {
      if (random.chance(0.5)) this.#set(name, bytes);
    }
    this.#pending.length = 0;
  }

  /** From now on every operation fails, until a crash. */
  fail(failure: DiskFailure): void {
    this.#failure = failure;
  }

  #change(name: string, bytes: Uint8Array | null, done: DiskDone): void {
    const change = { name, bytes };
    this.#pending.push(change);
    this.#later((failure) => {
      this.#pending.splice(this.#pending.indexOf(change), 1);
      if (failure === null) this.#set(name, bytes);
      done(failure);
    });
  }

  #set(name: string, bytes: Uint8Array | null): void {
    if (bytes !== null) {
      this.#blobs.set(name, bytes);
      return;
    }
    this.#blobs.delete(name);
    for (const key of this.#blobs.keys()) {
      if (key.startsWith(`${name}/`)) this.#blobs.delete(key);
    }
  }

  #later(task: (failure: DiskFailure | null) => void): void {
    const epoch = this.#epoch;
    this.#scheduler.yieldTo(() => {
      if (epoch === this.#epoch) task(this.#failure);
    });
  }
}
