import {
  ConfChangeTransition,
  ConfChangeType,
  EntryType,
  MemberChange,
  MembershipMember,
  encodeConfChange,
} from '@conclave/wire';
import type { Index, Term } from '@conclave/base';
import type { Entry, HardState } from '@conclave/wire';

/** A member of the initial cluster. */
export interface FoundingMember {
  readonly id: bigint;
  readonly peerURLs: readonly string[];
}

/**
 * The beginning of a new cluster, the same on every member: one configuration entry a member, in term
 * 1, committed, sorted by id. It is the whole log before the first election, which is why the
 * first leader has term 2.
 */
export function foundingLog(members: readonly FoundingMember[]): {
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
} {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const entries = sorted.map((member, i) => ({
    term: 1,
    index: i + 1,
    type: EntryType.CONF_CHANGE,
    data: encodeConfChange({
      transition: ConfChangeTransition.AUTO,
      changes: [{ type: ConfChangeType.ADD_VOTER, id: member.id }],
      context: MemberChange.encode(MemberChange.create({ members: [memberRecord(member)] })),
    }),
  }));
  return { hardState: { term: 1, vote: 0n, commit: entries.length }, entries };
}

/** What the last survivor of a cluster writes behind its log: it alone is the configuration. */
export function soleVoterEntry(id: bigint, term: Term, index: Index): Entry {
  const data = encodeConfChange({
    transition: ConfChangeTransition.SOLE,
    changes: [{ type: ConfChangeType.ADD_VOTER, id }],
    context: MemberChange.encode(MemberChange.create()),
  });
  return { term, index, type: EntryType.CONF_CHANGE, data };
}

function memberRecord(member: FoundingMember): MembershipMember {
  return MembershipMember.create({
    ID: member.id,
    raftAttributes: { peerUrls: [...member.peerURLs], isLearner: false },
  });
}
