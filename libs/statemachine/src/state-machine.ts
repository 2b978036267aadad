/**
 * Apply: a committed entry in; result, events and rows of one batch out.
 *
 * The machine is a pure function of (state, entry), the same on every member: no clock, no chance, no
 * setting of one member, no size of its disk. `nowMs` reaches only deadlines of leases, which are no
 * part of the state. What a member may refuse by its own judgement (quota, learner limit, size of a
 * request) is refused before it is proposed, or travels in the entry.
 *
 * Order of checks, as etcd's: session, CORRUPT alarm, NOSPACE alarm, store.
 *
 * Invariants: entries are applied in log order, each once; applied index, term and all that the entry
 * changed leave in the same batch; a configuration that Raft was told to change is answered
 * (`confStateChanged`) before anything else is applied or written.
 */
import {
  EMPTY_BYTES,
  type EngineOp,
  type EngineReader,
  type EngineRow,
  type Index,
  type Probe,
  type Revision,
  type Scheduler,
  type Term,
  assert,
  assertEq,
  assertLe,
  decodeUtf8,
  encodeUtf8,
} from '@conclave/base';
import { Lessor, MAX_TTL_SECONDS } from '@conclave/lease';
import { KvStore, type KvOptions, type MvccEvent } from '@conclave/mvcc';
import {
  type ConfChange,
  type ConfState,
  type Entry,
  EntryType,
  MemberChange,
  decodeConfChange,
  encodeConfState,
} from '@conclave/wire';
import { Alarms } from './alarms.js';
import { Applier } from './applier.js';
import { FEATURE_SUPPORTED, Feature, featureTooLow } from './features.js';
import { loadState } from './loader.js';
import { Membership } from './membership.js';
import { type DecodedEntry, decodeEntryRequest, requireDecodable } from './decoded-entry.js';
import { LeaseRows } from './lease-rows.js';
import { EMPTY_CONF_STATE, MetaKey, STATE_FORMAT, encodeNumbers } from './rows.js';
import { SESSION_LIMITS, type SessionLimits, Sessions } from './sessions.js';
import { hashRows } from './state-hash.js';
import type { Alarm, Applied, ApplyResult, Machine, MemberRecord } from './types.js';

/** Local settings: none changes what an entry does. */
export interface StateMachineOptions {
  readonly store: Partial<KvOptions>;
  /** What this build supports; less than `FEATURE_SUPPORTED` makes an older build of it, for tests. */
  readonly featureSupported?: number;
  /** Tests only: every member must have the same. */
  readonly sessions?: SessionLimits;
}

export interface StateMachinePorts {
  readonly engine: EngineReader;
  readonly scheduler: Scheduler;
  readonly probe: Probe;
  /** The engine failed or lacks a row: the process must stop. Default: throws. */
  readonly failed?: (message: string) => void;
}

const NO_EVENTS: readonly MvccEvent[] = Object.freeze([]);

/** What one application did besides its result; filled by the applier. */
export interface Outcome {
  events: readonly MvccEvent[];
  compacted: Revision | null;
}

export class StateMachine implements Machine {
  readonly store: KvStore;
  readonly leases: Lessor;
  readonly featureSupported: number;
  readonly #failed: (message: string) => void;
  #engine: EngineReader;
  readonly #membership = new Membership();
  readonly #alarms = new Alarms();
  readonly #sessions: Sessions;
  readonly #leaseRows = new LeaseRows();
  readonly #applier: Applier;
  #appliedIndex: Index = 0;
  #appliedTerm: Term = 0;
  #confState: ConfState = EMPTY_CONF_STATE;
  #clusterVersion = '';
  #feature = 0;
  /** Something but rows of the store changed since the last batch. */
  #dirty = false;
  #confStateDirty = false;
  #batchInFlight = false;
  #confChangePending = false;
  #loaded = false;
  /** The entry `prefetch` was last asked about, decoded once for both. */
  #decoded: DecodedEntry | null = null;

  constructor(options: StateMachineOptions, ports: StateMachinePorts) {
    this.#engine = ports.engine;
    this.featureSupported = options.featureSupported ?? FEATURE_SUPPORTED;
    this.#failed = ports.failed ?? failLoudly;
    this.store = new KvStore(options.store, ports);
    // Every member raises a TTL alike; the shortest that clients see is the proposing member's choice.
    this.leases = new Lessor({ minTtlSeconds: 1, maxTtlSeconds: MAX_TTL_SECONDS });
    this.#sessions = new Sessions(options.sessions ?? SESSION_LIMITS);
    this.#applier = new Applier({
      probe: ports.probe,
      store: this.store,
      leases: this.leases,
      leaseRows: this.#leaseRows,
      alarms: this.#alarms,
      membership: this.#membership,
      sessions: this.#sessions,
      setClusterVersion: (version) => void (this.#clusterVersion = version),
      featureSupported: this.featureSupported,
      feature: () => this.#feature,
      raiseFeature: (feature) => void (this.#feature = Math.max(this.#feature, feature)),
    });
  }

