/**
 * A second store, written as plainly as the specification reads: one list of all versions ever
 * made, searched from end to end for every question. Slow on purpose, and shares no code with the
 * real one.
 */
import { type ByteString, crc32c, encodeUtf8, fromByteString, toByteString } from '@conclave/base';
import {
  type Compare,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';

export interface NaiveRow {
  readonly key: ByteString;
  readonly main: number;
  readonly sub: number;
  readonly create: number;
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly tombstone: boolean;
}

export class NaiveError extends Error {}

const header = (revision: number): ResponseHeader => ResponseHeader.create({ revision });

export function keyValue(row: NaiveRow): KeyValue {
  const key = fromByteString(row.key);
  if (row.tombstone) return KeyValue.create({ key, modRevision: row.main });
  return KeyValue.create({
    key,
    createRevision: row.create,
    modRevision: row.main,
    version: row.version,
    value: row.value,
    lease: row.lease,
  });
}

function selects(key: Uint8Array, rangeEnd: Uint8Array): (candidate: ByteString) => boolean {
  const lo = toByteString(key);
  const hi = toByteString(rangeEnd);
  if (hi === '') return (k) => k === lo;
  if (hi === '\0') return (k) => k >= lo;
  return (k) => k >= lo && k < hi;
}

export class NaiveStore {
  rows: NaiveRow[] = [];
  revision = 1;
  compactRevision = -1;
  leases = new Set<bigint>();

  clone(): NaiveStore {
    const copy = new NaiveStore();
    copy.rows = this.rows.slice();
    copy.revision = this.revision;
    copy.compactRevision = this.compactRevision;
    copy.leases = new Set(this.leases);
    return copy;
  }

  /** Keys alive at `revision`, in key order. */
  alive(revision: number): NaiveRow[] {
    const newest = new Map<ByteString, NaiveRow>();
    for (const row of this.rows) if (row.main <= revision) newest.set(row.key, row);
    return [...newest.values()]
      .filter((row) => !row.tombstone)
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  /** Versions that etcd has stored after the compaction, `lenient`: and all of that revision. */
  stored(lenient: boolean): NaiveRow[] {
    const c = this.compactRevision;
    const kept = new Set(this.alive(c));
    return this.rows.filter((r) => r.main > c || kept.has(r) || (lenient && r.main === c));
  }

  range(request: RangeRequest): Uint8Array {
    return RangeResponse.encode(this.#range(request, this.revision, this.revision));
  }

  #range(r: RangeRequest, current: number, visible: number): RangeResponse {
    if (r.revision > current) throw new NaiveError('future-revision');
    const revision = r.revision <= 0 ? visible : r.revision;
    if (revision < this.compactRevision) throw new NaiveError('compacted');
    const inside = selects(r.key, r.rangeEnd);
    let rows = this.alive(revision).filter((row) => inside(row.key));
    const count = rows.length;
    const bounds = [r.minModRevision, r.maxModRevision, r.minCreateRevision, r.maxCreateRevision];
    const filtered = bounds.some((bound) => bound !== 0);
    if (r.limit > 0 && r.sortOrder === 0 && !filtered) rows = rows.slice(0, r.limit + 1);
    if (r.minModRevision !== 0) rows = rows.filter((row) => row.main >= r.minModRevision);
    if (r.maxModRevision !== 0) rows = rows.filter((row) => row.main <= r.maxModRevision);
    if (r.minCreateRevision !== 0) rows = rows.filter((row) => row.create >= r.minCreateRevision);
    if (r.maxCreateRevision !== 0) rows = rows.filter((row) => row.create <= r.maxCreateRevision);
    const by = [
      (row: NaiveRow) => row.key,
      (row: NaiveRow) => row.version,
      (row: NaiveRow) => row.create,
      (row: NaiveRow) => row.main,
      (row: NaiveRow) => toByteString(row.value),
    ][r.sortTarget] as (row: NaiveRow) => string | number;
    const sign = r.sortOrder === 2 ? -1 : 1;
    rows.sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
    const more = r.limit > 0 && rows.length > r.limit;
    if (more) rows = rows.slice(0, r.limit);
    if (r.countOnly) rows = [];
    const kvs = rows.map((row) => ({
      ...keyValue(row),
      value: r.keysOnly ? new Uint8Array(0) : row.value,
    }));
    return RangeResponse.create({ kvs, more: more && !r.countOnly, count });
  }

  put(request: PutRequest): Uint8Array {
    const next = this.clone();
    next.revision++;
    this.#checkLease(request);
    this.#checkIgnore(request);
    const body = PutResponse.encode(next.#put(request));
    Object.assign(this, next);
    return body;
  }

  deleteRange(key: Uint8Array, rangeEnd: Uint8Array, prevKv: boolean): Uint8Array {
    const before = this.rows.length;
    this.revision++;
    const response = this.#delete(selects(key, rangeEnd), prevKv);
    if (this.rows.length === before) this.revision--;
    return DeleteRangeResponse.encode(response);
  }

  deleteKeys(keys: readonly ByteString[]): void {
    const before = this.rows.length;
    this.revision++;
    this.#delete((key) => keys.includes(key), false);
    if (this.rows.length === before) this.revision--;
  }

  txn(request: TxnRequest): Uint8Array {
    const path = this.#path(request);
    this.#checkPuts(path);
    this.#checkRanges(path);
    const next = this.clone();
    next.revision++;
    const response = next.#run(path, this.revision);
    if (next.rows.length === this.rows.length) next.revision--;
    Object.assign(this, next);
    return TxnResponse.encode(response);
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision) throw new NaiveError('compacted');
    if (revision > this.revision) throw new NaiveError('future-revision');
    this.compactRevision = revision;
  }

  hash(revision: number, compactRevision: number): number {
    const at = this.clone();
    at.compactRevision = compactRevision;
    const alive = new Set(this.alive(revision));
    let hash = crc32c(encodeUtf8('key'));
    for (const row of at.stored(false)) {
      if (row.main > revision) continue;
      if (row.main <= compactRevision && alive.size > 0 && !alive.has(row)) continue;
      const key = new Uint8Array(row.tombstone ? 18 : 17);
      const view = new DataView(key.buffer);
      view.setBigUint64(0, BigInt(row.main));
      key[8] = 0x5f;
      view.setBigUint64(9, BigInt(row.sub));
      if (row.tombstone) key[17] = 0x74;
      hash = crc32c(key, hash);
      const kv = row.tombstone ? KeyValue.create({ key: fromByteString(row.key) }) : keyValue(row);
      hash = crc32c(KeyValue.encode(kv), hash);
    }
    return hash;
  }

  /** The value that a watch calls previous; null: none, or compacted. */
  before(row: NaiveRow): NaiveRow | null {
    if (row.create === row.main || row.main - 1 < this.compactRevision) return null;
    return this.alive(row.main - 1).find((other) => other.key === row.key) ?? null;
  }

  #append(row: Omit<NaiveRow, 'main' | 'sub'>): void {
    const sub = this.rows.filter((other) => other.main === this.revision).length;
    this.rows.push({ ...row, main: this.revision, sub });
  }

  #put(request: PutRequest): PutResponse {
    const key = toByteString(request.key);
    const old = this.alive(this.revision).find((row) => row.key === key);
    this.#append({
      key,
      create: old?.create ?? this.revision,
      version: (old?.version ?? 0) + 1,
      value: (request.ignoreValue ? old?.value : request.value) as Uint8Array,
      lease: (request.ignoreLease ? old?.lease : request.lease) as bigint,
      tombstone: false,
    });
    return PutResponse.create({ prevKv: request.prevKv && old ? keyValue(old) : null });
  }

  #delete(inside: (key: ByteString) => boolean, prevKv: boolean): DeleteRangeResponse {
    const gone = this.alive(this.revision).filter((row) => inside(row.key));
    const value = new Uint8Array(0);
    for (const { key } of gone) {
      this.#append({ key, create: 0, version: 0, value, lease: 0n, tombstone: true });
    }
    const prevKvs = prevKv ? gone.map(keyValue) : [];
    return DeleteRangeResponse.create({ deleted: gone.length, prevKvs });
  }

  #path(txn: TxnRequest): NaivePath {
    const succeeded = txn.compare.every((compare) => this.#holds(compare));
    const ops = (succeeded ? txn.success : txn.failure).map((op) => {
      const nested = op.request?.$case === 'requestTxn' ? this.#path(op.request.requestTxn) : null;
      return { op, nested };
    });
    return { succeeded, ops };
  }

  #holds(c: Compare): boolean {
    const inside = selects(c.key, c.rangeEnd);
    const rows = this.alive(this.revision).filter((row) => inside(row.key));
    if (rows.length === 0) {
      if (c.target === 3) return false;
      rows.push({
        key: '',
        main: 0,
        sub: 0,
        create: 0,
        version: 0,
        lease: 0n,
        tombstone: false,
        value: new Uint8Array(0),
      });
    }
    return rows.every((row) => {
      const u = c.targetUnion;
      const [have, want] = [
        [row.version, u?.$case === 'version' ? u.version : 0],
        [row.create, u?.$case === 'createRevision' ? u.createRevision : 0],
        [row.main, u?.$case === 'modRevision' ? u.modRevision : 0],
        [toByteString(row.value), u?.$case === 'value' ? toByteString(u.value) : ''],
        [row.lease, u?.$case === 'lease' ? u.lease : 0n],
      ][c.target] ?? [0, 0];
      const less = (have as number) < (want as number);
      const greater = (have as number) > (want as number);
      return [!less && !greater, greater, less, less || greater][c.result] ?? true;
    });
  }

  #checkLease(put: PutRequest): void {
    if (put.lease !== 0n && !this.leases.has(put.lease)) throw new NaiveError('lease-not-found');
  }

  #checkIgnore(put: PutRequest): void {
    const key = toByteString(put.key);
    if (!put.ignoreValue && !put.ignoreLease) return;
    if (!this.alive(this.revision).some((r) => r.key === key))
      throw new NaiveError('key-not-found');
  }

  #checkPuts(path: NaivePath): void {
    for (const { op, nested } of path.ops) {
      if (nested !== null) this.#checkPuts(nested);
      if (op.request?.$case !== 'requestPut') continue;
      this.#checkIgnore(op.request.requestPut);
      this.#checkLease(op.request.requestPut);
    }
  }

  #checkRanges(path: NaivePath): void {
    for (const { op, nested } of path.ops) {
      if (nested !== null) this.#checkRanges(nested);
      if (op.request?.$case !== 'requestRange') continue;
      const { revision } = op.request.requestRange;
      if (revision > this.revision) throw new NaiveError('future-revision');
      if (revision !== 0 && revision < this.compactRevision) throw new NaiveError('compacted');
    }
  }

  /** `begin`: the revision before the transaction; this store stands at the one behind it. */
  #run(path: NaivePath, begin: number): TxnResponse {
    const changed = (): number => (this.rows.at(-1)?.main === begin + 1 ? begin + 1 : begin);
    const responses = path.ops.map(({ op, nested }): ResponseOp => {
      const request = op.request as NonNullable<RequestOp['request']>;
      switch (request.$case) {
        case 'requestPut': {
          const responsePut = { ...this.#put(request.requestPut), header: header(changed()) };
          return { response: { $case: 'responsePut', responsePut } };
        }
        case 'requestDeleteRange': {
          const { key, rangeEnd, prevKv } = request.requestDeleteRange;
          const deleted = this.#delete(selects(key, rangeEnd), prevKv);
          const responseDeleteRange = { ...deleted, header: header(changed()) };
          return { response: { $case: 'responseDeleteRange', responseDeleteRange } };
        }
        case 'requestRange': {
          const range = this.#range(request.requestRange, begin, changed());
          const responseRange = { ...range, header: header(changed()) };
          return { response: { $case: 'responseRange', responseRange } };
        }
        case 'requestTxn': {
          const run = this.#run(nested as NaivePath, begin);
          const responseTxn = { ...run, header: header(0) };
          return { response: { $case: 'responseTxn', responseTxn } };
        }
      }
    });
    return TxnResponse.create({ succeeded: path.succeeded, responses });
  }
}

interface NaivePath {
  readonly succeeded: boolean;
  readonly ops: readonly { readonly op: RequestOp; readonly nested: NaivePath | null }[];
}
