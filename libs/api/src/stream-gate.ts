/**
 * Ends streams that asked for a leader (`hasleader: true`) once this member has known none for three
 * election timeouts. Reconnecting streams costs more than refusing a new call, hence the patience.
 */
import type { Cancel, ReplicaView } from '@conclave/replica';

const ELECTIONS_WITHOUT_LEADER = 3;

export class LeaderLoss {
  readonly #replica: ReplicaView;
  readonly #streams = new Set<() => void>();
  #timer: Cancel | null = null;
  #listening = false;

  constructor(replica: ReplicaView) {
    this.#replica = replica;
  }

  /** `lost` runs at most once; the returned Cancel is for a stream that ended by itself. */
  watch(lost: () => void): Cancel {
    if (!this.#listening) {
      this.#listening = true;
      this.#replica.onLeaderChange(() => this.#changed());
    }
    this.#streams.add(lost);
    this.#changed();
    return () => void this.#streams.delete(lost);
  }

  #changed(): void {
    if (this.#replica.leaderId !== 0n) {
      this.#timer?.();
      this.#timer = null;
      return;
    }
    if (this.#timer !== null || this.#streams.size === 0) return;
    const patienceMs = ELECTIONS_WITHOUT_LEADER * this.#replica.electionMs;
    this.#timer = this.#replica.after(patienceMs, () => {
      this.#timer = null;
      const streams = [...this.#streams];
      this.#streams.clear();
      for (const lost of streams) lost();
    });
  }
}
