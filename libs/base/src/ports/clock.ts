/** Time, handed in. Pure rooms never ask the machine. */
export interface Clock {
  /** Milliseconds from an arbitrary beginning; never goes back, whatever the wall clock does. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for display and ids only. */
  wallMs(): number;
}

/** Lets a long computation give other work its turn. */
export interface Scheduler {
  /** Runs `task` in a later turn of the event loop, after input that is waiting was read. */
  yieldTo(task: () => void): void;
}
