/**
 * Who belongs to the cluster: members, and ids that left and never return.
 *
 * A change is judged as a whole when its entry is applied, from the state and the entry alone, so that
 * every member judges alike; a refused change alters nothing. The order of checks is etcd's.
 *
 * A voter leaves in two steps, so that nobody who still counts its vote loses it: a joint change demotes
 * it, and once that is left its id is removed. Between the two it is *leaving*: no member for any client,
 * and a peer all the same.
 *
 * Invariants: an id is one of member, leaving, removed; no peer URL belongs to two members; once a
 * voter was there, a voter stays.
 */
import { type EngineOp, type EngineRow, assert } from '@conclave/base';
import {
  type ConfChange,
  ConfChangeTransition,
  ConfChangeType,
  type MemberChange,
  MemberRow,
  type MembershipMember,
} from '@conclave/wire';
import { keyId, memberKey, removedKey } from './rows.js';
import type { ApplyErrorCode, MemberRecord } from './types.js';

type Draft = {
  readonly members: Map<bigint, MemberRecord>;
  readonly leaving: Map<bigint, MemberRecord>;
  readonly removed: Set<bigint>;
};

const NOTHING = new Uint8Array(0);

export class Membership {
  #members = new Map<bigint, MemberRecord>();
  #leaving = new Map<bigint, MemberRecord>();
  readonly #removed = new Set<bigint>();
  #sorted: readonly MemberRecord[] | null = null;
  /** Ids whose rows differ from the engine's. */
  readonly #dirty = new Set<bigint>();

  /** Sorted by id; the same array until something changes. */
  get members(): readonly MemberRecord[] {
    this.#sorted ??= [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#sorted;
  }

  /** Those on their way out, sorted by id; a new array. */
  get leaving(): readonly MemberRecord[] {
    return [...this.#leaving.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(id: bigint): MemberRecord | null {
    return this.#members.get(id) ?? null;
  }

  isRemoved(id: bigint): boolean {
    return this.#removed.has(id);
  }

  /** Judges and makes a change of the configuration; null: done, else why not. */
  change(change: ConfChange, context: MemberChange): ApplyErrorCode | null {
    const { transition } = change;
    if (transition === ConfChangeTransition.SOLE) return this.#keepOnly(change.changes[0]?.id);
    const draft: Draft = {
      members: new Map(this.#members),
      leaving: new Map(this.#leaving),
      removed: new Set(),
    };
    const hadVoters = countVoters(draft) > 0;
    for (const { type, id } of change.changes) {
      if (this.#removed.has(id) || draft.removed.has(id)) return 'member-not-found';
      const joining = context.members.find((member) => member.ID === id);
      const isLearner = type === ConfChangeType.ADD_LEARNER;
      let fault: ApplyErrorCode | null;
      if (type === ConfChangeType.REMOVE) fault = remove(draft, id);
      else if (draft.leaving.has(id)) fault = 'member-not-found';
      else if (context.leaving) fault = leave(draft, id);
      else if (joining === undefined) fault = changeRole(draft, id, isLearner, context.learnersMax);
      else fault = add(draft, joining, isLearner, context.learnersMax);
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
    const { member, incarnation, leaving, feature } = MemberRow.decode(row.value);
    if (id === null || member === null || member.ID !== id) return 'state: bad member row';
    const kept = leaving ? this.#leaving : this.#members;
    kept.set(id, { ...recordOf(member, false), incarnation, feature });
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
    this.#leaving.clear();
    this.#removed.clear();
    this.#dirty.clear();
    this.#sorted = null;
  }

  /** Rows that changed since the last call. */
  takeOps(ops: EngineOp[]): void {
    for (const id of this.#dirty) {
      const member = this.#members.get(id);
      const leaving = this.#leaving.get(id);
      const row = member ?? leaving;
      if (row !== undefined) {
        const value = encodeMember(row, leaving !== undefined);
        ops.push({ type: 'put', key: memberKey(id), value });
        continue;
      }
      ops.push({ type: 'delete', key: memberKey(id) });
      ops.push({ type: 'put', key: removedKey(id), value: NOTHING });
    }
    this.#dirty.clear();
  }

  /** All rows, in order of kind and id. */
  rows(): EngineRow[] {
    const records = [...this.members, ...this.leaving].sort((a, b) => (a.id < b.id ? -1 : 1));
    const members = records.map((m) => ({
      key: memberKey(m.id),
      value: encodeMember(m, this.#leaving.has(m.id)),
    }));
    const removed = [...this.#removed].sort((a, b) => (a < b ? -1 : 1));
    return members.concat(removed.map((id) => ({ key: removedKey(id), value: NOTHING })));
  }

  /** The last survivor goes on alone, whatever it was: everybody else is gone for good. */
  #keepOnly(id: bigint | undefined): ApplyErrorCode | null {
    const survivor = id === undefined ? undefined : this.#members.get(id);
    if (survivor === undefined) return 'member-not-found';
    const others = [...this.#members.keys(), ...this.#leaving.keys()];
    this.#take({
      members: new Map([[survivor.id, { ...survivor, isLearner: false }]]),
      leaving: new Map(),
      removed: new Set(others.filter((other) => other !== survivor.id)),
    });
    return null;
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
    for (const id of draft.leaving.keys()) {
      assert(!draft.members.has(id), 'who leaves is no member');
      if (!this.#leaving.has(id)) this.#dirty.add(id);
    }
    for (const id of draft.removed) {
      assert(!draft.members.has(id) && !draft.leaving.has(id), 'a removed id is no member');
      this.#removed.add(id);
      this.#dirty.add(id);
    }
    this.#members = draft.members;
    this.#leaving = draft.leaving;
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

/** A voter is demoted on its way out. */
function leave(draft: Draft, id: bigint): ApplyErrorCode | null {
  const member = draft.members.get(id);
  if (member === undefined) return 'member-not-found';
  draft.members.delete(id);
  draft.leaving.set(id, { ...member, isLearner: true });
  return null;
}

function remove(draft: Draft, id: bigint): ApplyErrorCode | null {
  if (!draft.members.delete(id) && !draft.leaving.delete(id)) return 'member-not-found';
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
export function encodeMember(record: MemberRecord, leaving: boolean): Uint8Array {
  return MemberRow.encode({
    member: {
      ID: record.id,
      raftAttributes: { peerUrls: [...record.peerURLs], isLearner: record.isLearner },
      memberAttributes: { name: record.name, clientUrls: [...record.clientURLs] },
    },
    incarnation: record.incarnation,
    feature: record.feature,
    leaving,
  });
}
