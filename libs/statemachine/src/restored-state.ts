/**
 * The rows of this room in a state that was restored from a backup into a new cluster.
 *
 * Keys, their history and leases are kept (those are the rows of `mvcc` and `l`). Who was a member, what was
 * removed, alarms of members that are no more, and sessions of processes that spoke to the old cluster are
 * not: a write repeated under such a session is refused, not applied twice.
 */
import type { EngineRow, Index, Term } from '@conclave/base';
import { type ConfState, encodeConfState } from '@conclave/wire';
import { encodeMember } from './membership.js';
import { MetaKey, RowKind, STATE_FORMAT, encodeNumbers, memberKey } from './rows.js';

const OLD_CLUSTER: ReadonlySet<number> = new Set([
  RowKind.META,
  RowKind.MEMBER,
  RowKind.REMOVED,
  RowKind.ALARM,
  RowKind.SESSION,
]);

/** Whether a row of the backup belongs to the restored state as it is. */
export function survivesRestore(row: EngineRow): boolean {
  return !OLD_CLUSTER.has(row.key[0] as number);
}

export interface RestoredPlace {
  /** Where the new log begins: all members of the new cluster must say the same. */
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState;
  readonly feature: number;
  readonly members: readonly { readonly id: bigint; readonly peerURLs: readonly string[] }[];
}

/** The rows that take the place of those that do not survive. */
export function restoredRows(place: RestoredPlace): readonly EngineRow[] {
  const meta: EngineRow[] = [
    { key: MetaKey.FORMAT, value: encodeNumbers(STATE_FORMAT) },
    { key: MetaKey.APPLIED, value: encodeNumbers(place.index, place.term) },
    { key: MetaKey.CONF_STATE, value: encodeConfState(place.confState) },
    { key: MetaKey.FEATURE, value: encodeNumbers(place.feature) },
  ];
  const members = place.members.map(({ id, peerURLs }) => {
    const nobody = { isLearner: false, name: '', clientURLs: [], incarnation: 0n, feature: 0 };
    const record = { id, peerURLs, ...nobody };
    return { key: memberKey(id), value: encodeMember(record, false) };
  });
  return meta.concat(members);
}
