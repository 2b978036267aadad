/**
 * Somebody who runs the cluster: moves leadership, adds a member as a learner, starts it, promotes it
 * once it has caught up, and removes one in turn. All of it through the api, with what it answers.
 */
import {
  HashKVRequest,
  MemberAddRequest,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
  type Member,
  MoveLeaderRequest,
  StatusRequest,
  StatusResponse,
} from '@conclave/wire';
import type { SimClient } from './client.js';
import { Method } from './requests.js';
import { peerURL } from './member.js';

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
}

export class Operator {
  readonly #client: SimClient;
  readonly #shape: OperatorShape;
  readonly #world: OperatorWorld;
  #nextId: bigint;

  constructor(client: SimClient, shape: OperatorShape, world: OperatorWorld, nextId: bigint) {
    this.#client = client;
    this.#shape = shape;
    this.#world = world;
    this.#nextId = nextId;
    this.#again();
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
      if (outcome.type !== 'ok') return this.#again();
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
    if (learner !== undefined) {
      this.#world.launch(learner.ID);
      return random.chance(0.9) ? this.#promote(learner.ID) : this.#remove(learner.ID);
    }
    for (const { ID } of voters) this.#world.launch(ID);
    if (voters.length >= this.#shape.membersMax) return this.#remove(random.pick(voters).ID);
    if (voters.length > this.#shape.membersMin && random.chance(0.4)) {
      return this.#remove(random.pick(voters).ID);
    }
    this.#add();
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

  #remove(ID: bigint): void {
    const body = MemberRemoveRequest.encode({ ID });
    this.#client.unary('remove', Method.MEMBER_REMOVE, body, 8_000, () => this.#again());
  }
}
