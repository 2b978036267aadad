/** The rows of leases. Deadlines are no part of them: they are the primary's own (see `lease`). */
import { type EngineOp, type EngineRow, assertDefined } from '@conclave/base';
import type { Lessor } from '@conclave/lease';
import { Lease } from '@conclave/wire';
import { keyId, leaseKey } from './rows.js';

export class LeaseRows {
  readonly #dirty = new Set<bigint>();

  /** The lease was granted, checkpointed, or went. */
  changed(id: bigint): void {
    this.#dirty.add(id);
  }

  reset(): void {
    this.#dirty.clear();
  }

  takeOps(leases: Lessor, ops: EngineOp[]): void {
    for (const id of this.#dirty) {
      const key = leaseKey(id);
      if (!leases.exists(id)) ops.push({ type: 'delete', key });
      else ops.push({ type: 'put', key, value: encodeLease(leases, id) });
    }
    this.#dirty.clear();
  }

  /** All rows, by id. */
  rows(leases: Lessor): EngineRow[] {
    const ids = [...leases.ids()].sort((a, b) => (a < b ? -1 : 1));
    return ids.map((id) => ({ key: leaseKey(id), value: encodeLease(leases, id) }));
  }
}

/** Restores one lease; answers what is wrong with the row. Throws DecodeError. */
export function restoreLease(row: EngineRow, leases: Lessor): string | null {
  const id = keyId(row.key, 0, 1);
  const lease = Lease.decode(row.value);
  if (id === null || lease.ID === 0n || BigInt.asUintN(64, lease.ID) !== id) {
    return 'state: bad lease row';
  }
  leases.restore(lease.ID, lease.TTL, lease.remainingTTL, lease.freshIndex);
  return null;
}

function encodeLease(leases: Lessor, id: bigint): Uint8Array {
  const view = assertDefined(leases.view(id, 0), 'a row of a lease that is there');
  const { ttl, checkpointed, freshIndex } = view;
  return Lease.encode({ ID: id, TTL: ttl, remainingTTL: checkpointed, freshIndex });
}
