/**
 * How fast this member makes its state for others (snapshots to members, backups), all of them together.
 *
 * While entries are applied at a rate that says clients write, at most `bytesPerSecond`, in small
 * pieces: what a piece costs here, on the wire and where it arrives competes with writes, and
 * members often share a machine. A large state goes faster, so that none takes longer than
 * `secondsMax` for its bytes. When nobody writes, one piece a turn.
 *
 * Invariant: `#paidMs` is when the pieces so far would be through at the rate allowed.
 */
export interface SnapshotPaceOptions {
  readonly bytesPerSecond: number;
  readonly secondsMax: number;
  /** Entries applied per second above which clients count as writing. */
  readonly writesPerSecond: number;
}

export interface SnapshotPacePorts {
  monotonicMs(): number;
  appliedIndex(): number;
  /** Of the state that is sent, about. */
  stateBytes(): number;
  /** `ms` 0: in a later turn. */
  later(task: () => void, ms: number): void;
}

/** What making a piece took, or a timer came late, is made up for, but no more than that. */
const BEHIND_MS_MAX = 50;

/** Rates are measured over at least so long. */
const WINDOW_MS = 500;

export class SnapshotPace {
  readonly #options: SnapshotPaceOptions;
  readonly #ports: SnapshotPacePorts;
  #paidMs = 0;
  #markMs: number;
  #markIndex: number;
  /** Until the first window is over nobody knows; then slow is safe. */
  #isWriting = true;

  constructor(options: SnapshotPaceOptions, ports: SnapshotPacePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#markMs = ports.monotonicMs();
    this.#markIndex = ports.appliedIndex();
  }

  /** `Pace` of the snapshot room. */
  readonly pause = (bytes: number, goOn: () => void): void => {
    const nowMs = this.#ports.monotonicMs();
    if (!this.#judge(nowMs)) {
      this.#paidMs = nowMs;
      return this.#ports.later(goOn, 0);
    }
    const { bytesPerSecond, secondsMax } = this.#options;
    const rate = Math.max(bytesPerSecond, this.#ports.stateBytes() / secondsMax);
    this.#paidMs = Math.max(this.#paidMs, nowMs - BEHIND_MS_MAX) + (1_000 * bytes) / rate;
    this.#ports.later(goOn, Math.max(0, this.#paidMs - nowMs));
  };

  #judge(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#markMs;
    if (elapsedMs < WINDOW_MS) return this.#isWriting;
    const index = this.#ports.appliedIndex();
    const applied = index - this.#markIndex;
    this.#isWriting = applied >= (this.#options.writesPerSecond * elapsedMs) / 1_000;
    this.#markMs = nowMs;
    this.#markIndex = index;
    return this.#isWriting;
  }
}
