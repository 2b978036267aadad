/** What a member of the world may ask of the world around it. */
import type { RaftEvent } from '@conclave/raft';
import type { RaftMessage } from '@conclave/wire';
import type { BoundsJudge } from './judges/bounds-judge.js';
import type { HistoryJudge } from './judges/history-judge.js';
import type { RaftJudge } from './judges/raft-judge.js';
import type { Image } from './machine.js';
import type { Operation } from './client.js';

/** Labels of work that is done later, for the trace. */
export const Work = { DISK: 1, APPLY: 2, SNAPSHOT: 3, INSTALL: 4 } as const;
export type Work = (typeof Work)[keyof typeof Work];

export interface MemberPorts {
  readonly raftJudge: RaftJudge;
  readonly historyJudge: HistoryJudge;
  readonly boundsJudge: BoundsJudge;
  /** Something happened that ought to happen sometimes. */
  see(name: string): void;
  /** The world heals. */
  isCalm(): boolean;
  /** A message leaves. */
  send(message: RaftMessage): void;
  event(slot: number, event: RaftEvent): void;
  /** Runs `task` at the member after a delay, unless it dies before. */
  later(slot: number, work: Work, delayUs: number, task: () => void): void;
  /** How long a batch to apply waits; 0: it is applied at once. */
  applyDelayUs(): number;
  diskLatencyUs(slot: number): number;
  /** How much a read of the log gives, where so much is asked for. */
  readBytesMax(bytesMax: number): number;
  /** A snapshot goes to another member: true once it is there, false if it got lost. */
  transfer(from: number, to: number, image: Image, done: (ok: boolean) => void): void;
  /** An operation is over; `ok` false: it was not taken, or its fate is unknown. */
  finished(operation: Operation, ok: boolean): void;
  /** The member's disk failed: it dies. */
  fatal(slot: number): void;
}
