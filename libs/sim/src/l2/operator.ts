/**
 * Somebody who runs the cluster: moves leadership, adds a member as a learner or voter, starts it,
 * promotes it once it has caught up, removes one in turn, and replaces one whose machine or directory is
 * lost under a new id. All of it through the api, with what it answers.
 */
import {
  HashKVRequest,
  MemberAddRequest,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MemberUpdateRequest,
  type Member,
  MoveLeaderRequest,
  StatusRequest,
  StatusResponse,
} from '@conclave/wire';
import type { SimClient } from './client.js';
import { Method } from './requests.js';
import { peerURL } from './member-shape.js';

export interface OperatorShape {
  readonly changesMembers: boolean;
  readonly movesLeader: boolean;
  readonly membersMin: number;
  readonly membersMax: number;
  readonly paceMs: number;
}

export interface OperatorWorld {
  /** A machine for a member that was added; its process starts now. */
  launch(id: bigint): void;
  /** Its machine or its data directory is lost. */
  isGone(id: bigint): boolean;
}

export class Operator {
  readonly #client: SimClient;
  readonly #shape: OperatorShape;
  readonly #world: OperatorWorld;
  #nextId: bigint;
  /** Removals that were asked for and may still happen. */
  #openRemovals = 0;

  constructor(client: SimClient, shape: OperatorShape, world: OperatorWorld, nextId: bigint) {
    this.#client = client;
    this.#shape = shape;
    this.#world = world;
    this.#nextId = nextId;
    this.#again();
  }

  /** Nobody is about to leave: another member may be lost, and the rest is still a quorum. */
  get isSettled(): boolean {
    return this.#openRemovals === 0;
  }

  #again(): void {
    const { host, random, world } = this.#client;
    host.after(this.#shape.paceMs / 2 + random.below(this.#shape.paceMs), () => {
      if (!world.isEnding) this.#client.connect(() => this.#look());
    });
  }

  #look(): void {
    const body = MemberListRequest.encode({ linearizable: true });
    this.#client.unary('member list', Method.MEMBER_LIST, body, 5_000, (outcome) => {
      if (outcome.type !== 'ok') {
        // A learner or one that is cut off: somebody else may know.
        this.#client.disconnect();
        return this.#again();
      }
      this.#decide(MemberListResponse.decode(outcome.response).members);
    });
  }

  #decide(members: readonly Member[]): void {
    const { random } = this.#client;
    const learner = members.find((m) => m.isLearner);
    const voters = members.filter((m) => !m.isLearner);
    if (this.#shape.movesLeader && random.chance(0.4)) return this.#moveLeader(voters);
    if (random.chance(0.1)) return this.#hash();
    if (!this.#shape.changesMembers) return this.#again();
    const gone = members.filter((m) => this.#world.isGone(m.ID));
    if (gone.length > 0) return this.#replace(random.pick(gone), voters);
    if (learner !== undefined) {
      this.#world.launch(learner.ID);
      return random.chance(0.9) ? this.#promote(learner.ID) : this.#remove(learner.ID);
    }
    for (const { ID } of voters) this.#world.launch(ID);
    if (random.chance(0.05)) return this.#update(random.pick(members));
    if (voters.length >= this.#shape.membersMax) return this.#remove(random.pick(voters).ID);
    if (voters.length > this.#shape.membersMin && random.chance(0.4)) {
      return this.#remove(random.pick(voters).ID);
    }
    this.#add();
  }

  /** First the lost one goes or first the new one comes; nobody else is removed meanwhile. */
  #replace(lost: Member, voters: readonly Member[]): void {
    const isSpare = voters.length > this.#shape.membersMax;
    if (!isSpare && this.#client.random.chance(0.3)) return this.#add();
    this.#remove(lost.ID, 'replace');
  }

  /** The address it has: nothing changes, by a way of its own through the log. */
  #update({ ID, peerURLs }: Member): void {
    const body = MemberUpdateRequest.encode({ ID, peerURLs });
    this.#client.unary('update', Method.MEMBER_UPDATE, body, 8_000, () => this.#again());
  }

  #hash(): void {
    const body = HashKVRequest.encode({ revision: 0 });
    this.#client.unary('hash', Method.HASH_KV, body, 5_000, () => this.#again());
  }

  #moveLeader(voters: readonly Member[]): void {
    const { random } = this.#client;
    const ask = StatusRequest.encode(StatusRequest.create());
    this.#client.unary('status', Method.STATUS, ask, 2_000, (outcome) => {
      if (outcome.type !== 'ok') return this.#again();
      const { leader } = StatusResponse.decode(outcome.response);
      const others = voters.filter((m) => m.ID !== leader);
      if (others.length === 0) return this.#again();
      const body = MoveLeaderRequest.encode({ targetID: random.pick(others).ID });
      this.#client.unary('move leader', Method.MOVE_LEADER, body, 5_000, () => this.#again());
    });
  }

  #add(): void {
    const id = this.#nextId++;
    const request = { peerURLs: [peerURL(id)], isLearner: this.#client.random.chance(0.85) };
    const label = request.isLearner ? 'add learner' : 'add voter';
    const body = MemberAddRequest.encode(request);
    this.#client.unary(label, Method.MEMBER_ADD, body, 8_000, (outcome) => {
      if (outcome.type === 'ok') this.#world.launch(id);
      this.#again();
    });
  }

  #promote(ID: bigint): void {
    const body = MemberPromoteRequest.encode({ ID });
    this.#client.unary('promote', Method.MEMBER_PROMOTE, body, 8_000, () => this.#again());
  }

  #remove(ID: bigint, label = 'remove'): void {
    const body = MemberRemoveRequest.encode({ ID });
    this.#openRemovals++;
    this.#client.unary(label, Method.MEMBER_REMOVE, body, 8_000, (outcome) => {
      if (outcome.type !== 'unknown' || isRefusal(outcome.message)) this.#openRemovals--;
      this.#again();
    });
  }
}

/** Told before anything was proposed. */
function isRefusal(message: string): boolean {
  return message.includes('unhealthy cluster') || message.includes('not enough started members');
}
