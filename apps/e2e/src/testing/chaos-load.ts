/** Load whose every answer is judged: clients of all kinds of requests, and keepers of leases. */
import { type Random, decodeUtf8, encodeUtf8 } from '@conclave/base';
import {
  CompareResult,
  CompareTarget,
  type KeyValue,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseService,
  type PutRequest,
  type RequestOp,
} from '@conclave/wire';
import {
  type Asked,
  COUNTER_PREFIX,
  type HistoryJudge,
  LEASE_PREFIX,
  PAIR,
  type SeenKey,
} from './judges-history.js';
import { RawClient } from './raw-client.js';

const PAUSE_MS = 4;
const FAILED_PAUSE_MS = 50;
const DEADLINE_MS = 4_000;
const HOT_KEYS = Array.from({ length: 10 }, (_, i) => `hot/${i}`);
const HOT_PREFIX = 'hot/';
const HOT_END = 'hot0';
const COUNTERS = [0, 1].map((i) => `${COUNTER_PREFIX}${i}`);
const LEASE_TTL = 3;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const bytes = encodeUtf8;

export function seenKey(kv: KeyValue): SeenKey {
  return {
    key: decodeUtf8(kv.key),
    value: decodeUtf8(kv.value),
    version: kv.version,
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
  };
}

/** Start and end of an acknowledged write, ms. */
export type OnAck = (startMs: number, endMs: number) => void;

/** One client at one endpoint: one request after the other, drawn by weight. */
export class RecordedClient {
  readonly endpoint: string;
  readonly errors = new Map<string, number>();
  incremented = 0;
  unknownIncrements = 0;
  readonly #client: RawClient;
  readonly #judge: HistoryJudge;
  readonly #random: Random;
  readonly #onAck: OnAck;
  #running = true;
  readonly #done: Promise<void>;

  constructor(endpoint: string, judge: HistoryJudge, random: Random, onAck: OnAck) {
    this.endpoint = endpoint;
    this.#judge = judge;
    this.#random = random;
    this.#onAck = onAck;
    this.#client = new RawClient(endpoint, { deadlineMs: DEADLINE_MS });
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#client.close();
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      try {
        await this.#once();
      } catch (error) {
        const text = String(error).replace(
          /^RawCallError: \S+ |127\.0\.0\.1:\d+| Resolution .*| after \d.*/g,
          '',
        );
        this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
        await pause(FAILED_PAUSE_MS);
      }
      await pause(PAUSE_MS);
    }
  }

  #once(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 30) return this.#put(this.#random.pick(HOT_KEYS));
    if (dice < 38) return this.#delete(this.#random.pick(HOT_KEYS));
    if (dice < 52) return this.#increment(this.#random.pick(COUNTERS));
    if (dice < 58) return this.#putPair();
    if (dice < 75) return this.#get([this.#random.pick([...HOT_KEYS, ...PAIR])], {});
    if (dice < 85) return this.#get([this.#random.pick(HOT_KEYS)], { serializable: true });
    if (dice < 95) return this.#list();
    return this.#getOld(this.#random.pick(HOT_KEYS));
  }

  async #put(key: string): Promise<void> {
    const { asked, tag } = this.#begin(`put ${key} at ${this.endpoint}`);
    const startMs = performance.now();
    const answer = await this.#client.put({ key: bytes(key), value: bytes(`v#${tag}`) });
    this.#onAck(startMs, performance.now());
    this.#judge.wrote(asked, tag, answer.header?.revision ?? 0);
  }

  async #putPair(): Promise<void> {
    const { asked, tag } = this.#begin(`put both at ${this.endpoint}`);
    const success = PAIR.map((key) => putOp(key, `p#${tag}`));
    const answer = await this.#client.txn({ success });
    this.#judge.wrote(asked, tag, answer.header?.revision ?? 0);
  }

  async #delete(key: string): Promise<void> {
    const asked = this.#judge.ask(`delete ${key} at ${this.endpoint}`);
    const answer = await this.#client.deleteRange({ key: bytes(key), prevKv: true });
    const revision = answer.header?.revision ?? 0;
    const [before] = answer.prevKvs;
    if (before !== undefined) {
      this.#judge.deleted(asked, key, revision, seenKey(before));
    } else {
      this.#judge.read(asked, [key], { header: revision, at: revision, found: [] }, false);
    }
  }

  /** Reads, and writes one more if nobody else did meanwhile; else takes the answer as a read. */
  async #increment(key: string): Promise<void> {
    const before = (await this.#client.range({ key: bytes(key) })).kvs[0];
    const { asked, tag } = this.#begin(`increment ${key} at ${this.endpoint}`);
    const next = before === undefined ? 1 : Number.parseInt(decodeUtf8(before.value), 10) + 1;
    let known = false;
    try {
      const answer = await this.#client.txn({
        compare: [
          {
            result: CompareResult.EQUAL,
            target: CompareTarget.MOD,
            key: bytes(key),
            rangeEnd: new Uint8Array(0),
            targetUnion: { $case: 'modRevision', modRevision: before?.modRevision ?? 0 },
          },
        ],
        success: [putOp(key, `${next}#${tag}`)],
        failure: [rangeOp(key)],
      });
      known = true;
      const revision = answer.header?.revision ?? 0;
      if (answer.succeeded) {
        this.incremented++;
        this.#judge.wrote(asked, tag, revision);
        return;
      }
      const read = answer.responses[0]?.response;
      const kvs = read?.$case === 'responseRange' ? read.responseRange.kvs : [];
      const found = kvs.map(seenKey);
      this.#judge.read(asked, [key], { header: revision, at: revision, found }, false);
    } finally {
      if (!known) this.unknownIncrements++;
    }
  }

  async #get(keys: readonly [string], options: { serializable?: boolean }): Promise<void> {
    const stale = options.serializable ?? false;
    const what = `${stale ? 'stale get' : 'get'} ${keys[0]} at ${this.endpoint}`;
    const asked = this.#judge.ask(what);
    const answer = await this.#client.range({ key: bytes(keys[0]), serializable: stale });
    const header = answer.header?.revision ?? 0;
    const found = answer.kvs.map(seenKey);
    this.#judge.read(asked, keys, { header, at: header, found }, stale);
  }

  async #list(): Promise<void> {
    const asked = this.#judge.ask(`list at ${this.endpoint}`);
    const answer = await this.#client.range({ key: bytes(HOT_PREFIX), rangeEnd: bytes(HOT_END) });
    const header = answer.header?.revision ?? 0;
    const found = answer.kvs.map(seenKey);
    this.#judge.read(asked, HOT_KEYS, { header, at: header, found }, false);
  }

  async #getOld(key: string): Promise<void> {
    const asked = this.#judge.ask(`get ${key} of old at ${this.endpoint}`);
    const at = Math.max(1, asked.seen - this.#random.below(200));
    const answer = await this.#client
      .range({ key: bytes(key), revision: at })
      .catch((error: Error) => {
        if (error.message.includes('future revision')) this.#judge.future(asked, at);
        throw error;
      });
    const header = answer.header?.revision ?? 0;
    this.#judge.read(asked, [key], { header, at, found: answer.kvs.map(seenKey) }, false);
  }

  #begin(what: string): { asked: Asked; tag: number } {
    const asked = this.#judge.ask(what);
    return { asked, tag: this.#judge.tag(asked) };
  }
}

