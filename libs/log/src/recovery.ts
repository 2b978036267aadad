/**
 * Opening a log: the whole retained log is read and verified before anything is believed.
 *
 * Only two things are cut off: a torn last group, and files that were prepared and never used. All
 * other doubt refuses: bad bytes below a named end, a missing segment, a chain that does not
 * continue, indexes with a gap, falling terms, a log shorter than its mark, another member's log.
 * Nothing on the disk is changed before everything was verified.
 */
import type { Index, LogDisk, Term } from '@conclave/base';
import type { HardState, SnapshotMeta } from '@conclave/wire';
import { ByteReader } from './byte-cursor.js';
import { EntryIndex, Segment } from './entry-index.js';
import { type FoundRecord, RecordKind, groupSalt, readEntryHead } from './group.js';
import { MARK_BYTES, MARK_NAME, type Mark, decodeMarks } from './mark.js';
import { raised } from './requests.js';
import {
  LOG_FORMAT,
  type LogIdentity,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
  decodeSegmentHead,
  readCut,
  readHardState,
  segmentName,
  segmentSequence,
} from './segment-head.js';
import {
  LogRefused,
  SegmentReader,
  type WalkPoint,
  clearTail,
  judgeTail,
  walkSegment,
} from './segment-walk.js';

/** A record as recovery and the dump see it; `data` is valid during the call. */
export interface RecoveryTrace {
  entry(term: Term, index: Index, type: number, data: Uint8Array): void;
}

/** What the running log goes on from. */
export interface Recovered {
  readonly index: EntryIndex;
  readonly hardState: HardState;
  readonly cut: SnapshotMeta;
  readonly generation: number;
  readonly point: WalkPoint;
  readonly markNumber: number;
  readonly tornBytes: number;
}

/** Verifies without changing anything; `finish` then cuts the torn tail and removes leftovers. */
export interface Verified {
  readonly recovered: Recovered;
  finish(): void;
}

interface Found {
  readonly sequence: number;
  readonly reader: SegmentReader;
  readonly head: SegmentHead;
}

export function verifyLog(
  disk: LogDisk,
  identity: LogIdentity,
  firstSegment: number,
  trace: RecoveryTrace | null,
): Verified {
  const names = disk.list();
  const mark = readMark(disk, names, identity);
  const salt = groupSalt(identity);
  const sequences = names
    .map(segmentSequence)
    .filter((sequence): sequence is number => sequence !== null)
    .sort((a, b) => a - b);
  const leftovers = sequences.filter((sequence) => sequence < firstSegment).map(segmentName);
  const found: Found[] = [];
  let tornBytes = 0;
  for (const sequence of sequences) {
    if (sequence < firstSegment) continue;
    const reader = new SegmentReader(disk, segmentName(sequence));
    const head = readHead(reader, identity, sequence);
    if (head !== null && belongs(head, found, reader.name)) {
      found.push({ sequence, reader, head });
      continue;
    }
    // Not part of this log: prepared ahead, torn at its first write, or an unfinished new start.
    refuseIfLater(disk, identity, sequences, sequence, found);
    if (head === null) tornBytes += unusedSegment(reader, sequence, mark, salt, found);
    leftovers.push(reader.name);
  }
  const walk = new Walk(salt, mark, trace);
  const point = walk.run(found, mark);
  const last = found[found.length - 1] as Found;
  const tail = judgeTail(last.reader, point.end, salt);
  tornBytes += tail.tornBytes;
  walk.checkMark(point, last.head.generation);
  walk.checkWhole();
  const recovered: Recovered = {
    index: walk.index,
    hardState: walk.hardState,
    cut: walk.cut,
    generation: last.head.generation,
    point,
    markNumber: mark.number,
    tornBytes,
  };
  const finish = (): void => {
    clearTail(disk, last.reader.name, point.end, tail.tornBytes);
    disk.syncSync(last.reader.name);
    for (const name of leftovers) disk.removeSync(name);
  };
  return { recovered, finish };
}

function readMark(disk: LogDisk, names: readonly string[], identity: LogIdentity): Mark {
  if (!names.includes(MARK_NAME)) {
    const what = names.some((name) => segmentSequence(name) !== null) ? 'mark' : 'log';
    throw new LogRefused('missing', `the ${what} of this member is missing`);
  }
  const length = Math.min(MARK_BYTES, disk.size(MARK_NAME));
  const decoded = decodeMarks(disk.readSync(MARK_NAME, 0, length));
  switch (decoded.type) {
    case 'unknown-format':
      throw new LogRefused('unknown-format', `log mark has unknown format ${decoded.format}`);
    case 'bad':
      throw new LogRefused('corrupt', 'log mark is corrupt in both slots');
    case 'mark':
      refuseOther(decoded.mark, identity, 'log mark');
      return decoded.mark;
  }
}

function refuseOther(found: LogIdentity, wanted: LogIdentity, what: string): void {
  for (const field of ['clusterId', 'memberId', 'incarnation'] as const) {
    if (found[field] === wanted[field]) continue;
    throw new LogRefused(
      'other-member',
      `${what} belongs to another member: ${field} ${found[field].toString(16)}, not ` +
        wanted[field].toString(16),
    );
  }
}

