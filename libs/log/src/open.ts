/**
 * The birth of a log and its opening.
 */
import { ConclaveError, type LogDisk, assert, assertLe } from '@conclave/base';
import type { HardState, SnapshotMeta } from '@conclave/wire';
import { MARK_BYTES, MARK_NAME, encodeMark, markOffset } from './mark.js';
import { verifyLog } from './recovery.js';
import { raised } from './requests.js';
import {
  SEGMENT_HEAD_BYTES,
  encodeSegmentHead,
  segmentName,
  segmentSequence,
} from './segment-head.js';
import { LogRefused } from './segment-walk.js';
import { SegmentedLog } from './segmented-log.js';
import { GROUP_ALIGN } from './group.js';
import type { DurableLog, LogFault, LogOptions, OpenLogResult } from './types.js';

export const SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024;
const SEGMENT_BYTES_MIN = 16 * 1024;
const SEGMENT_BYTES_MAX = 1024 * 1024 * 1024;
/** The first segment is filled while the member waits to be born, so it is a small one. */
const FIRST_SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
const ENTRY_BYTES_MAX = 512 * 1024 * 1024;

/** The segment that a new log begins with; `member/current` must name it. */
export const FIRST_SEGMENT = 1;

/** What is wrong with the options; null if nothing. */
export function checkLogOptions(options: LogOptions): string | null {
  const { segmentBytes, entryBytesMax } = options;
  if (segmentBytes < SEGMENT_BYTES_MIN || segmentBytes > SEGMENT_BYTES_MAX) {
    return `log segment size must be in [${SEGMENT_BYTES_MIN}, ${SEGMENT_BYTES_MAX}]`;
  }
  if (segmentBytes % SEGMENT_HEAD_BYTES !== 0) {
    return `log segment size must be a multiple of ${SEGMENT_HEAD_BYTES}`;
  }
  if (entryBytesMax > ENTRY_BYTES_MAX) return `entries must be at most ${ENTRY_BYTES_MAX} bytes`;
  return null;
}

/**
 * Writes a new, empty log that begins behind `cut`; durable on return. The disk must hold no segments.
 * Trouble with the disk is thrown as the disk throws it.
 */
export function createLogSync(
  disk: LogDisk,
  options: LogOptions,
  hardState: HardState,
  cut: SnapshotMeta,
): void {
  assert(checkLogOptions(options) === null, 'log options are valid');
  assert(
    disk.list().every((name) => segmentSequence(name) === null),
    'a new log has no segments',
  );
  assertLe(cut.term, hardState.term, 'the term of the cut is known');
  const { clusterId, memberId, incarnation } = options;
  const identity = { clusterId, memberId, incarnation };
  const state = raised(hardState, cut.index);
  const place = { generation: 1, sequence: FIRST_SEGMENT, chain: 0 };
  const last = { lastIndex: cut.index, lastTerm: cut.term, hardState: state };
  const name = segmentName(FIRST_SEGMENT);
  disk.createSync(name, Math.min(options.segmentBytes, FIRST_SEGMENT_BYTES_MAX));
  const head = { ...identity, ...place, ...last, previousEnd: 0, nextGroup: 1, cut };
  disk.writeSync(name, 0, [encodeSegmentHead(head)]);
  disk.createSync(MARK_NAME, MARK_BYTES);
  const mark = { ...identity, ...place, ...last, number: 1, group: 0, end: SEGMENT_HEAD_BYTES };
  disk.writeSync(MARK_NAME, markOffset(mark), [encodeMark(mark)]);
}

/** Verifies the whole retained log, cuts a torn tail, and goes on from there. */
export function openLog(
  disk: LogDisk,
  options: LogOptions,
  firstSegment: number,
): OpenLogResult<DurableLog> {
  assert(checkLogOptions(options) === null, 'log options are valid');
  assert(options.segmentBytes % GROUP_ALIGN === 0, 'segments hold whole groups');
  try {
    const verified = verifyLog(disk, options, firstSegment, null);
    verified.finish();
    const { recovered } = verified;
    const log = new SegmentedLog(disk, options, recovered);
    return {
      ok: true,
      log,
      recovered: {
        hardState: log.hardState,
        cut: log.cut,
        firstIndex: log.firstIndex,
        lastIndex: log.lastIndex,
        lastTerm: log.term(log.lastIndex) ?? 0,
        tornBytes: recovered.tornBytes,
      },
    };
  } catch (error) {
    return { ok: false, ...refusal(error) };
  }
}

/** The trouble as a value; anything that is neither refusal nor disk is ours, and goes on. */
export function refusal(error: unknown): { readonly code: LogFault; readonly message: string } {
  if (error instanceof LogRefused) return { code: error.code, message: error.message };
  if (error instanceof ConclaveError) {
    return { code: 'disk', message: `${error.code}: ${error.message}` };
  }
  throw error;
}
