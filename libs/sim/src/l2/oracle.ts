/**
 * What the cluster as a whole has applied: the first member to apply an entry says what it does, and
 * every other must say the same (I5, I14), also after a crash, a replay or a snapshot. Runs after
 * every application, in constant time but for a hash of the whole state each `HASH_EVERY` entries.
 */
import { type ByteString, crc32c, encodeUtf8 } from '@conclave/base';
import type { Applied } from '@conclave/statemachine';
import {
  type ConfState,
  type Entry,
  EntryType,
  KeyValue,
  LeaseExpire,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  RequestField,
  decodeInternalRaftRequest,
} from '@conclave/wire';
import { unsafe } from '../failure.js';
import { ConfHistory, textOf } from './conf-history.js';
import type { Commit, CommittedEvent, Compaction } from './judges/history.js';
import type { LeaseEnd } from './judges/lease.js';
import type { SimMember } from './member.js';
import type { ApplyObserver, ObservedMachine } from './observed-machine.js';
import type { Timeline } from './timeline.js';
import type { Trace } from './trace.js';

const HASH_EVERY = 50;

interface AppliedEntry {
  readonly digest: number;
  readonly revision: number;
  hash: string | null;
}

export class Oracle implements ApplyObserver {
  readonly #timeline: Timeline;
  readonly #trace: Trace;
  readonly #stamp: () => number;
  /** By index; index 0 is nothing. */
  readonly #entries: AppliedEntry[] = [{ digest: 0, revision: 1, hash: null }];
  readonly commits: Commit[] = [];
  readonly compactions: Compaction[] = [];
  readonly leaseEnds: LeaseEnd[] = [];
  /** Leases there are, and the keys on each (I16). */
  readonly #leases = new Map<bigint, Set<ByteString>>();
  readonly #leaseOfKey = new Map<ByteString, bigint>();
  hashesCompared = 0;
  readonly configurations = new ConfHistory();

  constructor(timeline: Timeline, trace: Trace, stamp: () => number) {
    this.#timeline = timeline;
    this.#trace = trace;
    this.#stamp = stamp;
  }

  get appliedIndex(): number {
    return this.#entries.length - 1;
  }

  get revision(): number {
    return this.commits.length + 1;
  }

  get leaseCount(): number {
    return this.#leases.size;
  }

  hasLease(id: bigint): boolean {
    return this.#leases.has(id);
  }

  applied(member: SimMember, machine: ObservedMachine, entry: Entry, applied: Applied): void {
    const digest = digestOf(entry, applied);
    const { index } = entry;
    this.#trace.mix(digest);
    const known = this.#entries[index];
    if (known === undefined) this.#first(member, entry, applied, digest);
    else if (known.digest !== digest) {
      unsafe('I5', `${member.host.name} applied index ${index} otherwise than another member did`);
    }
    // A configuration entry is not whole before raft has answered it.
    if (index % HASH_EVERY === 0 && entry.type === EntryType.NORMAL) {
      this.hash(member, machine, index);
    }
  }

  configured(member: SimMember, machine: ObservedMachine, confState: ConfState): void {
    const { appliedIndex } = machine;
    if (this.configurations.configured(member.host.name, appliedIndex, confState)) {
      this.#trace.note('log', `index ${appliedIndex} configuration ${textOf(confState)}`);
    }
  }

  /** Compares the whole state at `index`, where `machine` stands, with that of the others (I14). */
  hash(member: SimMember, machine: ObservedMachine, index: number): void {
    machine.stateHash((hash) => {
      const entry = this.#entries[index] as AppliedEntry;
      if (entry.hash === null) entry.hash = hash;
      else {
        this.hashesCompared++;
        if (entry.hash !== hash) {
          const text = `the state of ${member.host.name} at index ${index} is ${hash}`;
          unsafe('I14', `${text}, that of another member ${entry.hash}`);
        }
      }
    });
  }

