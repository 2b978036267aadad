import { assertLe } from '@conclave/base';
import type { Clock, Index } from '@conclave/base';
import type { PeerProgress, RawNode } from '@conclave/raft';
import type { ReplicaOptions, ReplicaPorts } from './options.js';
import type { SlotTable } from './slot-table.js';

/**
 * A member that lags holds the log back by so many entries at most: beyond, it will need a snapshot, but
 * the disk does not fill.
 */
const HELD_ENTRIES_MAX = 1_000_000;
/** As etcd: so long a member that got a snapshot may take to install it and ask for what follows. */
const FOLLOW_UP_MS = 30_000;

export interface LogHoldPorts {
  readonly clock: Clock;
  /** Of all members as the leader knows them; empty when not leading. */
  progress(): readonly PeerProgress[];
  /** This member; it holds nothing back. */
  readonly slot: number;
  isConnected(slot: number): boolean;
  /** The log begins behind it. */
  cutIndex(): Index;
  /** See `SnapshotTransfer.heldIndex`. */
  snapshotIndex(): Index | null;
}

/**
 * How far the log may be cut without sending a member into a snapshot, or from one snapshot into the
 * next: entries are kept for members that follow, however slowly, for those that are getting a snapshot,
 * and for those that have just got one. A member that is away holds nothing back.
 */
export class LogHold {
  readonly #ports: LogHoldPorts;
  /** Slots of members that got a snapshot and have not acknowledged it yet. */
  readonly #delivered = new Map<number, { readonly index: Index; readonly untilMs: number }>();

  constructor(ports: LogHoldPorts) {
    this.#ports = ports;
  }

  /** `slot` has a snapshot that stands at `index`. */
  delivered(slot: number, index: Index): void {
    this.#delivered.set(slot, { index, untilMs: this.#ports.clock.monotonicMs() + FOLLOW_UP_MS });
  }

  /** The index, at most `wanted`, up to which the log may be cut. */
  limit(wanted: Index): Index {
    const { clock, slot: self } = this.#ports;
    const nowMs = clock.monotonicMs();
    let limit = Math.min(wanted, this.#ports.snapshotIndex() ?? wanted);
    const peers = this.#ports.progress();
    if (peers.length === 0) this.#delivered.clear();
    for (const peer of peers) {
      if (peer.slot !== self) limit = Math.min(limit, this.#needOf(peer, nowMs) ?? wanted);
    }
    limit = Math.max(limit, wanted - HELD_ENTRIES_MAX);
    assertLe(limit, wanted, 'a hold never cuts further');
    return limit;
  }

  /** Where `peer` goes on; null: it holds nothing back. */
  #needOf(peer: PeerProgress, nowMs: number): Index | null {
    const { slot, match, recentActive } = peer;
    const delivered = this.#delivered.get(slot);
    if (delivered !== undefined) {
      if (match < delivered.index && nowMs < delivered.untilMs) return delivered.index;
      this.#delivered.delete(slot);
    }
    // Behind the cut nothing helps it but a snapshot.
    if (match < this.#ports.cutIndex()) return null;
    return recentActive || this.#ports.isConnected(slot) ? match : null;
  }
}

/** Wired to the parts of a replica. */
export function logHold(
  { memberId }: ReplicaOptions,
  { clock, log, snapshots, transport }: ReplicaPorts,
  raft: RawNode,
  slots: SlotTable,
): LogHold {
  return new LogHold({
    clock,
    progress: () => raft.status().progress,
    slot: slots.slotOf(memberId),
    isConnected: (slot) => transport.connectedSinceMs(slots.idOf(slot)) !== null,
    cutIndex: () => log.cut.index,
    snapshotIndex: () => snapshots.heldIndex,
  });
}
