/**
 * Random requests for tests: few keys, so that they meet; every option; nested transactions.
 *
 * Shapes that the API refuses may be made (two puts of one key in a transaction): the caller sorts
 * them out. Sort options are always known ones.
 */
import { type Random, encodeUtf8, fromByteString } from '@conclave/base';
import {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '@conclave/wire';

export const KEYS: readonly string[] = [
  'a', 'aa', 'ab', 'b', 'b\0', 'c', 'd', 'e', 'e1', 'f', '\0', '\xff', '\xff\xff',
]; // prettier-ignore

export class RandomRequests {
  readonly #random: Random;
  /** Leases a put may name; some need not exist. */
  leases: readonly bigint[] = [];
  /** Where the store stands, for revisions to ask for. */
  revision = 1;
  compactRevision = -1;
  /** Sort targets other than KEY inside transactions too. */
  anySortInTxn = true;

  constructor(random: Random) {
    this.#random = random;
  }

  key(): Uint8Array {
    return fromByteString(this.#random.pick(KEYS));
  }

  /** Empty, to the end, or some key, which may be at or below the other end. */
  rangeEnd(): Uint8Array {
    const random = this.#random;
    if (random.chance(0.3)) return new Uint8Array(0);
    return random.chance(0.35) ? new Uint8Array([0]) : this.key();
  }

  someRevision(): number {
    const random = this.#random;
    if (random.chance(0.6)) return 0;
    if (random.chance(0.1)) return random.below(5) - 3;
    const lo = Math.max(1, this.compactRevision - 2);
    return lo + random.below(Math.max(1, this.revision + 2 - lo));
  }

  put(): PutRequest {
    const random = this.#random;
    const ignoreValue = random.chance(0.1);
    const ignoreLease = random.chance(0.1);
    const size = random.chance(0.03) ? 300 : random.below(4);
    const lease = random.chance(0.3) && this.leases.length > 0 ? random.pick(this.leases) : 0n;
    return PutRequest.create({
      key: this.key(),
      value: ignoreValue ? new Uint8Array(0) : new Uint8Array(size).fill(random.below(256)),
      lease: ignoreLease ? 0n : lease,
      prevKv: random.chance(0.3),
      ignoreValue,
      ignoreLease,
    });
  }

  deleteRange(): DeleteRangeRequest {
    const random = this.#random;
    const wide = random.chance(0.3);
    return DeleteRangeRequest.create({
      key: this.key(),
      rangeEnd: wide ? this.rangeEnd() : new Uint8Array(0),
      prevKv: random.chance(0.5),
    });
  }

  range(anySort = true): RangeRequest {
    const random = this.#random;
    const some = (p: number): number =>
      random.chance(p) ? Math.max(0, this.revision - random.below(12)) : 0;
    return RangeRequest.create({
      key: this.key(),
      rangeEnd: random.chance(0.7) ? this.rangeEnd() : new Uint8Array(0),
      limit: random.chance(0.4) ? random.below(6) - 1 : 0,
      revision: this.someRevision(),
      sortOrder: random.below(3) as RangeRequest['sortOrder'],
      sortTarget: (anySort ? random.below(5) : 0) as RangeRequest['sortTarget'],
      serializable: random.chance(0.2),
      keysOnly: random.chance(0.2),
      countOnly: random.chance(0.1),
      minModRevision: some(0.1),
      maxModRevision: some(0.1),
      minCreateRevision: some(0.1),
      maxCreateRevision: some(0.1),
    });
  }

  compare(): Compare {
    const random = this.#random;
    const target = random.below(random.chance(0.03) ? 7 : 5) as Compare['target'];
    return Compare.create({
      result: random.below(random.chance(0.03) ? 6 : 4) as Compare['result'],
      target,
      key: this.key(),
      rangeEnd: random.chance(0.3) ? this.rangeEnd() : new Uint8Array(0),
      targetUnion: random.chance(0.1) ? null : this.#union(target),
    });
  }

  #union(target: number): Compare['targetUnion'] {
    const random = this.#random;
    const near = Math.max(0, this.revision - random.below(8));
    switch (random.chance(0.05) ? random.below(5) : target) {
      case 0:
        return { $case: 'version', version: random.below(4) };
      case 1:
        return { $case: 'createRevision', createRevision: random.chance(0.5) ? 0 : near };
      case 2:
        return { $case: 'modRevision', modRevision: random.chance(0.5) ? 0 : near };
      case 3:
        return { $case: 'value', value: encodeUtf8(random.chance(0.5) ? '' : '\x80') };
      default:
        return {
          $case: 'lease',
          lease: random.chance(0.5) || this.leases.length === 0 ? 0n : random.pick(this.leases),
        };
    }
  }

  txn(depth = 0): TxnRequest {
    const random = this.#random;
    const ops = (): RequestOp[] =>
      Array.from({ length: random.below(5) }, () => RequestOp.create({ request: this.op(depth) }));
    return TxnRequest.create({
      compare: Array.from({ length: random.below(3) }, () => this.compare()),
      success: ops(),
      failure: ops(),
    });
  }

  op(depth: number): RequestOp['request'] {
    const random = this.#random;
    const kind = random.below(depth < 3 ? 8 : 7);
    if (kind < 3) return { $case: 'requestPut', requestPut: this.put() };
    if (kind < 6) return { $case: 'requestRange', requestRange: this.range(this.anySortInTxn) };
    if (kind < 7) return { $case: 'requestDeleteRange', requestDeleteRange: this.deleteRange() };
    return { $case: 'requestTxn', requestTxn: this.txn(depth + 1) };
  }

  /** A transaction of ranges and compares only. */
  readTxn(): TxnRequest {
    const random = this.#random;
    const ops = (): RequestOp[] =>
      Array.from({ length: random.below(3) }, () =>
        RequestOp.create({
          request: { $case: 'requestRange', requestRange: this.range(this.anySortInTxn) },
        }),
      );
    return TxnRequest.create({
      compare: Array.from({ length: random.below(3) }, () => this.compare()),
      success: ops(),
      failure: ops(),
    });
  }
}

/** Whether every op of both branches is a range: such a transaction is a read. */
export function isReadTxn(txn: TxnRequest): boolean {
  const ranges = (ops: readonly RequestOp[]): boolean =>
    ops.every((op) => op.request?.$case === 'requestRange');
  return ranges(txn.success) && ranges(txn.failure);
}

/** Takes ignore_value and ignore_lease away if there is a deletion: etcd itself would crash. */
export function withoutIgnore(txn: TxnRequest): TxnRequest {
  const puts: PutRequest[] = [];
  let deletes = false;
  const look = (one: TxnRequest): void => {
    for (const op of [...one.success, ...one.failure]) {
      if (op.request?.$case === 'requestPut') puts.push(op.request.requestPut);
      if (op.request?.$case === 'requestDeleteRange') deletes = true;
      if (op.request?.$case === 'requestTxn') look(op.request.requestTxn);
    }
  };
  look(txn);
  if (!deletes) return txn;
  for (const put of puts) {
    put.ignoreValue = false;
    put.ignoreLease = false;
  }
  return txn;
}
