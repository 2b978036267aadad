/**
 * A client that does one thing after the other: reads, writes, compares, compacts. Every value it
 * writes is unique, so each can be traced to one operation.
 */
import { decodeUtf8 } from '@conclave/base';
import {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  SortOrder,
  SortTarget,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';
import type { SimClient } from './client.js';
import type { Outcome } from './judges/history.js';
import {
  Method,
  casByRevision,
  casByValue,
  deleteOp,
  deleteRequest,
  getOp,
  getRequest,
  listRequest,
  putAllUnchanged,
  putOp,
  putRequest,
} from './requests.js';

export interface WorkShape {
  readonly registers: number;
  readonly counters: number;
  readonly thinkMs: number;
  /** Bytes added to values at most. */
  readonly paddingMax: number;
  readonly compacts: boolean;
}

/** Weights as etcd's own robustness tests have them, and a few kinds more. */
const WEIGHTS: readonly (readonly [string, number])[] = [
  ['get', 15],
  ['list', 10],
  ['history', 4],
  ['stale', 12],
  ['stream', 3],
  ['put', 22],
  ['once', 8],
  ['delete', 5],
  ['delete-range', 1],
  ['txn', 8],
  ['txn-read', 3],
  ['cas', 10],
  ['count', 10],
  ['append', 10],
  ['compact', 2],
];
const TOTAL = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);

const LIST_BYTES_MAX = 600;

export class Worker {
  readonly #client: SimClient;
  readonly #shape: WorkShape;
  #sequence = 0;
  /** The highest revision it has seen. */
  #revision = 1;
  /** What it last saw in each register; for comparisons that have a chance. */
  readonly #seen = new Map<string, string | null>();
  /** Lists as it last saw them, by key; and the list in use of each lane. */
  readonly #lists = new Map<string, { readonly value: string; readonly modRevision: number }>();
  readonly #generations = [0, 0, 0];
  readonly #counters = new Map<string, { readonly n: number; readonly modRevision: number }>();

  constructor(client: SimClient, shape: WorkShape) {
    this.#client = client;
    this.#shape = shape;
    this.#later();
  }

