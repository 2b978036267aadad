/**
 * The members as the configuration in force names them: a `Progress` for each (leaders read them),
 * and the votes of the election that is on. Every question of quorum is answered here, over both
 * halves of a joint configuration.
 */
import { type Index } from '@conclave/base';
import { assertConfState, EMPTY_CONF_STATE } from './conf-change.js';
import { Inflights } from './inflights.js';
import { Progress } from './progress.js';
import { type AckedIndexes, jointIndex, jointVote, type VoteResult } from './quorum.js';
import type { Slot, SlotConfState } from './ready.js';

export class Tracker {
  confState: SlotConfState = EMPTY_CONF_STATE;
  /** By slot, rising: the order in which a leader sends, the same on every run. */
  peers: readonly Progress[] = [];
  readonly votes = new Map<Slot, boolean>();
  readonly #bySlot = new Map<Slot, Progress>();
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  readonly #matches: AckedIndexes;
  readonly #readAcks: AckedIndexes;

  constructor(inflightMessagesMax: number, inflightBytesMax: number) {
    this.#messagesMax = inflightMessagesMax;
    this.#bytesMax = inflightBytesMax;
    this.#matches = { acked: (slot) => this.#bySlot.get(slot)?.match ?? 0 };
    this.#readAcks = { acked: (slot) => this.#bySlot.get(slot)?.readAck ?? 0 };
  }

  get(slot: Slot): Progress | undefined {
    return this.#bySlot.get(slot);
  }

  /** Takes a new configuration: progress is kept for those who stay, and made for those who come. */
  change(confState: SlotConfState, next: Index): void {
    assertConfState(confState);
    const learners = new Set(confState.learners);
    const members = new Set([
      ...confState.voters,
      ...confState.votersOutgoing,
      ...confState.learners,
    ]);
    for (const slot of this.#bySlot.keys()) {
      if (!members.has(slot)) this.#bySlot.delete(slot);
    }
    for (const slot of members) {
      let peer = this.#bySlot.get(slot);
      if (peer === undefined) {
        const window = new Inflights(this.#messagesMax, this.#bytesMax);
        peer = new Progress(slot, next, learners.has(slot), window);
        // Counts as heard of once, else CheckQuorum may end the leader before it could answer.
        peer.recentActive = true;
        this.#bySlot.set(slot, peer);
      }
      peer.learner = learners.has(slot);
    }
    this.peers = [...this.#bySlot.values()].sort((a, b) => a.slot - b.slot);
    this.confState = confState;
  }

  isVoter(slot: Slot): boolean {
    return this.confState.voters.includes(slot) || this.confState.votersOutgoing.includes(slot);
  }

  /** True if `slot` alone is a quorum. */
  isSingleton(slot: Slot): boolean {
    const { voters, votersOutgoing } = this.confState;
    return (
      voters.length === 1 &&
      voters[0] === slot &&
      (votersOutgoing.length === 0 || (votersOutgoing.length === 1 && votersOutgoing[0] === slot))
    );
  }

  /** The largest index that a quorum holds durably. */
  quorumMatch(): Index {
    return jointIndex(this.confState.voters, this.confState.votersOutgoing, this.#matches);
  }

  /** The largest read context that a quorum has confirmed. */
  quorumReadAck(): number {
    return jointIndex(this.confState.voters, this.confState.votersOutgoing, this.#readAcks);
  }

  /** True if a quorum was heard of since the last look; `self` always is. Starts a new period. */
  takeQuorumActive(self: Slot): boolean {
    const active = new Map<Slot, boolean>();
    for (const peer of this.peers) {
      active.set(peer.slot, peer.slot === self || peer.recentActive);
      peer.recentActive = peer.slot === self;
    }
    return jointVote(this.confState.voters, this.confState.votersOutgoing, active) === 'won';
  }

  voteResult(): VoteResult {
    return jointVote(this.confState.voters, this.confState.votersOutgoing, this.votes);
  }
}
