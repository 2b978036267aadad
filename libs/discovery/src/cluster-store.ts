/**
 * `RegistryStore` in an etcd v3 cluster, which any number of services share.
 *
 *     <prefix>/<token>/_config/size      "3"                                \
 *     <prefix>/<token>/_config/conclave  {"createdMs":…,"expiresMs":…}       | all on the token's lease,
 *     <prefix>/<token>/_config/removed   marks the last removal              | so it goes as a whole
 *     <prefix>/<token>/members/<id>      "n1=http://10.0.0.1:2380"           | when its time is over
 *     <prefix>_tokens/<token>            for counting                       /
 *
 * With the default prefix these are the keys of etcd's v3 discovery: a member that bootstraps by v2 and
 * one that bootstraps by v3 find each other in the same token. An index is a revision. Every change is
 * one transaction over what was read before it, so two services never both succeed.
 *
 * Differs from a `LocalStore` in two points: `set` keeps `createdIndex` (v3 cannot begin a row anew in
 * one transaction), and the bounds on numbers may be exceeded by as many as ask in the same moment.
 */
import type { Clock, Probe } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import {
  type Compare,
  KvService,
  LeaseService,
  type RequestOp,
  type TxnResponse,
  WatchService,
} from '@conclave/wire';
import { ChangeHub } from './change-hub.js';
import type { EtcdAsker } from './etcd-asker.js';
import { isAt, prefixRange, put, remove, removePrefix, text, utf8 } from './etcd-rows.js';
import {
  type Changed,
  type MemberRecord,
  type PutMode,
  type RegistryStore,
  StoreError,
  type StoreLimits,
  type TokenRecord,
  type TokenView,
} from './registry-store.js';

export interface ClusterStorePorts {
  readonly asker: EtcdAsker;
  readonly clock: Clock;
  readonly probe: Probe;
}

/** A token as read, with what a transaction on it must compare. */
interface Loaded {
  readonly index: number;
  readonly record: TokenRecord | null;
  readonly lease: bigint;
}

const TRIES_MAX = 8;
const HEALTH_MS = 2_000;
const RETRY_MS = [100, 200, 500, 1_000, 2_000] as const;
/** `_config/*` rows of a token. */
const CONFIG_ROWS = 8;

export class ClusterStore implements RegistryStore {
  readonly #prefix: string;
  readonly #limits: StoreLimits;
  readonly #ports: ClusterStorePorts;
  readonly #hub = new ChangeHub();
  readonly #watching: Promise<void>;
  #isClosed = false;
  #wake: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;

  /** `prefix` begins with `/` and ends without. Watches at once; a cluster that is not there is waited for. */
  constructor(prefix: string, limits: StoreLimits, ports: ClusterStorePorts) {
    this.#prefix = prefix;
    this.#limits = limits;
    this.#ports = ports;
    this.#watching = this.#followChanges();
  }

  get tokenCount(): number {
    return -1;
  }

  watch(token: string, changed: () => void): () => void {
    return this.#hub.watch(token, changed);
  }

  async isHealthy(): Promise<boolean> {
    const { asker } = this.#ports;
    const key = utf8(`${this.#prefix}_tokens`);
    return asker.ask(KvService.range, { key }, true, HEALTH_MS).then(
      () => true,
      () => false,
    );
  }

  async read(token: string): Promise<TokenView> {
    const { index, record } = await this.#load(token);
    return { index, record };
  }

