import type { DiskFailure, Engine, EngineReader } from '@conclave/base';
import type {
  SnapshotAckFrame,
  SnapshotBeginFrame,
  SnapshotChunkFrame,
  SnapshotEndFrame,
  SnapshotMeta,
} from '@conclave/wire';

/** What both ends of a snapshot stream need of their surroundings. */

/** Of the rows in the chunks and of the progress row. Another number is refused by name. */
export const SNAPSHOT_FORMAT = 1;

/** Where a state stands, as its own rows say it. */
export interface SnapshotHead extends SnapshotMeta {
  /** The replicated feature number. */
  readonly feature: number;
}

/** Reads the head out of the rows of a state; `failure` says why it cannot be. */
export type ReadHead = (
  reader: EngineReader,
  done: (failure: string | null, head: SnapshotHead | null) => void,
) => void;

/** The sending end of one connection. Implemented by `link`. */
export interface OutgoingStream {
  /** False: wait for `drained`; the frame is on its way all the same. Data is encoded or copied at once. */
  send(frame: SnapshotBeginFrame | SnapshotChunkFrame | SnapshotEndFrame): boolean;
  close(reason: string): void;
}

export interface OutgoingEvents {
  opened(): void;
  ack(frame: SnapshotAckFrame): void;
  drained(): void;
  /** Once, and last; also when no connection came to be. */
  closed(reason: string): void;
}

/** The receiving end of one connection. Implemented by `link`. */
export interface IncomingStream {
  ack(frame: SnapshotAckFrame): void;
  close(reason: string): void;
}

export interface IncomingEvents {
  begin(frame: SnapshotBeginFrame): void;
  /** The room keeps no view of `data` after the chunk is written. */
  chunk(frame: SnapshotChunkFrame): void;
  end(frame: SnapshotEndFrame): void;
  closed(reason: string): void;
}

/**
 * Called behind each piece of a state that was made to be sent. `goOn` is called when the next may be made: at once
 * (also from inside), or later, so that whoever asks this member for something else comes first.
 */
export type Pace = (bytes: number, goOn: () => void) => void;

/** As fast as it goes. */
export const NO_PACE: Pace = (_bytes, goOn) => goOn();

/** An engine over an empty directory of its own, or what became of it. */
export interface ReceivedState {
  readonly stateNumber: number;
  readonly engine: Engine;
}

export type FreshState = (
  done: (failure: DiskFailure | null, state: ReceivedState | null) => void,
) => void;
