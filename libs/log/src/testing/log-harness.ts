/**
 * A log on a disk in memory, with its later turns and a clock the test moves.
 */
import {
  type DiskFailure,
  type LogDisk,
  Random,
  fromByteString,
  toByteString,
} from '@conclave/base';
import { MemoryLogDisk, TaskQueue } from '@conclave/testkit';
import { type ConfState, type Entry, EntryType, type HardState } from '@conclave/wire';
import { createLogSync, openLog } from '../open.js';
import type { DurableLog, LogOptions, OpenLogResult } from '../types.js';

export const OPTIONS: LogOptions = {
  clusterId: 0x11n,
  memberId: 0x22n,
  incarnation: 0x33n,
  segmentBytes: 16 * 1024,
  entryBytesMax: 1024 * 1024,
};

export const CONF: ConfState = {
  voters: [0x22n, 0x23n],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export const NO_STATE: HardState = { term: 0, vote: 0n, commit: 0 };
export const BIRTH = { index: 0, term: 0, confState: CONF };

export function entry(index: number, term: number, text = `entry ${index}`): Entry {
  return { index, term, type: EntryType.NORMAL, data: fromByteString(text) };
}

export function text(found: Entry): string {
  return `${found.index}:${found.term}:${toByteString(found.data)}`;
}

export function opened(result: OpenLogResult<DurableLog>): DurableLog {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.log;
}

export class LogHarness {
  readonly turns = new TaskQueue();
  readonly disk: MemoryLogDisk;
  readonly options: LogOptions;
  log: DurableLog;
  firstSegment = 1;
  nowMs = 0;

  constructor(seed = 1, options: LogOptions = OPTIONS) {
    this.options = options;
    this.disk = new MemoryLogDisk(this.turns, new Random(seed));
    createLogSync(this.disk, options, NO_STATE, BIRTH);
    this.log = opened(this.open());
    this.turns.run();
  }

  open(options = this.options, disk: LogDisk = this.disk): OpenLogResult<DurableLog> {
    return openLog(disk, options, this.firstSegment);
  }

  /** Appends and waits; throws if it fails. */
  append(entries: readonly Entry[], hardState: HardState | null = null): void {
    let answer: DiskFailure | null | undefined;
    this.log.append({ entries, hardState }, (failure) => (answer = failure));
    this.turns.run();
    if (answer !== null) throw new Error(`append answered ${answer?.code}`);
  }

  cutTo(index: number): void {
    let answer: DiskFailure | null | undefined;
    this.log.cutTo(index, CONF, (failure) => (answer = failure));
    this.turns.run();
    if (answer !== null) throw new Error(`cut answered ${answer?.code}`);
  }

  /** Moves the clock and lets everything finish. */
  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + 25);
      this.log.tick(this.nowMs);
      this.turns.run();
    }
  }

  /** The process is killed and started again. */
  restart(): OpenLogResult<DurableLog> {
    this.disk.kill();
    this.turns.clear();
    const result = this.open();
    if (result.ok) this.log = result.log;
    this.turns.run();
    return result;
  }

  all(): string[] {
    if (this.log.lastIndex < this.log.firstIndex) return [];
    return this.log
      .readSync(this.log.firstIndex, this.log.lastIndex + 1, 1 << 30)
      .map((found) => text(found));
  }

  segments(): string[] {
    return this.disk.list().filter((name) => name.endsWith('.log'));
  }
}
