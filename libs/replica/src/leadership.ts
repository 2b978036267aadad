import type { Probe } from '@conclave/base';
import { hexId } from '@conclave/base';
import type { Cancel } from './types.js';

/** Who leads, since when, and who wants to know. Changes only through `update`. */
export class Leadership {
  readonly #memberId: bigint;
  readonly #probe: Probe;
  readonly #listeners = new Set<() => void>();
  #leaderId = 0n;
  #isLeader = false;
  #sinceMs = 0;

  constructor(memberId: bigint, probe: Probe) {
    this.#memberId = memberId;
    this.#probe = probe;
  }

  get leaderId(): bigint {
    return this.#leaderId;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** When the present leader (or the last one, if there is none) became known. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** True: another leader than before, or none. */
  update(leaderId: bigint, isLeader: boolean, term: number, nowMs: number): boolean {
    const changed = leaderId !== this.#leaderId;
    const before = this.#leaderId;
    this.#leaderId = leaderId;
    this.#isLeader = isLeader;
    if (!changed) return false;
    const fields = { 'local-member-id': hexId(this.#memberId), term };
    if (leaderId === 0n) {
      this.#probe.log('info', 'raft.node: lost leader', { ...fields, leader: hexId(before) });
      return true;
    }
    this.#sinceMs = nowMs;
    this.#probe.count('etcd_server_leader_changes_seen_total');
    this.#probe.log('info', 'raft.node: elected leader', { ...fields, leader: hexId(leaderId) });
    return true;
  }

  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
