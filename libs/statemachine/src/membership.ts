/**
 * Who belongs to the cluster: members, and ids that left and never return.
 *
 * A change is judged as a whole when its entry is applied, from the state and the entry alone, so that
 * every member judges alike; a refused change alters nothing. The order of checks is etcd's.
 *
 * Invariants: an id is never both member and removed; no peer URL belongs to two members; once a
 * voter was there, a voter stays.
 */
import { type EngineOp, type EngineRow, assert } from '@conclave/base';
import {
  type ConfChange,
  ConfChangeType,
  type MemberChange,
  MemberRow,
  type MembershipMember,
} from '@conclave/wire';
import { keyId, memberKey, removedKey } from './rows.js';
import type { ApplyErrorCode, MemberRecord } from './types.js';

type Draft = { readonly members: Map<bigint, MemberRecord>; readonly removed: Set<bigint> };

const NOTHING = new Uint8Array(0);

export class Membership {
  #members = new Map<bigint, MemberRecord>();
  readonly #removed = new Set<bigint>();
  #sorted: readonly MemberRecord[] | null = null;
  /** Ids whose rows differ from the engine's. */
  readonly #dirty = new Set<bigint>();

  /** Sorted by id; the same array until something changes. */
  get members(): readonly MemberRecord[] {
    this.#sorted ??= [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#sorted;
  }

  get(id: bigint): MemberRecord | null {
    return this.#members.get(id) ?? null;
  }

  isRemoved(id: bigint): boolean {
    return this.#removed.has(id);
  }