  #first(member: SimMember, entry: Entry, applied: Applied, digest: number): void {
    const { index } = entry;
    if (index !== this.#entries.length) {
      unsafe('I5', `${member.host.name} applied index ${index}, nobody ${this.#entries.length}`);
    }
    const before = this.#entries[index - 1] as AppliedEntry;
    const grown = applied.events.length > 0 ? 1 : 0;
    if (applied.revision !== before.revision + grown) {
      unsafe('I15', `revision ${before.revision} became ${applied.revision} at index ${index}`);
    }
    this.#entries.push({ digest, revision: applied.revision, hash: null });
    if (applied.compacted !== null) {
      const last = this.compactions.at(-1)?.revision ?? 0;
      if (applied.compacted <= last || applied.compacted > applied.revision) {
        unsafe('I15', `compacted at ${applied.compacted} after ${last} of ${applied.revision}`);
      }
      this.compactions.push({ revision: applied.compacted, at: this.#stamp() });
    }
    const field = this.#leaseCommand(entry, applied);
    if (grown > 0) this.#commit(applied, field);
    this.#judgeLeases();
  }

  #commit(applied: Applied, field: number): void {
    const events = applied.events.map((event): CommittedEvent => {
      if (event.main !== applied.revision) {
        unsafe('I15', `an event of revision ${event.main} in revision ${applied.revision}`);
      }
      return { type: event.type, key: event.key, kv: KeyValue.decode(event.kv) };
    });
    const isLeaseEnd = field === RequestField.LEASE_REVOKE || field === RequestField.LEASE_EXPIRE;
    const isLock = events.every((event) => event.key.startsWith('lock/'));
    const isInternal = isLeaseEnd || isLock;
    this.commits.push({ revision: applied.revision, events, isInternal });
    if (this.#trace.isOn) {
      const text = events.map((e) => (e.type === 'put' ? `+${e.key}` : `-${e.key}`)).join(' ');
      this.#trace.line('log', `index ${applied.index} revision ${applied.revision} ${text}`);
    }
    for (const { type, key, kv } of events) this.#attach(key, type === 'put' ? kv.lease : 0n);
  }

  #attach(key: ByteString, lease: bigint): void {
    const old = this.#leaseOfKey.get(key) ?? 0n;
    if (old !== 0n) this.#leases.get(old)?.delete(key);
    if (lease === 0n) {
      this.#leaseOfKey.delete(key);
      return;
    }
    const keys = this.#leases.get(lease);
    if (keys === undefined) unsafe('I16', `${key} was put on lease ${lease}, which is not there`);
    keys.add(key);
    this.#leaseOfKey.set(key, lease);
  }

  /** Follows grants and ends of leases; the request's field number. */
  #leaseCommand(entry: Entry, applied: Applied): number {
    if (entry.type !== EntryType.NORMAL || entry.data.length === 0) return 0;
    const { field, body } = decodeInternalRaftRequest(entry.data);
    if (!applied.result.ok) return field;
    const isRepeated = applied.events.length === 0;
    switch (field) {
      case RequestField.LEASE_GRANT: {
        const { ID } = LeaseGrantRequest.decode(body);
        // The kept answer of a repeated grant is no new grant.
        if (!this.#leases.has(ID) && !this.#ended.has(ID)) this.#leases.set(ID, new Set());
        return field;
      }
      case RequestField.LEASE_REVOKE:
        this.#end(LeaseRevokeRequest.decode(body).ID, false, isRepeated);
        return field;
      case RequestField.LEASE_EXPIRE: {
        const { leaseID, term } = LeaseExpire.decode(body);
        if (term !== entry.term) return field;
        for (const id of leaseID) this.#end(id, true, isRepeated);
        return field;
      }
      default:
        return field;
    }
  }

  readonly #ended = new Set<bigint>();
  readonly #ending: bigint[] = [];

  #end(id: bigint, byTime: boolean, isQuiet: boolean): void {
    const keys = this.#leases.get(id);
    if (keys === undefined) return;
    if (isQuiet && keys.size > 0) unsafe('I16', `lease ${id} ended and left its keys`);
    this.#ended.add(id);
    this.#ending.push(id);
    this.leaseEnds.push({ id, atMs: this.#timeline.nowMs, byTime });
  }

  /** A lease that ended in this entry holds no key after it. */
  #judgeLeases(): void {
    for (const id of this.#ending) {
      const keys = this.#leases.get(id);
      if (keys !== undefined && keys.size > 0) {
        unsafe('I16', `lease ${id} ended and ${[...keys].join(' ')} is still there`);
      }
      this.#leases.delete(id);
    }
    this.#ending.length = 0;
  }
}

function digestOf(entry: Entry, applied: Applied): number {
  const { result } = applied;
  const head = `${entry.index} ${entry.term} ${entry.type} ${applied.requestId} ${applied.revision} ${
    applied.compacted ?? 'none'
  } ${result.revision} ${result.ok ? 'ok' : result.code} ${
    applied.confChange === null ? '' : applied.confChange.change === null ? 'refused' : 'change'
  }`;
  let crc = crc32c(entry.data, crc32c(encodeUtf8(head)));
  if (result.ok && result.body !== null) crc = crc32c(result.body, crc);
  for (const event of applied.events) crc = crc32c(event.kv, crc);
  return crc;
}
