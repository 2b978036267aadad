/**
 * Reading one segment from its head to where its valid groups end, and telling a torn tail from
 * corruption.
 *
 * One group is in flight at a time, so whatever a crash tore is one group, at the end, and no later
 * group names its end. Bad bytes with a valid group head behind them were durable once: corruption.
 */
import { type LogDisk, crc32c } from '@conclave/base';
import {
  type FoundRecord,
  GROUP_ALIGN,
  GROUP_HEAD_BYTES,
  type GroupHead,
  alignUp,
  readGroupHead,
  readRecord,
} from './group.js';
import { SEGMENT_HEAD_BYTES } from './segment-head.js';
import type { LogFault } from './types.js';

/** Small enough to stay in a core's own cache between being read and being looked at. */
const WINDOW_BYTES = 256 * 1024;

/** Why a log cannot be opened; thrown inside this room only and answered as a value by `openLog`. */
export class LogRefused extends Error {
  readonly code: LogFault;

  constructor(code: LogFault, message: string) {
    super(message);
    this.code = code;
  }
}

/** A file read through a window. What `view` answers is valid until the next call. */
export class SegmentReader {
  readonly name: string;
  readonly size: number;
  readonly #disk: LogDisk;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(disk: LogDisk, name: string) {
    this.#disk = disk;
    this.name = name;
    this.size = disk.size(name);
  }

  /** `[offset, offset + length)`; must lie in the file. */
  view(offset: number, length: number): Uint8Array {
    if (offset < this.#at || offset + length > this.#at + this.#bytes.length) {
      const wanted = Math.min(this.size - offset, Math.max(WINDOW_BYTES, length));
      this.#bytes = this.#disk.readSync(this.name, offset, wanted, this.#window);
      this.#at = offset;
      if (this.#bytes.length < length) {
        throw new LogRefused('disk', `log segment ${this.name}: read less than its size`);
      }
    }
    return this.#bytes.subarray(offset - this.#at, offset - this.#at + length);
  }
}

/** Where the next group is expected, and what its head must say. */
export interface WalkPoint {
  /** Aligned end of the group before; SEGMENT_HEAD_BYTES in a fresh segment. */
  readonly end: number;
  /** What the next group head must name: `end`, or 0 in a fresh segment. */
  readonly previousEnd: number;
  readonly chain: number;
  readonly nextGroup: number;
  /** The last group was empty. */
  readonly sealed: boolean;
}

export interface WalkVisitor {
  /** `offset` is the record's place in the file. The bytes are valid during the call. Throws LogRefused. */
  record(bytes: Uint8Array, record: FoundRecord, offset: number): void;
  /** A whole group was read. */
  group(group: number, chain: number, end: number): void;
}

/**
 * Reads groups from the segment's head on. Throws LogRefused when a group's head contradicts what
 * stands before it; stops without judging at the first bytes that are no valid group.
 */
export function walkSegment(
  reader: SegmentReader,
  sequence: number,
  chain: number,
  nextGroup: number,
  salt: number,
  visitor: WalkVisitor,
): WalkPoint {
  let point: WalkPoint = {
    end: SEGMENT_HEAD_BYTES,
    previousEnd: 0,
    chain,
    nextGroup,
    sealed: false,
  };
  for (;;) {
    const head = groupAt(reader, point.end, salt);
    if (head === null) return point;
    const fits =
      head.sequence === sequence &&
      head.group === point.nextGroup &&
      head.previousEnd === point.previousEnd &&
      head.chainBefore === point.chain;
    if (!fits) {
      throw new LogRefused(
        'corrupt',
        `log segment ${reader.name} is corrupt: the group at ${point.end} does not continue the log`,
      );
    }
    const behind = walkGroup(reader, point, head, visitor);
    if (behind === null) return point;
    point = behind;
  }
}

function groupAt(reader: SegmentReader, offset: number, salt: number): GroupHead | null {
  if (offset + GROUP_HEAD_BYTES > reader.size) return null;
  return readGroupHead(reader.view(offset, GROUP_HEAD_BYTES), 0, salt);
}

