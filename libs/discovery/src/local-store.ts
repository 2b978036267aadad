/**
 * `RegistryStore` on an engine of its own (RocksDB), all of it in memory as well.
 *
 * A change is written as one batch and flushed before it is seen or acknowledged: RocksDB's own
 * write-ahead log is never trusted, so what a kill or a power loss leaves is exactly the last finished
 * flush. Changes go one at a time; what arrives meanwhile waits in a queue with a bound. Expired tokens
 * are invisible at once and removed by a sweep. The first failure of the engine is final.
 */
import {
  type Clock,
  type DiskFailure,
  type Engine,
  type EngineOp,
  assert,
  decodeUtf8,
  encodeUtf8,
} from '@conclave/base';
import { ChangeHub } from './change-hub.js';
import {
  META_KEY,
  REGISTRY_FORMAT,
  type TokenRow,
  decodeMember,
  decodeMeta,
  decodeToken,
  encodeRow,
  memberKey,
  memberRange,
  tokenKey,
} from './local-rows.js';
import {
  type Changed,
  type MemberRecord,
  type PutMode,
  type RegistryStore,
  StoreError,
  type StoreLimits,
  type StoreRefusal,
  type TokenView,
} from './registry-store.js';

const QUEUE_MAX = 4_096;
const SCAN_ROWS = 500;
/** Removed in one batch by a sweep; the rest follows in the next. */
const SWEEP_TOKENS_MAX = 100;

export interface LocalStorePorts {
  readonly engine: Engine;
  readonly clock: Clock;
  /** The engine failed: nothing can be acknowledged any more, so the process should end. */
  readonly failed: (message: string) => void;
}

interface Token {
  row: TokenRow;
  readonly members: Map<string, MemberRecord>;
}

/** A change worked out but not made: what to write, and what to do in memory once that is durable. */
interface Plan {
  readonly ops: readonly EngineOp[];
  readonly token: string;
  apply(): Changed;
}

export class LocalStore implements RegistryStore {
  readonly #limits: StoreLimits;
  readonly #ports: LocalStorePorts;
  readonly #hub = new ChangeHub();
  readonly #tokens = new Map<string, Token>();
  #index = 1;
  #bytes = 0;
  #queued = 0;
  #tail: Promise<void> = Promise.resolve();
  #failure: string | null = null;

  private constructor(limits: StoreLimits, ports: LocalStorePorts) {
    this.#limits = limits;
    this.#ports = ports;
  }