  get appliedIndex(): Index {
    return this.#appliedIndex;
  }

  get appliedTerm(): Term {
    return this.#appliedTerm;
  }

  get confState(): ConfState {
    return this.#confState;
  }

  get members(): readonly MemberRecord[] {
    return this.#membership.members;
  }

  get leaving(): readonly MemberRecord[] {
    return this.#membership.leaving;
  }

  isRemoved(id: bigint): boolean {
    return this.#membership.isRemoved(id);
  }

  get alarms(): readonly Alarm[] {
    return this.#alarms.list;
  }

  get feature(): number {
    return this.#feature;
  }

  get clusterVersion(): string {
    return this.#clusterVersion;
  }

  get overlayBytes(): number {
    return this.store.overlayBytes;
  }

  /**
   * Reads the state of the engine: once before anything else, and again after `attach`. Values stay on
   * disk. `done` says what is wrong with the state: then this member must not start.
   */
  load(done: (failure: string | null) => void): void {
    assert(!this.#loaded, 'a state is loaded once');
    const parts = {
      membership: this.#membership,
      alarms: this.#alarms,
      sessions: this.#sessions,
      leases: this.leases,
      store: this.store,
    };
    loadState(this.#engine, parts, this.featureSupported, (failure, meta) => {
      if (failure !== null || meta === null) return done(failure ?? 'state: unreadable');
      this.#appliedIndex = meta.index;
      this.#appliedTerm = meta.term;
      this.#confState = meta.confState;
      this.#clusterVersion = decodeUtf8(meta.clusterVersion);
      this.#feature = meta.feature;
      this.#loaded = true;
      done(null);
    });
  }

  /** Forgets everything and goes on with another engine, after a snapshot install; then `load`. */
  attach(engine: EngineReader): void {
    this.#engine = engine;
    this.store.reset();
    this.store.attach(engine);
    this.leases.reset();
    this.#leaseRows.reset();
    this.#membership.reset();
    this.#alarms.reset();
    this.#sessions.reset();
    this.#appliedIndex = 0;
    this.#appliedTerm = 0;
    this.#confState = EMPTY_CONF_STATE;
    this.#clusterVersion = '';
    this.#feature = 0;
    this.#dirty = false;
    this.#confStateDirty = false;
    this.#batchInFlight = false;
    this.#confChangePending = false;
    this.#loaded = false;
    this.#decoded = null;
  }