  /** Judges and makes a change of the configuration; null: done, else why not. */
  change(change: ConfChange, context: MemberChange): ApplyErrorCode | null {
    const draft: Draft = { members: new Map(this.#members), removed: new Set() };
    const hadVoters = countVoters(draft) > 0;
    for (const { type, id } of change.changes) {
      if (this.#removed.has(id) || draft.removed.has(id)) return 'member-not-found';
      const joining = context.members.find((member) => member.ID === id);
      const fault =
        type === ConfChangeType.REMOVE
          ? remove(draft, id)
          : joining === undefined
            ? changeRole(draft, id, type === ConfChangeType.ADD_LEARNER, context.learnersMax)
            : add(draft, joining, type === ConfChangeType.ADD_LEARNER, context.learnersMax);
      if (fault !== null) return fault;
    }
    if (hadVoters && countVoters(draft) === 0) return 'not-enough-started';
    this.#take(draft);
    return null;
  }

  /** Replaces a member's peer URLs; its role stays. */
  updatePeerUrls(id: bigint, peerURLs: readonly string[]): ApplyErrorCode | null {
    const member = this.#members.get(id);
    if (member === undefined) return 'member-not-found';
    if (urlsInUse(this.#members, peerURLs, id)) return 'peer-urls-exist';
    this.#put({ ...member, peerURLs: [...peerURLs] });
    return null;
  }

  /**
   * A member tells its name, client URLs, incarnation and what its build supports, which may be less than
   * before. A second incarnation is refused.
   */
  publish(
    id: bigint,
    name: string,
    clientURLs: readonly string[],
    incarnation: bigint,
    feature: number,
  ): ApplyErrorCode | null {
    const member = this.#members.get(id);
    if (member === undefined) return 'member-not-found';
    const known = member.incarnation;
    if (known !== 0n && incarnation !== 0n && known !== incarnation) return 'member-exists';
    const kept = incarnation === 0n ? known : incarnation;
    this.#put({ ...member, name, clientURLs: [...clientURLs], incarnation: kept, feature });
    return null;
  }

  /** A member row read back; answers what is wrong with it. Throws DecodeError. */
  restoreMember(row: EngineRow): string | null {
    const id = keyId(row.key, 0, 1);
    const { member, incarnation, feature } = MemberRow.decode(row.value);
    if (id === null || member === null || member.ID !== id) return 'state: bad member row';
    this.#members.set(id, { ...recordOf(member, false), incarnation, feature });
    this.#sorted = null;
    return null;
  }

  restoreRemoved(row: EngineRow): string | null {
    const id = keyId(row.key, 0, 1);
    if (id === null) return 'state: bad row of a removed member';
    this.#removed.add(id);
    return null;
  }

  reset(): void {
    this.#members.clear();
    this.#removed.clear();
    this.#dirty.clear();
    this.#sorted = null;
  }

  /** Rows that changed since the last call. */
  takeOps(ops: EngineOp[]): void {
    for (const id of this.#dirty) {
      const member = this.#members.get(id);
      if (member !== undefined) {
        ops.push({ type: 'put', key: memberKey(id), value: encodeMember(member) });
        continue;
      }
      ops.push({ type: 'delete', key: memberKey(id) });
      ops.push({ type: 'put', key: removedKey(id), value: NOTHING });
    }
    this.#dirty.clear();
  }

  /** All rows, in order of kind and id. */
  rows(): EngineRow[] {
    const members = this.members.map((m) => ({ key: memberKey(m.id), value: encodeMember(m) }));
    const removed = [...this.#removed].sort((a, b) => (a < b ? -1 : 1));
    return members.concat(removed.map((id) => ({ key: removedKey(id), value: NOTHING })));
  }

  #put(member: MemberRecord): void {
    this.#members.set(member.id, member);
    this.#dirty.add(member.id);
    this.#sorted = null;
  }

  #take(draft: Draft): void {
    for (const [id, member] of draft.members) {
      if (this.#members.get(id) !== member) this.#dirty.add(id);
    }
    for (const id of draft.removed) {
      assert(!draft.members.has(id), 'a removed id is no member');
      this.#removed.add(id);
      this.#dirty.add(id);
    }
    this.#members = draft.members;
    this.#sorted = null;
  }
}

function add(
  draft: Draft,
  joining: MembershipMember,
  isLearner: boolean,
  learnersMax: number,
): ApplyErrorCode | null {
  if (draft.members.has(joining.ID)) return 'member-exists';
  const record = recordOf(joining, isLearner);
  if (urlsInUse(draft.members, record.peerURLs, record.id)) return 'peer-urls-exist';
  if (isLearner && tooManyLearners(draft, learnersMax)) return 'too-many-learners';
  draft.members.set(record.id, record);
  return null;
}

/** Promotes a learner or demotes a voter. */
function changeRole(
  draft: Draft,
  id: bigint,
  isLearner: boolean,
  learnersMax: number,
): ApplyErrorCode | null {
  const member = draft.members.get(id);
  if (member === undefined) return 'member-not-found';
  if (!isLearner && !member.isLearner) return 'member-not-learner';
  if (isLearner && member.isLearner) return 'member-exists';
  if (isLearner && tooManyLearners(draft, learnersMax)) return 'too-many-learners';
  draft.members.set(id, { ...member, isLearner });
  return null;
}

function remove(draft: Draft, id: bigint): ApplyErrorCode | null {
  if (!draft.members.delete(id)) return 'member-not-found';
  draft.removed.add(id);
  return null;
}

function tooManyLearners(draft: Draft, learnersMax: number): boolean {
  return learnersMax > 0 && draft.members.size - countVoters(draft) + 1 > learnersMax;
}

function countVoters(draft: Draft): number {
  let voters = 0;
  for (const member of draft.members.values()) if (!member.isLearner) voters++;
  return voters;
}

function urlsInUse(
  members: ReadonlyMap<bigint, MemberRecord>,
  urls: readonly string[],
  except: bigint,
): boolean {
  for (const member of members.values()) {
    if (member.id === except) continue;
    for (const url of urls) if (member.peerURLs.includes(url)) return true;
  }
  return false;
}

function recordOf(member: MembershipMember, isLearner: boolean): MemberRecord {
  return {
    id: member.ID,
    peerURLs: [...(member.raftAttributes?.peerUrls ?? [])],
    isLearner: isLearner || (member.raftAttributes?.isLearner ?? false),
    name: member.memberAttributes?.name ?? '',
    clientURLs: [...(member.memberAttributes?.clientUrls ?? [])],
    incarnation: 0n,
    feature: 0,
  };
}

/** A member's row, as it is written. */
export function encodeMember(record: MemberRecord): Uint8Array {
  return MemberRow.encode({
    member: {
      ID: record.id,
      raftAttributes: { peerUrls: [...record.peerURLs], isLearner: record.isLearner },
      memberAttributes: { name: record.name, clientUrls: [...record.clientURLs] },
    },
    incarnation: record.incarnation,
    feature: record.feature,
  });
}