/** The point behind the group, or null when its body is not whole. Visits only whole groups. */
function walkGroup(
  reader: SegmentReader,
  point: WalkPoint,
  head: GroupHead,
  visitor: WalkVisitor,
): WalkPoint | null {
  const total = GROUP_HEAD_BYTES + head.bodyBytes;
  if (point.end + total > reader.size) return null;
  const bytes = reader.view(point.end, total);
  const records: FoundRecord[] = [];
  let at = GROUP_HEAD_BYTES;
  let chain = crc32c(bytes, point.chain, 0, GROUP_HEAD_BYTES);
  while (at < total) {
    const record = readRecord(bytes, at, total, chain);
    if (record === null) return null;
    records.push(record);
    at = record.end;
    chain = record.chain;
  }
  for (const record of records) visitor.record(bytes, record, point.end + record.at);
  const end = alignUp(point.end + total);
  visitor.group(head.group, chain, end);
  return {
    end,
    previousEnd: end,
    chain,
    nextGroup: head.group + 1,
    sealed: head.bodyBytes === 0,
  };
}

/** What stands behind the last valid group: at most one torn group, or the walk is refused. */
export interface Tail {
  /** Bytes from the end up to the last one that is not zero. */
  readonly tornBytes: number;
}

/**
 * Judges `[end, size)`. A valid group head further on was written when everything before the end it
 * names was durable, hence the bad bytes at `end` were durable too: corrupt.
 */
export function judgeTail(reader: SegmentReader, end: number, salt: number): Tail {
  let lastNonZero = -1;
  // The torn group itself may carry a valid head at `end`: it names nothing behind itself.
  for (let offset = end; offset < reader.size;) {
    const length = Math.min(WINDOW_BYTES, reader.size - offset);
    const bytes = reader.view(offset, length);
    // Nearly always there is nothing but zeros up to the end of the file.
    const skip = allZero(bytes);
    for (let at = skip ? length : 0; at < length; at += GROUP_ALIGN) {
      const stop = Math.min(at + GROUP_ALIGN, length);
      const last = lastNonZeroIn(bytes, at, stop);
      if (last < 0) continue;
      lastNonZero = offset + last;
      if (offset + at === end) continue;
      const head = readGroupHead(bytes, at, salt);
      if (head === null || head.previousEnd <= end) continue;
      throw new LogRefused(
        'corrupt',
        `log segment ${reader.name} is corrupt: bad bytes at ${end}, below the end ` +
          `${head.previousEnd} that group ${head.group} names`,
      );
    }
    offset += length;
  }
  return { tornBytes: lastNonZero < 0 ? 0 : lastNonZero + 1 - end };
}

function lastNonZeroIn(bytes: Uint8Array, lo: number, hi: number): number {
  for (let i = hi - 1; i >= lo; i--) if (bytes[i] !== 0) return i;
  return -1;
}

function allZero(bytes: Uint8Array): boolean {
  const whole = bytes.byteOffset % 4 === 0 ? bytes.length >> 2 : 0;
  const words = new Int32Array(bytes.buffer, whole === 0 ? 0 : bytes.byteOffset, whole);
  let i = 0;
  for (const end = whole - 7; i < end; i += 8) {
    const some =
      (words[i] as number) |
      (words[i + 1] as number) |
      (words[i + 2] as number) |
      (words[i + 3] as number) |
      (words[i + 4] as number) |
      (words[i + 5] as number) |
      (words[i + 6] as number) |
      (words[i + 7] as number);
    if (some !== 0) return false;
  }
  return lastNonZeroIn(bytes, i * 4, bytes.length) < 0;
}

/** Zeros the torn bytes behind `end`, so that they cannot be read again later. */
export function clearTail(disk: LogDisk, name: string, end: number, tornBytes: number): void {
  const block = 64 * 1024;
  for (let at = 0; at < tornBytes; at += block) {
    disk.writeSync(name, end + at, [new Uint8Array(Math.min(block, tornBytes - at))]);
  }
}
