/**
 * The files of one Raft log. Implemented on real files by `storage`, on a model disk by the simulator.
 *
 * A method with a `done` completes later, exactly once, in another turn. An error is final: the caller
 * stops the process and never retries, because after a failed sync nobody knows what is on the disk.
 * Names are plain file names inside the log directory. The `Sync` forms are used only before the
 * member serves (recovery, first boot).
 */
export interface DiskFailure {
  /** errno name, e.g. `EIO`, `ENOSPC`. */
  readonly code: string;
  readonly message: string;
}

export type DiskDone = (failure: DiskFailure | null) => void;

export interface LogDisk {
  list(): readonly string[];
  size(name: string): number;
  /** Less than `length` at the end of the file only. `into`: where the bytes may be put, if they fit. */
  readSync(name: string, offset: number, length: number, into?: Uint8Array): Uint8Array;
  /** Creates `name` filled with `bytes` zeros; file and directory entry are durable on return. */
  createSync(name: string, bytes: number): void;
  /** Durable on return. */
  writeSync(name: string, offset: number, chunks: readonly Uint8Array[]): void;
  /** What reads show of `name` is durable on return. A process that was killed leaves writes that can be
   *  read and are not durable yet, so recovery syncs before it vouches for what it read. */
  syncSync(name: string): void;
  truncateSync(name: string, bytes: number): void;
  removeSync(name: string): void;

  create(name: string, bytes: number, done: DiskDone): void;
  /**
   * Writes the chunks one behind the other at `offset`; durable (as after fdatasync) once `done`
   * reports null. The caller keeps the chunks unchanged until then. May reach beyond the end of the
   * file, which grows. At most one write per file at a time.
   */
  write(name: string, offset: number, chunks: readonly Uint8Array[], done: DiskDone): void;
  read(
    name: string,
    offset: number,
    length: number,
    done: (failure: DiskFailure | null, bytes: Uint8Array) => void,
  ): void;
  remove(name: string, done: DiskDone): void;
  close(done: DiskDone): void;
}