/** Null for a head that is empty or bad: the caller decides what that means. */
function readHead(
  reader: SegmentReader,
  identity: LogIdentity,
  sequence: number,
): SegmentHead | null {
  const bytes = reader.view(0, Math.min(SEGMENT_HEAD_BYTES, reader.size));
  const decoded = decodeSegmentHead(bytes);
  if (decoded.type === 'unknown-format') {
    throw new LogRefused(
      'unknown-format',
      `log segment ${reader.name} has unknown format ${decoded.format}, this program knows ` +
        LOG_FORMAT,
    );
  }
  if (decoded.type !== 'head') return null;
  refuseOther(decoded.head, identity, `log segment ${reader.name}`);
  if (decoded.head.sequence !== sequence) {
    throw new LogRefused('corrupt', `log segment ${reader.name} is a copy of another segment`);
  }
  return decoded.head;
}

/** True for the next segment of the log, false for the unfinished start of a later generation. */
function belongs(head: SegmentHead, found: readonly Found[], name: string): boolean {
  const last = found[found.length - 1];
  if (last === undefined) return true;
  if (head.generation > last.head.generation) return false;
  if (head.generation < last.head.generation) {
    throw new LogRefused('corrupt', `log segment ${name} is of an earlier generation`);
  }
  if (head.sequence !== last.sequence + 1) {
    const missing = segmentName(last.sequence + 1);
    throw new LogRefused('corrupt', `log segment ${missing} is missing`);
  }
  return true;
}

function refuseIfLater(
  disk: LogDisk,
  identity: LogIdentity,
  sequences: readonly number[],
  sequence: number,
  found: readonly Found[],
): void {
  const name = segmentName(sequence);
  if (found.length === 0) {
    throw new LogRefused('corrupt', `log segment ${name} is corrupt: its head is not valid`);
  }
  for (const later of sequences) {
    if (later <= sequence) continue;
    if (readHead(new SegmentReader(disk, segmentName(later)), identity, later) === null) continue;
    throw new LogRefused(
      'corrupt',
      `log segment ${name} is corrupt: its head is not valid and segment ${segmentName(later)} ` +
        'follows',
    );
  }
}

/** A segment without a valid head: fine if nothing in it can have been durable. */
function unusedSegment(
  reader: SegmentReader,
  sequence: number,
  mark: Mark,
  salt: number,
  found: readonly Found[],
): number {
  const generation = (found[0] as Found).head.generation;
  if (mark.generation === generation && mark.sequence >= sequence) {
    throw new LogRefused(
      'corrupt',
      `log segment ${reader.name} is corrupt: its head is not valid and the mark names it`,
    );
  }
  // The first group names end 0; a second one proves that the head was durable.
  return judgeTail(reader, 0, salt).tornBytes;
}

/** Replays records into an index, checking each against the rules of a Raft log. */
class Walk {
  index = new EntryIndex(0, 0);
  hardState: HardState = { term: 0, vote: 0n, commit: 0 };
  cut: SnapshotMeta = {
    index: 0,
    term: 0,
    confState: {
      voters: [],
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    },
  };
  readonly #salt: number;
  readonly #mark: Mark;
  readonly #trace: RecoveryTrace | null;
  /** The chain behind the group that the mark names, once it was read. */
  #markedChain: number | null = null;
  #name = '';

  constructor(salt: number, mark: Mark, trace: RecoveryTrace | null) {
    this.#salt = salt;
    this.#mark = mark;
    this.#trace = trace;
  }

