/** What a backup and its restore must know of the rows of this room. */
import { type EngineReader, type EngineRow, type Revision, assertLt } from '@conclave/base';
import { decodeNumber, encodeNumber, metaRow, rowIsVersion } from './rows.js';

/** Whether a row is a stored version of a key: what HashKV is made of. */
export function isVersionRow(row: EngineRow): boolean {
  return rowIsVersion(row.key);
}

/**
 * The row that makes a restored store begin at `revision`, with all before it compacted: a client that
 * watched or cached a later state than the restored one is told so, and never shown a revision twice.
 * The compaction itself is done by the member that starts on it.
 */
export function bumpedRevisionRow(revision: Revision): EngineRow {
  assertLt(0, revision, 'a bumped revision');
  return { key: metaRow('scheduled'), value: encodeNumber(revision) };
}

/** The compacted revision as the rows of a state say it; -1: never compacted. NaN: unreadable. */
export function readCompactRevision(
  reader: EngineReader,
  done: (failure: string | null, revision: Revision) => void,
): void {
  reader.get([metaRow('scheduled')], (failure, [value]) => {
    if (failure !== null) done(`${failure.code}: ${failure.message}`, -1);
    else done(null, value == null ? -1 : decodeNumber(value));
  });
}
