/**
 * One committed request, carried out. Everything here is decided by the state and the entry alone.
 *
 * While CORRUPT is raised nothing that changes keys or leases is done; while NOSPACE is, nothing that
 * could add to them (spec 2.10). A lease that ends, by its owner or by time, takes its keys along in
 * one revision.
 */
import { EMPTY_BYTES, type ByteString, type Probe, assert, unreachable } from '@conclave/base';
import type { Lessor } from '@conclave/lease';
import type { KvStore, WriteRequest } from '@conclave/mvcc';
import {
  AlarmAction,
  type AlarmMember,
  type AlarmRequest,
  AlarmResponse,
  AlarmType,
  type ClusterMemberAttrSetRequest,
  type Entry,
  type LeaseCheckpointRequest,
  type LeaseExpire,
  type LeaseGrantRequest,
  LeaseGrantResponse,
} from '@conclave/wire';
import type { Alarms } from './alarms.js';
import type { Command } from './command.js';
import { Feature } from './features.js';
import type { LeaseRows } from './lease-rows.js';
import type { Membership } from './membership.js';
import type { Sessions } from './sessions.js';
import type { Outcome } from './state-machine.js';
import type { Alarm, ApplyErrorCode, ApplyResult } from './types.js';

export interface ApplierParts {
  readonly probe: Probe;
  readonly store: KvStore;
  readonly leases: Lessor;
  readonly leaseRows: LeaseRows;
  readonly alarms: Alarms;
  readonly membership: Membership;
  readonly sessions: Sessions;
  readonly setClusterVersion: (version: string) => void;
  /** The highest feature number this build can apply under. */
  readonly featureSupported: number;
  /** The cluster's number: what apply may branch on. */
  readonly feature: () => number;
  readonly raiseFeature: (feature: number) => void;
}

