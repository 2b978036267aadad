/** One member's state machine over an engine in memory, and entries to feed it. */
import { EMPTY_BYTES, NO_PROBE, assert, encodeUtf8 } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  AlarmRequest,
  type Codec,
  CompactionRequest,
  type ConfChange,
  ConfChangeType,
  DeleteRangeRequest,
  type Entry,
  EntryType,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  MemberChange,
  PutRequest,
  RequestField,
  RequestHeader,
  SessionOpen,
  encodeConfChange,
  encodeInternalRaftRequest,
} from '@conclave/wire';
import { type SessionLimits, StateMachine } from '../index.js';
import type { Applied } from '../types.js';

export interface MemberSettings {
  readonly cacheBytesMax?: number;
  readonly compactionBatchRows?: number;
  readonly sessions?: SessionLimits;
  readonly featureSupported?: number;
}

export class Member {
  readonly tasks = new TaskQueue();
  readonly engine = new MemoryEngine(this.tasks);
  readonly settings: MemberSettings;
  machine: StateMachine;
  /** Handed to apply; different members may have different clocks. */
  nowMs = 0;
  /** Why it must stop, once it said so. */
  failure: string | null = null;

  constructor(settings: MemberSettings = {}) {
    this.settings = settings;
    this.machine = this.load();
  }

  /** A new machine from what the engine holds, as after a restart. */
  load(): StateMachine {
    const { sessions, featureSupported, ...store } = this.settings;
    const options = {
      store,
      ...(sessions === undefined ? {} : { sessions }),
      ...(featureSupported === undefined ? {} : { featureSupported }),
    };
    const machine = new StateMachine(options, {
      engine: this.engine,
      scheduler: this.tasks,
      probe: NO_PROBE,
      failed: (message) => void (this.failure = message),
    });
    let outcome: string | null | undefined;
    machine.load((failure) => void (outcome = failure));
    this.tasks.run();
    assert(outcome !== undefined, 'load came to an end');
    if (outcome !== null) throw new Error(outcome);
    this.machine = machine;
    return machine;
  }

  apply(entry: Entry): Applied {
    let tries = 0;
    while (!this.machine.prefetch(entry, () => undefined)) {
      this.tasks.run();
      if (this.failure !== null) throw new Error(this.failure);
      assert(++tries < 10, 'prefetch comes to an end');
    }
    const applied = this.machine.apply(entry, this.nowMs);
    const change = applied.confChange?.change ?? null;
    if (change !== null) this.machine.confStateChanged(confStateAfter(this.machine, change));
    return applied;
  }

  /** One batch, taken and finished. */
  write(): void {
    const { ops } = this.machine.takeBatch();
    if (ops.length === 0) return;
    this.engine.write(ops, (failure) => {
      assert(failure === null, 'the engine works');
      this.machine.batchDone();
    });
    this.tasks.run();
  }

  /** Physical compaction to its end. */
  compactAll(): void {
    for (let steps = 0; this.machine.store.compactionStep(); steps++) {
      this.tasks.run();
      assert(steps < 10_000, 'compaction comes to an end');
    }
  }

  hash(): string {
    let hash = '';
    this.machine.stateHash((value) => void (hash = value));
    this.tasks.run();
    return hash;
  }
}

/** What Raft would answer: members as they are now. */
function confStateAfter(machine: StateMachine, _change: ConfChange): StateMachine['confState'] {
  const ids = (isLearner: boolean): bigint[] =>
    machine.members.filter((m) => m.isLearner === isLearner).map((m) => m.id);
  return {
    voters: ids(false),
    learners: ids(true),
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
}

/** Makes the entries of one log. */
export class LogWriter {
  index = 0;
  term = 2;
  #requestId = 0n;

  empty(): Entry {
    return this.#entry(EntryType.NORMAL, EMPTY_BYTES);
  }

  request(field: number, body: Uint8Array, header: Partial<RequestHeader> = {}): Entry {
    const head = RequestHeader.create({ ID: ++this.#requestId, ...header });
    return this.#entry(EntryType.NORMAL, encodeInternalRaftRequest(head, field, body));
  }

  message<T>(
    field: number,
    codec: Codec<T>,
    fields: Partial<T>,
    header: Partial<RequestHeader> = {},
  ): Entry {
    return this.request(field, codec.encode(codec.create(fields)), header);
  }

  put(key: string, value = 'v', lease = 0n, header: Partial<RequestHeader> = {}): Entry {
    const fields = { key: encodeUtf8(key), value: encodeUtf8(value), lease };
    return this.message(RequestField.PUT, PutRequest, fields, header);
  }

  delete(key: string): Entry {
    return this.message(RequestField.DELETE_RANGE, DeleteRangeRequest, { key: encodeUtf8(key) });
  }

  compact(revision: number): Entry {
    return this.message(RequestField.COMPACTION, CompactionRequest, { revision });
  }

  grant(ID: bigint, TTL = 60): Entry {
    return this.message(RequestField.LEASE_GRANT, LeaseGrantRequest, { ID, TTL });
  }

  revoke(ID: bigint): Entry {
    return this.message(RequestField.LEASE_REVOKE, LeaseRevokeRequest, { ID });
  }

  alarm(action: number, memberID: bigint, alarm: number): Entry {
    return this.message(RequestField.ALARM, AlarmRequest, { action, memberID, alarm });
  }

  openSession(session: bigint): Entry {
    return this.message(RequestField.SESSION_OPEN, SessionOpen, { session });
  }

  confChange(
    changes: ConfChange['changes'],
    joining: readonly { id: bigint; urls: readonly string[] }[] = [],
    learnersMax = 0,
    kind: { readonly transition?: ConfChange['transition']; readonly leaving?: boolean } = {},
  ): Entry {
    const members = joining.map(({ id, urls }) => ({
      ID: id,
      raftAttributes: { peerUrls: [...urls], isLearner: false },
      memberAttributes: null,
    }));
    const { transition = 0, leaving = false } = kind;
    const requestID = ++this.#requestId;
    const context = MemberChange.encode({ requestID, members, learnersMax, leaving });
    const data = encodeConfChange({ transition, changes, context });
    return this.#entry(EntryType.CONF_CHANGE, data);
  }

  add(id: bigint, url = `http://m${id}:2380`): Entry {
    return this.confChange([{ type: ConfChangeType.ADD_VOTER, id }], [{ id, urls: [url] }]);
  }

  addLearner(id: bigint, learnersMax = 0, url = `http://m${id}:2380`): Entry {
    const changes = [{ type: ConfChangeType.ADD_LEARNER, id }];
    return this.confChange(changes, [{ id, urls: [url] }], learnersMax);
  }

  promote(id: bigint): Entry {
    return this.confChange([{ type: ConfChangeType.ADD_VOTER, id }]);
  }

  remove(id: bigint): Entry {
    return this.confChange([{ type: ConfChangeType.REMOVE, id }]);
  }

  /** Demotes a voter on its way out. */
  leave(id: bigint): Entry {
    const changes = [{ type: ConfChangeType.ADD_LEARNER, id }];
    return this.confChange(changes, [], 0, { transition: 1, leaving: true });
  }

  sole(id: bigint): Entry {
    return this.confChange([{ type: ConfChangeType.ADD_VOTER, id }], [], 0, { transition: 3 });
  }

  #entry(type: EntryType, data: Uint8Array): Entry {
    return { term: this.term, index: ++this.index, type, data };
  }
}
