/**
 * `conclavectl log dump`: the entries of a member's log, without a lock and without changing a byte, also
 * while the member runs.
 */
import { ConclaveError } from '@conclave/base';
import { type DumpedEntry, type LogIdentity, dumpLine, dumpLog } from '@conclave/log';
import { readMemberFilesSync } from '@conclave/storage';
import { decodedLine } from './entry-text.js';
import { FrozenLogDisk } from './frozen-log-disk.js';
import type { Output } from './output.js';

/** A member that runs may replace its log between two looks at it. */
const ATTEMPTS = 3;

export interface LogDumpOptions {
  readonly dataDir: string;
  /** First and last index printed, both included. */
  readonly from: number;
  readonly to: number;
  /** Names instead of bytes. */
  readonly decode: boolean;
  /** Also entries that a later leader overwrote. */
  readonly all: boolean;
}

interface Opened {
  readonly disk: FrozenLogDisk;
  readonly identity: LogIdentity;
  readonly firstSegment: number;
}

/** Prints the log; null, or what is wrong with it. Entries before the trouble have been printed. */
export function logDump(options: LogDumpOptions, out: Output): string | null {
  for (let left = ATTEMPTS - 1; ; left--) {
    let opened: Opened;
    try {
      opened = open(options.dataDir);
    } catch (error) {
      return textOf(error);
    }
    try {
      const survivors = new Survivors();
      const verified = dump(opened, (entry) => survivors.add(entry.index));
      if (!verified.ok && left > 0) continue;
      let ordinal = 0;
      const printed = dump(opened, (entry) => {
        const shown = survivors.has(entry.index, ordinal++) || options.all;
        if (!shown || out.gone || entry.index < options.from || entry.index > options.to) return;
        out.line(options.decode ? decodedLine(entry) : dumpLine(entry));
      });
      out.flush();
      return printed.ok ? null : printed.message;
    } finally {
      opened.disk.closeSync();
    }
  }
}

/** Which entry of an index is the last one written. */
class Survivors {
  #first = 0;
  readonly #ordinals: number[] = [];
  #count = 0;

  add(index: number): void {
    if (this.#ordinals.length === 0) this.#first = index;
    // An index at or below an earlier one ends everything from there on.
    this.#ordinals.length = Math.max(0, index - this.#first);
    if (index < this.#first) this.#first = index;
    this.#ordinals.push(this.#count++);
  }

  has(index: number, ordinal: number): boolean {
    return this.#ordinals[index - this.#first] === ordinal;
  }
}

function dump(
  { disk, identity, firstSegment }: Opened,
  entry: (entry: DumpedEntry) => void,
): ReturnType<typeof dumpLog> {
  return dumpLog(disk, identity, firstSegment, entry);
}

function open(dataDir: string): Opened {
  const { identity, current, logDirectory } = readMemberFilesSync(dataDir);
  const disk = new FrozenLogDisk(logDirectory);
  return { disk, identity, firstSegment: current.firstSegment };
}

function textOf(error: unknown): string {
  if (error instanceof ConclaveError || (error as NodeJS.ErrnoException).code !== undefined) {
    return (error as Error).message;
  }
  throw error;
}
