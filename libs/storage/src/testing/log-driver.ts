/**
 * A Raft log on real files, driven until it fails: what was acknowledged, and what a start finds.
 */
import * as path from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { type DurableLog, type OpenLogResult, createLogSync, openLog } from '@conclave/log';
import { type Entry, EntryType } from '@conclave/wire';
import { FileLogDisk } from '../file-log-disk.js';
import { type FileSystem, NODE_FS } from '../file-system.js';

export const LOG_OPTIONS = {
  clusterId: 1n,
  memberId: 2n,
  incarnation: 3n,
  segmentBytes: 32 * 1024,
  entryBytesMax: 1024 * 1024,
};

const CONF = {
  voters: [2n],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export function makeLog(directory: string): void {
  const state = { term: 1, vote: 2n, commit: 0 };
  createLogSync(new FileLogDisk(directory), LOG_OPTIONS, state, {
    index: 0,
    term: 0,
    confState: CONF,
  });
}

export function openAt(directory: string, system: FileSystem = NODE_FS): OpenLogResult<DurableLog> {
  return openLog(new FileLogDisk(directory, system), LOG_OPTIONS, 1);
}

/** The data that entry `index` must have. */
export function dataOf(index: number): Uint8Array {
  return encodeUtf8(`${index}:`.padEnd(50 + ((index * 7919) % 900), 'x'));
}

export interface Driven {
  readonly acknowledged: number;
  readonly asked: number;
  /** Code of the first failure; null when all was acknowledged. */
  readonly failure: string | null;
  /** Successes reported after the first failure: must be 0. */
  readonly late: number;
}

/**
 * Appends `count` entries, up to four requests at once, ticking in between; cuts half way. Resolves when
 * everything was answered, or when `dead()` says that nobody will answer any more.
 */
export function drive(
  log: DurableLog,
  count: number,
  dead = (): boolean => false,
): Promise<Driven> {
  return new Promise((resolve) => {
    const base = log.lastIndex;
    let asked = base;
    let acknowledged = base;
    let failure: string | null = null;
    let late = 0;
    let underWay = 0;
    let now = 0;
    let cut = false;
    const answer = (): Driven => ({ acknowledged, asked, failure, late });
    const step = (): void => {
      now += 30;
      log.tick(now);
      if (dead() || (underWay === 0 && (failure !== null || asked === base + count))) {
        resolve(answer());
        return;
      }
      while (failure === null && underWay < 4 && asked < base + count) append();
      if (!cut && acknowledged > base + count / 2) {
        cut = true;
        log.cutTo(acknowledged - 5, CONF, () => {});
      }
      setImmediate(step);
    };
    const append = (): void => {
      const index = ++asked;
      underWay++;
      const entries: Entry[] = [{ index, term: 1, type: EntryType.NORMAL, data: dataOf(index) }];
      const hardState = { term: 1, vote: 2n, commit: acknowledged };
      log.append({ entries, hardState }, (found) => {
        underWay--;
        if (found !== null) failure ??= found.code;
        else if (failure !== null) late++;
        else acknowledged = index;
      });
    };
    step();
  });
}

/** Throws unless every entry on disk is what was written. */
export function checkEntries(log: DurableLog): void {
  const entries = log.readSync(log.firstIndex, log.lastIndex + 1, 1 << 30);
  if (entries.length !== log.lastIndex + 1 - log.firstIndex) throw new Error('entries are missing');
  for (const { index, data } of entries) {
    if (Buffer.compare(data, dataOf(index)) !== 0) throw new Error(`entry ${index} is wrong`);
  }
}

export function logPath(directory: string, sequence: number): string {
  return path.join(directory, `${sequence.toString(16).padStart(16, '0')}.log`);
}

export function close(log: DurableLog): Promise<void> {
  return new Promise((resolve) => log.close(() => resolve()));
}