  prefetch(entry: Entry, ready: () => void): boolean {
    assert(this.#loaded, 'prefetch: the state is loaded');
    if (entry.type !== EntryType.NORMAL || entry.data.length === 0) return true;
    const { command } = this.#decode(entry);
    const unsupported = this.#applier.unsupportedFeature(command);
    if (unsupported !== null) {
      this.#failed(featureTooLow(unsupported, this.featureSupported));
      return false;
    }
    const needed = this.#applier.reads(command);
    return needed === null || this.store.prefetch(needed, ready);
  }

  apply(entry: Entry, nowMs: number): Applied {
    assert(this.#loaded, 'apply: the state is loaded');
    assert(!this.#confChangePending, 'apply: the configuration before was answered');
    assertEq(entry.index, this.#appliedIndex + 1, 'apply: the next entry');
    assertLe(this.#appliedTerm, entry.term, 'apply: terms do not fall');
    this.#appliedIndex = entry.index;
    this.#appliedTerm = entry.term;
    this.#dirty = true;
    if (entry.type === EntryType.CONF_CHANGE) return this.#applyConfChange(entry);
    const outcome: Outcome = { events: NO_EVENTS, compacted: null };
    if (entry.data.length === 0) return this.#applied(0n, '', this.#done(), outcome, null);
    const decoded = this.#decode(entry);
    this.#decoded = null;
    const result = this.#applyOnce(decoded, entry, nowMs, outcome);
    return this.#applied(decoded.header.ID, decoded.operation, result, outcome, null);
  }

  confStateChanged(confState: ConfState): void {
    this.#confState = confState;
    this.#confStateDirty = true;
    this.#dirty = true;
    this.#confChangePending = false;
  }

  takeBatch(): { readonly ops: readonly EngineOp[]; readonly appliedIndex: Index } {
    assert(!this.#batchInFlight, 'one batch in flight');
    assert(!this.#confChangePending, 'a configuration is kept with its applied index');
    const ops: EngineOp[] = [...this.store.takeOps()];
    if (this.#dirty) {
      this.#leaseRows.takeOps(this.leases, ops);
      this.#membership.takeOps(ops);
      this.#alarms.takeOps(ops);
      this.#sessions.takeOps(ops);
      this.#metaOps(ops);
      this.#dirty = false;
    }
    this.#batchInFlight = ops.length > 0;
    if (!this.#batchInFlight) this.store.opsDone();
    return { ops, appliedIndex: this.#appliedIndex };
  }

  batchDone(): void {
    assert(this.#batchInFlight, 'a batch was in flight');
    this.#batchInFlight = false;
    this.store.opsDone();
  }

  /**
   * A hash over the whole replicated state, in order: rows of this room, and the store's HashKV with
   * its revisions. Equal on two members that applied the same entries, however their batches fell.
   * HashKV is asked at 0, the present: at a named revision it may answer what this very member
   * remembers of a compaction, which is no part of the state.
   */
  stateHash(done: (hash: string) => void): void {
    const { revision, compactRevision } = this.store;
    const rows = hashRows(this.#allRows());
    this.store.hashKv(0, (result) => {
      const kv = result.ok ? result.hash.toString(16) : result.code;
      done(`${rows.toString(16)}-${kv}-${revision}-${compactRevision}`);
    });
  }

  #decode(entry: Entry): DecodedEntry {
    if (this.#decoded?.entry !== entry) this.#decoded = decodeEntryRequest(entry);
    return this.#decoded as DecodedEntry;
  }

  /** Applies unless the session says that it was applied, or must not be. */
  #applyOnce(decoded: DecodedEntry, entry: Entry, nowMs: number, outcome: Outcome): ApplyResult {
    const { session, sequence, lowestUnanswered } = decoded.header;
    const { revision } = this.store;
    if (session === 0n) return this.#applier.apply(decoded.command, entry, nowMs, outcome);
    const admission = this.#sessions.admit(session, sequence, lowestUnanswered, entry.index);
    if (admission.type === 'answered') return admission.result;
    if (admission.type === 'refused') return { ok: false, code: admission.code, revision };
    const result = this.#applier.apply(decoded.command, entry, nowMs, outcome);
    this.#sessions.keep(session, sequence, entry.index, result);
    return result;
  }

  #applyConfChange(entry: Entry): Applied {
    const outcome: Outcome = { events: NO_EVENTS, compacted: null };
    const change = requireDecodable(entry, () => decodeConfChange(entry.data));
    const told = requireDecodable(entry, () => MemberChange.decode(change.context));
    const leaving = told.leaving && this.#feature >= Feature.JOINT_REMOVAL;
    const context = leaving === told.leaving ? told : { ...told, leaving };
    const code = this.#membership.change(change, context);
    if (code !== null) {
      const refused: ApplyResult = { ok: false, code, revision: this.store.revision };
      return this.#applied(context.requestID, '', refused, outcome, { change: null });
    }
    this.#confChangePending = true;
    return this.#applied(context.requestID, '', this.#done(), outcome, { change });
  }

  #applied(
    requestId: bigint,
    operation: string,
    result: ApplyResult,
    outcome: Outcome,
    confChange: { readonly change: ConfChange | null } | null,
  ): Applied {
    return {
      index: this.#appliedIndex,
      requestId,
      result,
      operation,
      revision: this.store.revision,
      events: outcome.events,
      compacted: outcome.compacted,
      confChange,
    };
  }

  #done(): ApplyResult {
    return { ok: true, revision: this.store.revision, body: EMPTY_BYTES };
  }

  #metaOps(ops: EngineOp[]): void {
    const applied = encodeNumbers(this.#appliedIndex, this.#appliedTerm);
    ops.push({ type: 'put', key: MetaKey.FORMAT, value: encodeNumbers(STATE_FORMAT) });
    ops.push({ type: 'put', key: MetaKey.APPLIED, value: applied });
    if (this.#confStateDirty) {
      const value = encodeConfState(this.#confState);
      ops.push({ type: 'put', key: MetaKey.CONF_STATE, value });
      this.#confStateDirty = false;
    }
    const version = encodeUtf8(this.#clusterVersion);
    ops.push({ type: 'put', key: MetaKey.CLUSTER_VERSION, value: version });
    ops.push({ type: 'put', key: MetaKey.FEATURE, value: encodeNumbers(this.#feature) });
  }

  /** Every row of this room as it would be written now, in a fixed order. */
  #allRows(): EngineRow[] {
    const ops: EngineOp[] = [];
    const confStateDirty = this.#confStateDirty;
    this.#confStateDirty = true;
    this.#metaOps(ops);
    this.#confStateDirty = confStateDirty;
    const meta = ops.map((op) => {
      assert(op.type === 'put', 'meta rows are put');
      return { key: op.key, value: op.value };
    });
    return meta.concat(
      this.#leaseRows.rows(this.leases),
      this.#membership.rows(),
      this.#alarms.rows(),
      this.#sessions.rows(),
    );
  }
}

function failLoudly(message: string): never {
  throw new Error(message);
}