export class Applier {
  readonly #parts: ApplierParts;
  readonly #leaseExists: (id: bigint) => boolean;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#leaseExists = (id) => parts.leases.exists(id);
  }

  /** What the store must have in memory before `apply` runs; null: nothing. */
  reads(command: Command): WriteRequest | null {
    if (command.type === 'write') return command.write;
    if (command.type === 'lease-revoke') return this.#keysOf([command.request.ID]);
    if (command.type === 'lease-expire') return this.#keysOf(command.request.leaseID);
    return null;
  }

  apply(command: Command, entry: Entry, nowMs: number, outcome: Outcome): ApplyResult {
    const barred = this.#barred(command);
    if (barred !== null) return this.#fail(barred);
    switch (command.type) {
      case 'write':
        return this.#write(command.write, outcome);
      case 'compaction':
        return this.#compact(command.request.revision, outcome);
      case 'lease-grant':
        return this.#grant(command.request, entry, nowMs);
      case 'lease-revoke': {
        const { ID } = command.request;
        if (!this.#leaseExists(ID)) return this.#fail('lease-not-found');
        return this.#revoke([ID], outcome);
      }
      case 'lease-expire':
        return this.#expire(command.request, entry, outcome);
      case 'lease-checkpoint':
        return this.#checkpoint(command.request, entry);
      case 'alarm':
        return this.#alarm(command.request);
      case 'cluster-version':
        return this.#clusterVersion(command.request.ver);
      case 'publish':
        return this.#publish(command.request);
      case 'member-update': {
        const { memberID, peerUrls } = command.request;
        return this.#from(this.#parts.membership.updatePeerUrls(memberID, peerUrls));
      }
      case 'session-open':
        if (command.request.session === 0n) return this.#fail('session-unknown');
        this.#parts.sessions.open(command.request.session, entry.index);
        return this.#ok();
      case 'session-close':
        this.#parts.sessions.close(command.request.session);
        return this.#ok();
      case 'feature':
        return this.#raiseFeature(command.request.feature);
      case 'unknown':
        return this.#fail('unknown-request');
      default:
        return unreachable(command);
    }
  }

  /**
   * The number that this entry would raise the cluster to although this build does not support it: the
   * entry must not be applied here, nor anything behind it. Null: nothing of the kind.
   */
  unsupportedFeature(command: Command): number | null {
    if (command.type !== 'feature') return null;
    const { feature } = command.request;
    return feature > this.#parts.featureSupported && this.#mayRaise(feature) ? feature : null;
  }

  /** The alarm that keeps this request from being carried out. */
  #barred(command: Command): ApplyErrorCode | null {
    const { alarms } = this.#parts;
    if (alarms.list.length === 0) return null;
    switch (command.type) {
      case 'write':
      case 'compaction':
      case 'lease-grant':
      case 'lease-revoke':
      case 'lease-expire':
        break;
      default:
        return null;
    }
    if (alarms.has(AlarmType.CORRUPT)) return 'corrupt';
    const adds = command.type === 'lease-grant' || (command.type === 'write' && command.puts);
    return adds && alarms.has(AlarmType.NOSPACE) ? 'no-space' : null;
  }

  #write(request: WriteRequest, outcome: Outcome): ApplyResult {
    const { store, leases } = this.#parts;
    const result = store.write(request, this.#leaseExists);
    if (!result.ok) return this.#fail(result.code);
    for (const { key, from, to } of result.leaseMoves) leases.move(key, from, to);
    outcome.events = result.events;
    return { ok: true, revision: result.revision, body: result.body };
  }

  #compact(revision: number, outcome: Outcome): ApplyResult {
    const result = this.#parts.store.compact(revision);
    if (!result.ok) return this.#fail(result.code);
    outcome.compacted = revision;
    return this.#ok();
  }

  #grant(request: LeaseGrantRequest, entry: Entry, nowMs: number): ApplyResult {
    const { leases, leaseRows } = this.#parts;
    const index = this.#checkpointsInUse() ? entry.index : 0;
    const result = leases.grant(request.ID, request.TTL, nowMs, index);
    if (!result.ok) return this.#fail(result.code);
    leaseRows.changed(request.ID);
    this.#parts.probe.count('etcd_debugging_lease_granted_total');
    this.#parts.probe.observe('etcd_debugging_lease_ttl_total', result.ttl);
    const response = LeaseGrantResponse.create({ ID: request.ID, TTL: result.ttl });
    return this.#ok(LeaseGrantResponse.encode(response));
  }

  /**
   * The leader's word that leases have ended. It holds only in the term it was given: a leader that was
   * paused and replaced must not end leases that were renewed elsewhere (reliability rule 42).
   */
  #expire(request: LeaseExpire, entry: Entry, outcome: Outcome): ApplyResult {
    if (request.term !== entry.term) return this.#ok();
    const present = new Set(request.leaseID.filter(this.#leaseExists));
    if (present.size === 0) return this.#ok();
    this.#parts.probe.count('etcd_debugging_server_lease_expired_total', present.size);
    return this.#revoke([...present], outcome);
  }

  /**
   * What the leader measured of leases, or its word that they were renewed since (0 left). As with an
   * expiry, only in the term in which it was given.
   */
  #checkpoint(request: LeaseCheckpointRequest, entry: Entry): ApplyResult {
    if (!this.#checkpointsInUse()) return this.#fail('unknown-request');
    if (request.term !== entry.term) return this.#ok();
    const { leases, leaseRows } = this.#parts;
    const measuredIndex = Math.min(request.index, entry.index);
    for (const { ID, remainingTTL } of request.checkpoints) {
      if (!leases.checkpoint(ID, remainingTTL, measuredIndex, entry.index)) continue;
      leaseRows.changed(ID);
    }
    return this.#ok();
  }

  #checkpointsInUse(): boolean {
    return this.#parts.feature() >= Feature.LEASE_CHECKPOINT;
  }

  /**
   * Judged by the members' rows, so that all judge alike: one may have joined, or gone back to an older
   * build, since the leader proposed it.
   */
  #raiseFeature(feature: number): ApplyResult {
    if (!this.#mayRaise(feature)) return this.#fail('feature-not-supported');
    assert(feature <= this.#parts.featureSupported, 'the feature is supported here');
    const from = this.#parts.feature();
    if (feature > from) {
      const text = 'the feature number of the cluster was raised: every member supports it';
      this.#parts.probe.log('info', text, { from, to: feature });
      this.#parts.raiseFeature(feature);
    }
    return this.#ok();
  }

  /** One on its way out counts, too: it would stop while others may still need its vote. */
  #mayRaise(feature: number): boolean {
    const { members, leaving } = this.#parts.membership;
    return [...members, ...leaving].every((member) => member.feature >= feature);
  }

  #revoke(ids: readonly bigint[], outcome: Outcome): ApplyResult {
    const { leases, leaseRows } = this.#parts;
    const request = this.#keysOf(ids);
    for (const id of ids) {
      assert(leases.revoke(id) !== null, 'a lease that is revoked is there');
      leaseRows.changed(id);
    }
    this.#parts.probe.count('etcd_debugging_lease_revoked_total', ids.length);
    if (request === null) return this.#ok();
    const written = this.#write(request, outcome);
    assert(written.ok, 'keys of a lease can be deleted');
    return this.#ok();
  }

  /** Null: no keys hang on these leases. */
  #keysOf(ids: readonly bigint[]): WriteRequest | null {
    const keys: ByteString[] = [];
    for (const id of new Set(ids)) {
      const view = this.#parts.leases.view(id, 0);
      if (view !== null) for (const key of view.keys) keys.push(key);
    }
    return keys.length === 0 ? null : { type: 'delete-keys', keys };
  }

  #alarm(request: AlarmRequest): ApplyResult {
    const { alarms, membership } = this.#parts;
    const { memberID, alarm } = request;
    let answer: readonly (Alarm | null)[] = [];
    if (request.action === AlarmAction.GET) answer = alarms.ofType(alarm);
    else if (request.action === AlarmAction.ACTIVATE) {
      answer = [alarms.activate(memberID, alarm, membership.get(memberID) !== null)];
    } else if (request.action === AlarmAction.DEACTIVATE) {
      answer = [alarms.deactivate(memberID, alarm)];
    }
    const listed: AlarmMember[] = [];
    for (const one of answer) {
      if (one !== null) listed.push({ memberID: one.memberId, alarm: one.alarm });
    }
    return this.#ok(AlarmResponse.encode(AlarmResponse.create({ alarms: listed })));
  }

  #clusterVersion(version: string): ApplyResult {
    if (!isVersion(version)) return this.#fail('unknown-request');
    this.#parts.setClusterVersion(version);
    return this.#ok();
  }

  #publish(request: ClusterMemberAttrSetRequest): ApplyResult {
    const { memberID, memberAttributes, incarnation, feature } = request;
    const name = memberAttributes?.name ?? '';
    const urls = memberAttributes?.clientUrls ?? [];
    const { membership } = this.#parts;
    return this.#from(membership.publish(memberID, name, urls, incarnation, feature));
  }

  #from(code: ApplyErrorCode | null): ApplyResult {
    return code === null ? this.#ok() : this.#fail(code);
  }

  #ok(body: Uint8Array = EMPTY_BYTES): ApplyResult {
    return { ok: true, revision: this.#parts.store.revision, body };
  }

  #fail(code: ApplyErrorCode): ApplyResult {
    return { ok: false, code, revision: this.#parts.store.revision };
  }
}

/** `major.minor.patch`, digits only. */
function isVersion(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 3 && parts.every((part) => part !== '' && isDigits(part));
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}