  /** Reads the whole registry. Rejects with a ConclaveError when it is corrupt or of another format. */
  static async open(limits: StoreLimits, ports: LocalStorePorts): Promise<LocalStore> {
    const store = new LocalStore(limits, ports);
    const [meta] = await store.#get([META_KEY]);
    if (meta) store.#index = decodeMeta(meta).index;
    await store.#scan('t/', 't0', (key, value) => {
      store.#tokens.set(key.slice(2), { row: decodeToken(key, value), members: new Map() });
    });
    await store.#scan('m/', 'm0', (key, value) => {
      const slash = key.indexOf('/', 2);
      const id = key.slice(slash + 1);
      const member = { id, ...decodeMember(key, value) };
      store.#tokens.get(key.slice(2, slash))?.members.set(id, member);
      store.#bytes += id.length + member.value.length;
    });
    return store;
  }

  get tokenCount(): number {
    return this.#tokens.size;
  }

  watch(token: string, changed: () => void): () => void {
    return this.#hub.watch(token, changed);
  }

  isHealthy(): Promise<boolean> {
    return Promise.resolve(this.#failure === null && this.#queued < QUEUE_MAX);
  }

  read(token: string): Promise<TokenView> {
    const found = this.#find(token);
    if (found === null) return Promise.resolve({ index: this.#index, record: null });
    const { size, sizeIndex, createdMs, ttlMs, removedIndex } = found.row;
    const members = [...found.members.values()].sort((a, b) => a.createdIndex - b.createdIndex);
    const expiresMs = ttlMs === 0 ? null : createdMs + ttlMs;
    const record = { token, size, sizeIndex, createdMs, expiresMs, removedIndex, members };
    return Promise.resolve({ index: this.#index, record });
  }

  createToken(token: string, size: number): Promise<Changed> {
    return this.#change(() => {
      if (this.#find(token) !== null) return 'token-exists';
      if (this.#tokens.size >= this.#limits.tokensMax) return 'too-many-tokens';
      const index = this.#index + 1;
      const createdMs = Math.floor(this.#ports.clock.wallMs());
      const ttlMs = this.#limits.tokenTtlMs;
      const row = { size, sizeIndex: index, createdMs, ttlMs, removedIndex: 0 };
      const ops: EngineOp[] = [{ type: 'put', key: tokenKey(token), value: encodeRow(row) }];
      // What an expired token of the same name left must not come back.
      const { lo, hi } = memberRange(token);
      if (this.#tokens.has(token)) ops.unshift({ type: 'delete-range', lo, hi });
      return {
        ops,
        token,
        apply: () => {
          this.#forget(token);
          this.#tokens.set(token, { row, members: new Map() });
          return { ok: true, index, member: null, before: null };
        },
      };
    });
  }

  putMember(token: string, id: string, value: string, mode: PutMode): Promise<Changed> {
    return this.#change(() => {
      const found = this.#find(token);
      if (found === null) return 'no-token';
      const before = found.members.get(id) ?? null;
      if (mode === 'create' && before !== null) return 'member-exists';
      if (mode === 'update' && before === null) return 'no-member';
      if (before === null && found.members.size >= this.#limits.membersPerTokenMax) {
        return 'too-many-members';
      }
      const grows = value.length - (before?.value.length ?? -id.length);
      if (this.#bytes + grows > this.#limits.bytesMax) return 'registry-full';
      const index = this.#index + 1;
      // As in v2: `set` begins a node anew, `update` keeps where it stood.
      const createdIndex = before !== null && mode === 'update' ? before.createdIndex : index;
      const row = { value, createdIndex, modifiedIndex: index };
      const member = { id, ...row };
      return {
        ops: [{ type: 'put', key: memberKey(token, id), value: encodeRow(row) }],
        token,
        apply: () => {
          found.members.set(id, member);
          this.#bytes += grows;
          return { ok: true, index, member, before };
        },
      };
    });
  }

  removeMember(token: string, id: string): Promise<Changed> {
    return this.#change(() => {
      const found = this.#find(token);
      if (found === null) return 'no-token';
      const before = found.members.get(id);
      if (before === undefined) return 'no-member';
      const index = this.#index + 1;
      const row = { ...found.row, removedIndex: index };
      return {
        ops: [
          { type: 'delete', key: memberKey(token, id) },
          { type: 'put', key: tokenKey(token), value: encodeRow(row) },
        ],
        token,
        apply: () => {
          found.members.delete(id);
          found.row = row;
          this.#bytes -= id.length + before.value.length;
          return { ok: true, index, member: null, before };
        },
      };
    });
  }

  removeToken(token: string): Promise<Changed> {
    return this.#change(() => {
      if (this.#find(token) === null) return 'no-token';
      return this.#planRemoval(token);
    });
  }

  /** Removes tokens that are past their time; answers how many. */
  async sweep(): Promise<number> {
    const over: string[] = [];
    for (const [token, { row }] of this.#tokens) {
      if (this.#isOver(row)) over.push(token);
      if (over.length >= SWEEP_TOKENS_MAX) break;
    }
    for (const token of over) {
      await this.#change(() => {
        // It may have been made anew meanwhile.
        const found = this.#tokens.get(token);
        if (found === undefined || !this.#isOver(found.row)) return 'no-token';
        return this.#planRemoval(token);
      });
    }
    return over.length;
  }

  async close(): Promise<void> {
    await this.#tail;
    this.#failure ??= 'the registry is closed';
    await new Promise<void>((resolve) => this.#ports.engine.close(() => resolve()));
  }

  #planRemoval(token: string): Plan {
    const index = this.#index + 1;
    const { lo, hi } = memberRange(token);
    return {
      ops: [
        { type: 'delete', key: tokenKey(token) },
        { type: 'delete-range', lo, hi },
      ],
      token,
      apply: () => {
        this.#forget(token);
        return { ok: true, index, member: null, before: null };
      },
    };
  }

  #forget(token: string): void {
    for (const { id, value } of this.#tokens.get(token)?.members.values() ?? []) {
      this.#bytes -= id.length + value.length;
    }
    this.#tokens.delete(token);
    assert(this.#bytes >= 0, 'bytes of the registry are counted in and out alike');
  }

  #isOver(row: TokenRow): boolean {
    return row.ttlMs !== 0 && this.#ports.clock.wallMs() >= row.createdMs + row.ttlMs;
  }

  /** Null too when the token is past its time. */
  #find(token: string): Token | null {
    const found = this.#tokens.get(token);
    return found === undefined || this.#isOver(found.row) ? null : found;
  }

  /** Plans when its turn has come, writes, flushes, and only then shows the change. */
  #change(plan: () => Plan | StoreRefusal): Promise<Changed> {
    if (this.#queued >= QUEUE_MAX) {
      return Promise.reject(new StoreError('too many changes wait to be written'));
    }
    this.#queued++;
    const turn = this.#tail.then(async (): Promise<Changed> => {
      if (this.#failure !== null) throw new StoreError(this.#failure);
      const planned = plan();
      if (typeof planned === 'string') return { ok: false, code: planned, index: this.#index };
      const meta = encodeRow({ format: REGISTRY_FORMAT, index: this.#index + 1 });
      await this.#write([...planned.ops, { type: 'put', key: META_KEY, value: meta }]);
      this.#index++;
      const changed = planned.apply();
      this.#hub.notify(planned.token);
      return changed;
    });
    const over = (): void => {
      this.#queued--;
    };
    this.#tail = turn.then(over, over);
    return turn;
  }

  async #write(ops: readonly EngineOp[]): Promise<void> {
    const { engine } = this.#ports;
    await this.#done((done) => engine.write(ops, done));
    await this.#done((done) => engine.flush(done));
  }

  #done(start: (done: (failure: DiskFailure | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((failure) => {
        if (failure === null) {
          resolve();
          return;
        }
        this.#failure = `the registry cannot be written: ${failure.message}`;
        this.#ports.failed(this.#failure);
        reject(new StoreError(this.#failure));
      });
    });
  }

  #get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | null)[]> {
    return new Promise((resolve, reject) => {
      this.#ports.engine.get(keys, (failure, values) => {
        if (failure) reject(new StoreError(failure.message));
        else resolve(values);
      });
    });
  }

  async #scan(
    from: string,
    to: string,
    each: (key: string, value: Uint8Array) => void,
  ): Promise<void> {
    let lo: Uint8Array = encodeUtf8(from);
    const hi = encodeUtf8(to);
    for (;;) {
      const start = lo;
      const rows = await new Promise<readonly { key: Uint8Array; value: Uint8Array }[]>(
        (resolve, reject) => {
          this.#ports.engine.scan(start, hi, SCAN_ROWS, (failure, found) => {
            if (failure) reject(new StoreError(failure.message));
            else resolve(found);
          });
        },
      );
      for (const { key, value } of rows) each(decodeUtf8(key), value);
      const last = rows.at(-1);
      if (rows.length < SCAN_ROWS || last === undefined) return;
      lo = Uint8Array.of(...last.key, 0);
    }
  }
}