  #later(): void {
    const { random, host } = this.#client;
    host.after(1 + random.below(2 * this.#shape.thinkMs), () => this.#next());
  }

  #next(): void {
    if (this.#client.world.isEnding) return;
    this.#client.connect(() => {
      if (this.#client.random.chance(0.01)) {
        this.#client.disconnect();
        return this.#later();
      }
      this.#one(this.#draw());
    });
  }

  #draw(): string {
    let at = this.#client.random.below(TOTAL);
    for (const [kind, weight] of WEIGHTS) {
      at -= weight;
      if (at < 0) return kind;
    }
    return 'get';
  }

  #one(kind: string): void {
    switch (kind) {
      case 'get':
        return this.#get({});
      case 'stale':
        return this.#get({ serializable: true });
      case 'list':
        return this.#list();
      case 'history':
        return this.#history();
      case 'stream':
        return this.#rangeStream();
      case 'put':
        return this.#put(this.#register());
      case 'once':
        return this.#put(`u/${this.#client.host.name}/${this.#sequence + 1}`);
      case 'delete':
        return this.#delete();
      case 'delete-range':
        return this.#deleteRange();
      case 'txn':
        return this.#txn();
      case 'txn-read':
        return this.#readTxn();
      case 'cas':
        return this.#cas();
      case 'count':
        return this.#count();
      case 'append':
        return this.#append();
      default:
        return this.#shape.compacts ? this.#compact() : this.#get({});
    }
  }

  #register(): string {
    return `r/${this.#client.random.below(this.#shape.registers)}`;
  }

  #value(): string {
    const { random, host } = this.#client;
    const padding = '.'.repeat(random.below(this.#shape.paddingMax + 1));
    return `${host.name}-${++this.#sequence}${padding}`;
  }

  get #timeoutMs(): number | null {
    const { random } = this.#client;
    return random.chance(0.5) ? null : 200 + random.below(5_000);
  }

  #call(label: string, method: string, request: Uint8Array, done: (o: Outcome) => void): void {
    this.#client.unary(label, method, request, this.#timeoutMs, (outcome) => {
      done(outcome);
      this.#later();
    });
  }

  #range(label: string, request: RangeRequest, done: (r: RangeResponse) => void): void {
    this.#call(label, Method.RANGE, RangeRequest.encode(request), (outcome) => {
      if (outcome.type !== 'ok') return;
      const response = RangeResponse.decode(outcome.response);
      this.#revision = Math.max(this.#revision, response.header?.revision ?? 0);
      done(response);
    });
  }

  #get(options: Partial<RangeRequest>): void {
    const key = this.#register();
    const label = options.serializable === true ? 'stale get' : 'get';
    this.#range(label, getRequest(key, options), ({ kvs }) => {
      if (options.serializable === true) return;
      const kv = kvs[0];
      this.#seen.set(key, kv === undefined ? null : decodeUtf8(kv.value));
    });
  }

  #list(): void {
    const { random } = this.#client;
    const options: Partial<RangeRequest> = {};
    if (random.chance(0.3)) options.limit = 1 + random.below(4);
    if (random.chance(0.3)) {
      options.sortOrder = random.pick([SortOrder.ASCEND, SortOrder.DESCEND]);
      // By revision only: equal versions and values have no order of their own.
      options.sortTarget = random.pick([SortTarget.KEY, SortTarget.MOD]);
    }
    if (random.chance(0.2)) options.keysOnly = true;
    if (random.chance(0.1)) options.countOnly = true;
    if (random.chance(0.2)) options.serializable = true;
    const kinds = Object.keys(options).filter((k) => k !== 'sortOrder');
    const prefix = random.pick(['r/', 'n/', 'u/', 'l/', 'a/']);
    this.#range(
      `list ${kinds.length === 0 ? 'all' : kinds.sort().join('+')}`,
      listRequest(prefix, options),
      () => undefined,
    );
  }

  #history(): void {
    const { random } = this.#client;
    const back = random.below(120) - 5;
    const { compacted } = this.#client.world.hints;
    const isEdge = compacted > 0 && random.chance(0.2);
    const revision = isEdge ? compacted : Math.max(1, this.#revision - back);
    const isAhead = revision > this.#revision;
    const label = isAhead ? 'get ahead' : 'get history';
    this.#range(label, listRequest('r/', { revision }), () => undefined);
  }

  #rangeStream(): void {
    const { world } = this.#client;
    let messages = 0;
    let isOver = false;
    const finish = (end: string): void => {
      if (isOver) return;
      isOver = true;
      world.coverage.count(`stream ${end}`);
      world.trace.note(this.#client.host.name, `stream ${end} ${messages} messages`);
      this.#later();
    };
    const call = this.#client.open(Method.RANGE_STREAM, this.#timeoutMs, {
      message: () => void messages++,
      ended: (code) => finish(code === 0 ? 'ok' : 'failed'),
      drained: () => undefined,
    });
    if (call === null) return finish('failed');
    call.send(RangeRequest.encode(listRequest('r/')));
    call.halfClose();
    this.#client.host.after(15_000, () => {
      if (!isOver) call.cancel();
      finish('failed');
    });
  }

  #put(key: string): void {
    const value = this.#value();
    const request = putRequest(key, value);
    const withPrevious = this.#client.random.chance(0.2);
    const body = PutRequest.encode({ ...request, prevKv: withPrevious });
    const label = key.startsWith('u/') ? 'put once' : withPrevious ? 'put prev' : 'put';
    this.#call(label, Method.PUT, body, (outcome) => {
      if (outcome.type === 'ok') this.#seen.set(key, value);
    });
  }

  #delete(): void {
    const key = this.#register();
    const body = DeleteRangeRequest.encode({
      ...deleteRequest(key),
      prevKv: this.#client.random.chance(0.3),
    });
    this.#call('delete', Method.DELETE, body, (outcome) => {
      this.#seen.set(key, null);
      if (outcome.type !== 'ok') return;
      const { header, deleted } = DeleteRangeResponse.decode(outcome.response);
      if (deleted > 0) this.#client.world.hints.deleted = header?.revision ?? 0;
    });
  }

  /** Of the keys put once: the registers are judged key by key, which a range would blur. */
  #deleteRange(): void {
    const prefix = `u/${this.#client.host.name}/`;
    const { key, rangeEnd } = listRequest(prefix);
    const body = DeleteRangeRequest.encode(DeleteRangeRequest.create({ key, rangeEnd }));
    this.#call('delete range', Method.DELETE, body, () => undefined);
  }

  /** Several keys at once, in one revision; or one read, one deleted. */
  #txn(): void {
    const { random } = this.#client;
    const keys = new Set<string>();
    for (let n = 1 + random.below(3); n > 0; n--) keys.add(this.#register());
    const success = [...keys].map((key) => putOp(key, this.#value()));
    if (random.chance(0.3)) {
      const other = `u/${this.#client.host.name}/${random.below(this.#sequence + 1)}`;
      success.push(deleteOp(other));
    }
    const request = TxnRequest.create({ success });
    this.#call(`txn ${keys.size}`, Method.TXN, TxnRequest.encode(request), () => undefined);
  }

  #readTxn(): void {
    const success = [getOp(this.#register()), getOp('n/0')];
    const request = TxnRequest.create({ success });
    this.#call('txn read', Method.TXN, TxnRequest.encode(request), () => undefined);
  }

  #cas(): void {
    const key = this.#register();
    const expected = this.#seen.get(key) ?? null;
    const value = this.#value();
    const request = casByValue(key, expected, value);
    this.#call('cas', Method.TXN, TxnRequest.encode(request), (outcome) => {
      if (outcome.type !== 'ok') return;
      const { succeeded, responses } = TxnResponse.decode(outcome.response);
      const one = responses[0]?.response;
      if (succeeded) this.#seen.set(key, value);
      else if (one?.$case === 'responseRange') {
        const kv = one.responseRange.kvs[0];
        this.#seen.set(key, kv === undefined ? null : decodeUtf8(kv.value));
      }
    });
  }

  /** Raises a counter that all clients share; its value is the count and who made it. */
  #count(): void {
    const key = `n/${this.#client.random.below(this.#shape.counters)}`;
    const seen = this.#counters.get(key) ?? { n: 0, modRevision: 0 };
    const value = `${seen.n + 1} ${this.#value()}`;
    const request = casByRevision(key, seen.modRevision, value);
    this.#call('count', Method.TXN, TxnRequest.encode(request), (outcome) => {
      if (outcome.type !== 'ok') return;
      const { succeeded, responses, header } = TxnResponse.decode(outcome.response);
      if (succeeded) {
        this.#counters.set(key, { n: seen.n + 1, modRevision: header?.revision ?? 0 });
        return;
      }
      const one = responses[0]?.response;
      const kv = one?.$case === 'responseRange' ? one.responseRange.kvs[0] : undefined;
      if (kv === undefined) this.#counters.delete(key);
      else {
        const n = Number(decodeUtf8(kv.value).split(' ')[0]);
        this.#counters.set(key, { n, modRevision: kv.modRevision });
      }
    });
  }

  /** Appends to a list or two what nobody else appends, looking at another one on the way. */
  #append(): void {
    const { random, host } = this.#client;
    const lanes = [0, 1, 2];
    const puts: { key: string; modRevision: number; value: string }[] = [];
    for (let n = random.chance(0.3) ? 2 : 1; n > 0; n--) {
      const [lane] = lanes.splice(random.below(lanes.length), 1) as [number];
      const key = this.#listKey(lane);
      const { value, modRevision } = this.#lists.get(key) ?? { value: '', modRevision: 0 };
      const element = `${host.name}-${++this.#sequence}`;
      puts.push({ key, modRevision, value: value === '' ? element : `${value} ${element}` });
    }
    const also = random.chance(0.5) ? [this.#listKey(lanes[0] as number)] : [];
    const body = TxnRequest.encode(putAllUnchanged(puts, also));
    this.#call(`append ${puts.length}`, Method.TXN, body, (outcome) => {
      if (outcome.type !== 'ok') return;
      const { succeeded, responses, header } = TxnResponse.decode(outcome.response);
      const modRevision = header?.revision ?? 0;
      if (succeeded) {
        for (const { key, value } of puts) this.#lists.set(key, { value, modRevision });
        return;
      }
      puts.forEach(({ key }, i) => {
        const one = responses[also.length + i]?.response;
        const kv = one?.$case === 'responseRange' ? one.responseRange.kvs[0] : undefined;
        if (kv === undefined) this.#lists.delete(key);
        else {
          this.#lists.set(key, { value: decodeUtf8(kv.value), modRevision: kv.modRevision });
        }
      });
    });
  }

  /** The list of a lane that is in use: a long one is left for the next. */
  #listKey(lane: number): string {
    const generation = this.#generations[lane] as number;
    const key = `a/${lane}/${generation}`;
    if ((this.#lists.get(key)?.value.length ?? 0) < LIST_BYTES_MAX) return key;
    this.#generations[lane] = generation + 1;
    return `a/${lane}/${generation + 1}`;
  }

  #compact(): void {
    const { random, world } = this.#client;
    // Right at a deletion its tombstone is the last thing that stays.
    const isEdge = world.hints.deleted > 0 && random.chance(0.5);
    const back = Math.max(1, this.#revision - random.below(60));
    const revision = isEdge ? world.hints.deleted : back;
    const physical = random.chance(0.3);
    const request = CompactionRequest.create({ revision, physical });
    const label = physical ? 'compact physical' : 'compact';
    this.#call(label, Method.COMPACT, CompactionRequest.encode(request), (outcome) => {
      if (outcome.type === 'ok') world.hints.compacted = revision;
    });
  }
}