  async createToken(token: string, size: number): Promise<Changed> {
    const counted = await this.#asked(() => {
      const range = { ...prefixRange(`${this.#prefix}_tokens/`), countOnly: true };
      return this.#ports.asker.ask(KvService.range, range, true);
    });
    const index = counted.header?.revision ?? 0;
    if (counted.count >= this.#limits.tokensMax) {
      return { ok: false, code: 'too-many-tokens', index };
    }
    const ttlMs = this.#limits.tokenTtlMs;
    const lease = ttlMs === 0 ? 0n : await this.#grant(Math.ceil(ttlMs / 1_000));
    const createdMs = Math.floor(this.#ports.clock.wallMs());
    const times = { createdMs, expiresMs: ttlMs === 0 ? null : createdMs + ttlMs };
    const sizeKey = this.#key(token, '_config/size');
    const answer = await this.#commit(
      [isAt(sizeKey, 0)],
      [
        put(sizeKey, String(size), lease),
        put(this.#key(token, '_config/conclave'), JSON.stringify(times), lease),
        put(`${this.#prefix}_tokens/${token}`, '', lease),
      ],
    );
    if (answer.ok) return { ok: true, index: answer.index, member: null, before: null };
    await this.#revoke(lease);
    return { ok: false, code: 'token-exists', index: answer.index };
  }

  async putMember(token: string, id: string, value: string, mode: PutMode): Promise<Changed> {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      const { index, record, lease } = await this.#load(token);
      if (record === null) return { ok: false, code: 'no-token', index };
      const before = record.members.find((m) => m.id === id) ?? null;
      if (mode === 'create' && before !== null) return { ok: false, code: 'member-exists', index };
      if (mode === 'update' && before === null) return { ok: false, code: 'no-member', index };
      if (before === null && record.members.length >= this.#limits.membersPerTokenMax) {
        return { ok: false, code: 'too-many-members', index };
      }
      const key = this.#key(token, `members/${id}`);
      const answer = await this.#commit(
        [
          isAt(this.#key(token, '_config/size'), record.sizeIndex),
          isAt(key, before?.modifiedIndex ?? 0),
        ],
        [put(key, value, lease)],
      );
      if (!answer.ok) continue;
      const modifiedIndex = answer.index;
      const createdIndex = before?.createdIndex ?? modifiedIndex;
      const member: MemberRecord = { id, value, createdIndex, modifiedIndex };
      return { ok: true, index: modifiedIndex, member, before };
    }
    throw new StoreError('too many changes to this token at the same time');
  }

  async removeMember(token: string, id: string): Promise<Changed> {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      const { index, record, lease } = await this.#load(token);
      if (record === null) return { ok: false, code: 'no-token', index };
      const before = record.members.find((m) => m.id === id);
      if (before === undefined) return { ok: false, code: 'no-member', index };
      const key = this.#key(token, `members/${id}`);
      const answer = await this.#commit(
        [isAt(this.#key(token, '_config/size'), record.sizeIndex), isAt(key, before.modifiedIndex)],
        [remove(key), put(this.#key(token, '_config/removed'), id, lease)],
      );
      if (answer.ok) return { ok: true, index: answer.index, member: null, before };
    }
    throw new StoreError('too many changes to this token at the same time');
  }

  async removeToken(token: string): Promise<Changed> {
    const { index, record, lease } = await this.#load(token);
    if (record === null) return { ok: false, code: 'no-token', index };
    const answer = await this.#commit(
      [isAt(this.#key(token, '_config/size'), record.sizeIndex)],
      [removePrefix(`${this.#prefix}/${token}/`), remove(`${this.#prefix}_tokens/${token}`)],
    );
    if (!answer.ok) return { ok: false, code: 'no-token', index: answer.index };
    await this.#revoke(lease);
    return { ok: true, index: answer.index, member: null, before: null };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelWatch?.();
    this.#wake?.();
    this.#ports.asker.close();
    await this.#watching;
  }

  #key(token: string, below: string): string {
    return `${this.#prefix}/${token}/${below}`;
  }

  async #load(token: string): Promise<Loaded> {
    const root = `${this.#prefix}/${token}/`;
    const limit = 2 * this.#limits.membersPerTokenMax + CONFIG_ROWS;
    const answer = await this.#asked(() => {
      return this.#ports.asker.ask(KvService.range, { ...prefixRange(root), limit }, true);
    });
    const index = answer.header?.revision ?? 0;
    let size = 0;
    let sizeIndex = 0;
    let lease = 0n;
    let removedIndex = 0;
    let times: Times = { createdMs: null, expiresMs: null };
    const members: MemberRecord[] = [];
    for (const kv of answer.kvs) {
      const name = text(kv.key).slice(root.length);
      if (name === '_config/size') {
        size = Number(text(kv.value));
        sizeIndex = kv.modRevision;
        lease = kv.lease;
      } else if (name === '_config/conclave') times = timesOf(text(kv.value));
      else if (name === '_config/removed') removedIndex = kv.modRevision;
      else if (name.startsWith('members/')) {
        const { createRevision: createdIndex, modRevision: modifiedIndex } = kv;
        const id = name.slice('members/'.length);
        members.push({ id, value: text(kv.value), createdIndex, modifiedIndex });
      }
    }
    if (!Number.isInteger(size) || size < 1) return { index, record: null, lease };
    members.sort((a, b) => a.createdIndex - b.createdIndex);
    return {
      index,
      record: { token, size, sizeIndex, ...times, removedIndex, members },
      lease,
    };
  }

  async #commit(
    compare: Compare[],
    success: RequestOp[],
  ): Promise<{ readonly ok: boolean; readonly index: number }> {
    const answer: TxnResponse = await this.#asked(() => {
      return this.#ports.asker.ask(KvService.txn, { compare, success, failure: [] }, false);
    });
    return { ok: answer.succeeded, index: answer.header?.revision ?? 0 };
  }

  async #grant(seconds: number): Promise<bigint> {
    const answer = await this.#asked(() => {
      return this.#ports.asker.ask(LeaseService.leaseGrant, { TTL: seconds, ID: 0n }, false);
    });
    return answer.ID;
  }

  /** A lease that stays behind ends by itself: a failure here changes nothing. */
  async #revoke(lease: bigint): Promise<void> {
    if (lease === 0n) return;
    const { asker } = this.#ports;
    await asker.ask(LeaseService.leaseRevoke, { ID: lease }, true).catch(() => undefined);
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GrpcCallError)) throw error;
      throw new StoreError(`the backend did not answer: ${error.message}`);
    }
  }

  /** One watch over all tokens, made again for ever; after each gap everybody who waits looks again. */
  async #followChanges(): Promise<void> {
    let failed = 0;
    while (!this.#isClosed) {
      try {
        await this.#follow(() => (failed = 0));
      } catch (error) {
        if (!(error instanceof GrpcCallError)) throw error;
        if (this.#isClosed) return;
        const { probe, asker } = this.#ports;
        const fields = { error: error.message };
        if (failed === 0) probe.log('warn', 'lost the watch on the backend', fields);
        asker.moveOn();
      }
      if (this.#isClosed) return;
      await this.#sleep(RETRY_MS[Math.min(failed++, RETRY_MS.length - 1)] ?? 0);
    }
  }

  async #follow(wentWell: () => void): Promise<void> {
    const { asker, probe } = this.#ports;
    const root = `${this.#prefix}/`;
    const createRequest = {
      ...prefixRange(root),
      startRevision: 0,
      progressNotify: false,
      filters: [],
      prevKv: false,
      watchId: 0,
      fragment: false,
    };
    const stream = await asker.stream(WatchService.watch, {
      requestUnion: { $case: 'createRequest', createRequest },
    });
    this.#cancelWatch = () => stream.cancel();
    for await (const bytes of stream) {
      const answer = WatchService.watch.response.decode(bytes);
      if (answer.created) {
        wentWell();
        probe.log('debug', 'watching the backend');
        this.#hub.notifyAll();
      }
      if (answer.canceled) {
        stream.cancel();
        return;
      }
      const tokens = new Set<string>();
      for (const { kv } of answer.events) {
        if (kv !== null) tokens.add(text(kv.key).slice(root.length).split('/')[0] ?? '');
      }
      for (const token of tokens) this.#hub.notify(token);
    }
  }

  #sleep(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

type Times = Pick<TokenRecord, 'createdMs' | 'expiresMs'>;

/** Only for people to look at: whatever is there, nothing depends on it. */
function timesOf(json: string): Times {
  const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  try {
    const parsed = JSON.parse(json) as { createdMs?: unknown; expiresMs?: unknown } | null;
    return {
      createdMs: numberOf(parsed?.createdMs),
      expiresMs: numberOf(parsed?.expiresMs),
    };
  } catch {
    return { createdMs: null, expiresMs: null };
  }
}