  run(found: readonly Found[], mark: Mark): WalkPoint {
    const first = found[0];
    if (first === undefined) throw new LogRefused('missing', 'the log has no segments');
    if (mark.generation > first.head.generation) {
      throw new LogRefused('corrupt', 'the log is older than its mark: an earlier generation');
    }
    this.index = new EntryIndex(first.head.lastIndex, first.head.lastTerm);
    this.hardState = first.head.hardState;
    this.cut = first.head.cut;
    let point: WalkPoint | null = null;
    for (const { sequence, reader, head } of found) {
      if (point !== null) this.#checkHead(head, point, reader.name);
      this.index.segments.push(new Segment(sequence, reader.name));
      this.#name = reader.name;
      point = walkSegment(reader, sequence, head.chain, head.nextGroup, this.#salt, {
        record: (bytes, record, offset) => this.#record(bytes, record, offset),
        group: (group, chain) => {
          if (head.generation === mark.generation && group === mark.group) {
            this.#markedChain = chain;
          }
        },
      });
    }
    return point as WalkPoint;
  }

  /** The log reaches at least as far as its mark, and agrees with it. */
  checkMark(point: WalkPoint, generation: number): void {
    const mark = this.#mark;
    const shorter = (what: string): never => {
      throw new LogRefused('shorter-than-mark', `the log was cut short: ${what}`);
    };
    if (this.hardState.term < mark.hardState.term) {
      shorter(`its term is ${this.hardState.term}, its mark says ${mark.hardState.term}`);
    }
    if (generation > mark.generation) return;
    if (point.nextGroup <= mark.group) {
      shorter(`it ends at group ${point.nextGroup - 1}, its mark says ${mark.group}`);
    }
    const sameTerm = this.hardState.term === mark.hardState.term;
    if (sameTerm && mark.hardState.vote !== 0n && this.hardState.vote !== mark.hardState.vote) {
      throw new LogRefused('corrupt', 'the log and its mark name different votes in one term');
    }
    if (this.hardState.commit < mark.hardState.commit) {
      shorter(`its commit is ${this.hardState.commit}, its mark says ${mark.hardState.commit}`);
    }
    if (this.#markedChain !== null && this.#markedChain !== mark.chain) {
      throw new LogRefused('corrupt', `the log and its mark disagree about group ${mark.group}`);
    }
  }

  /** No gap to the cut, and nothing committed is missing. */
  checkWhole(): void {
    const { index, cut, hardState } = this;
    const first = index.firstEntry;
    if (index.lastIndex < cut.index) {
      throw new LogRefused(
        'corrupt',
        `the log ends at ${index.lastIndex}, before its cut at ${cut.index}`,
      );
    }
    if (first > cut.index + 1) {
      throw new LogRefused(
        'corrupt',
        `the log begins at ${first}, but its cut is at ${cut.index}: a segment is missing`,
      );
    }
    if (hardState.commit > index.lastIndex) {
      throw new LogRefused(
        'corrupt',
        `the log ends at ${index.lastIndex}, before its commit ${hardState.commit}`,
      );
    }
  }

  #checkHead(head: SegmentHead, point: WalkPoint, name: string): void {
    const before = this.#name;
    if (head.previousEnd !== point.end || head.chain !== point.chain) {
      throw new LogRefused(
        'corrupt',
        `log segment ${before} is corrupt: bad bytes at ${point.end}, below the end ` +
          `${head.previousEnd} that segment ${name} names`,
      );
    }
    const fits =
      head.nextGroup === point.nextGroup &&
      head.lastIndex === this.index.lastIndex &&
      head.lastTerm === this.index.lastTerm &&
      head.hardState.term === this.hardState.term &&
      head.hardState.vote === this.hardState.vote &&
      head.hardState.commit === this.hardState.commit &&
      head.cut.index === this.cut.index &&
      head.cut.term === this.cut.term;
    if (!fits) {
      throw new LogRefused('corrupt', `the head of log segment ${name} contradicts the log`);
    }
  }

  #record(bytes: Uint8Array, record: FoundRecord, offset: number): void {
    switch (record.kind) {
      case RecordKind.ENTRY:
        this.#entry(bytes, record, offset);
        return;
      case RecordKind.HARD_STATE: {
        const from = new ByteReader(bytes.subarray(0, record.end), record.bodyAt);
        const hardState = readHardState(from);
        if (from.failed || from.left !== 0) this.#bad(offset, 'a hard state cannot be read');
        if (hardState.term < this.hardState.term) this.#bad(offset, 'the term falls');
        this.hardState = raised(hardState, this.cut.index);
        return;
      }
      case RecordKind.CUT: {
        const from = new ByteReader(bytes.subarray(0, record.end), record.bodyAt);
        const cut = readCut(from);
        if (from.failed || from.left !== 0) this.#bad(offset, 'a cut cannot be read');
        if (cut.index < this.cut.index) this.#bad(offset, 'the cut goes back');
        if (cut.index > this.index.lastIndex) this.#bad(offset, 'the cut is beyond the log');
        this.cut = cut;
        this.hardState = raised(this.hardState, cut.index);
        return;
      }
      default:
        throw new LogRefused(
          'unknown-format',
          `log segment ${this.#name}: unknown record kind ${record.kind} at ${offset}`,
        );
    }
  }

  #entry(bytes: Uint8Array, record: FoundRecord, offset: number): void {
    const entry = readEntryHead(bytes, record.bodyAt, record.end);
    if (entry === null) return this.#bad(offset, 'an entry cannot be read');
    const { index, term } = entry;
    if (index > this.index.lastIndex + 1) this.#bad(offset, `entry ${index} leaves a gap`);
    if (index <= this.cut.index) this.#bad(offset, `entry ${index} is at or below the cut`);
    if (index <= this.hardState.commit && index <= this.index.lastIndex) {
      this.#bad(offset, `entry ${index} overwrites a committed one`);
    }
    const before = index - 1 === this.cut.index ? this.cut.term : this.index.termBefore(index);
    if (term < before) this.#bad(offset, `entry ${index} has a lower term than the one before`);
    this.index.push(index, term, offset, record.end - record.at, record.chainBefore);
    if (this.#trace !== null) {
      this.#trace.entry(term, index, entry.type, bytes.subarray(entry.dataAt, record.end));
    }
  }

  #bad(offset: number, what: string): never {
    throw new LogRefused('corrupt', `log segment ${this.#name} is corrupt at ${offset}: ${what}`);
  }
}