/**
 * Grants a lease, hangs a key on it, keeps it alive for a while, then lets it go, again and again. The judge
 * is told of every acknowledged keepalive.
 */
export class LeaseKeeper {
  readonly #client: RawClient;
  readonly #judge: HistoryJudge;
  readonly #random: Random;
  #running = true;
  readonly #done: Promise<void>;

  constructor(endpoint: string, judge: HistoryJudge, random: Random) {
    this.#client = new RawClient(endpoint, { deadlineMs: DEADLINE_MS });
    this.#judge = judge;
    this.#random = random;
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#client.close();
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      await this.#life().catch(() => pause(FAILED_PAUSE_MS));
    }
  }

  async #life(): Promise<void> {
    const id = this.#random.uint64() & 0x7fff_ffff_ffff_ffffn;
    const key = `${LEASE_PREFIX}${id.toString(16)}`;
    const grantedMs = performance.now();
    const granted = await this.#client.leaseGrant(id, LEASE_TTL);
    this.#judge.kept(key, grantedMs, granted.TTL);
    const asked = this.#judge.ask(`put ${key}`);
    const tag = this.#judge.tag(asked);
    const put = { key: bytes(key), value: bytes(`l#${tag}`), lease: id };
    const answer = await this.#client.put(put);
    this.#judge.wrote(asked, tag, answer.header?.revision ?? 0);
    const lifeMs = performance.now() + 2_000 + this.#random.below(10_000);
    while (this.#running && performance.now() < lifeMs) {
      await this.#keepAlive(id, key, granted.TTL);
      await pause(500);
    }
    if (!this.#random.chance(0.3)) return;
    this.#judge.revoked(key);
    await this.#client.leaseRevoke(id);
  }

  /** One stream, one request, one answer. */
  #keepAlive(id: bigint, key: string, ttl: number): Promise<void> {
    return new Promise((resolve) => {
      const stream = this.#client.streamBytes(LeaseService.leaseKeepAlive.path);
      const sentMs = performance.now();
      const timer = setTimeout(() => stream.cancel(), DEADLINE_MS);
      stream.on('data', (message: Uint8Array) => {
        const answer = LeaseKeepAliveResponse.decode(message);
        if (answer.TTL > 0) this.#judge.kept(key, sentMs, Math.min(ttl, answer.TTL));
        stream.end();
      });
      const over = (): void => {
        clearTimeout(timer);
        resolve();
      };
      stream.on('error', over);
      stream.on('end', over);
      stream.write(LeaseKeepAliveRequest.encode(LeaseKeepAliveRequest.create({ ID: id })));
    });
  }
}

function putOp(key: string, value: string): RequestOp {
  const requestPut: PutRequest = {
    key: bytes(key),
    value: bytes(value),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
  return { request: { $case: 'requestPut', requestPut } };
}

function rangeOp(key: string): RequestOp {
  const requestRange = {
    key: bytes(key),
    rangeEnd: new Uint8Array(0),
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  } as const;
  return { request: { $case: 'requestRange', requestRange } };
}
