import type { Engine } from './engine.js';
import type { DiskDone, DiskFailure } from './log-disk.js';

/** What `member/current` names: the one switch between an old state with its log and a new one. */
export interface Current {
  /** The `n` of `state-<n>`. */
  readonly stateNumber: number;
  /** The first segment that belongs to the log; see `log`. */
  readonly firstSegment: number;
}

/**
 * The states of a member, of which `current` names the one that counts. A snapshot is installed by
 * filling `state-<n+1>`, starting the log over, and then `switchTo`: before that call nothing has
 * happened, after it everything has. What is not named is a leftover, removed at the next start, but for
 * the one that was perhaps being received.
 */
export interface DataDirectory {
  readonly current: Current;
  /**
   * The highest state above the current one that was there at the start: what the process before was
   * receiving. Null: none. It is the owner's to go on with or to remove.
   */
  readonly halfReceived: number | null;
  /** Opens `state-<n>`, empty if it is not there yet. The caller closes the engine. */
  openState(
    stateNumber: number,
    done: (failure: DiskFailure | null, engine: Engine | null) => void,
  ): void;
  /** Durable once `done` reports null. */
  switchTo(current: Current, done: DiskDone): void;
  /** Removes a state that is closed and is not the current one. */
  removeState(stateNumber: number, done: DiskDone): void;
}
