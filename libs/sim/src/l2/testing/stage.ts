/**
 * A quiet cluster that a test directs step by step, in place of a drawn run: nothing goes wrong but what
 * the test does. Steps are asked for until they are answered, whoever dies meanwhile; in the end the
 * cluster must get well and the judges must be content.
 */
import { MemberAddRequest, MemberPromoteRequest, MemberRemoveRequest } from '@conclave/wire';
import { CompactionRequest, PutRequest } from '@conclave/wire';
import type { SimClient } from '../client.js';
import { Cluster } from '../cluster.js';
import { judge } from '../judge.js';
import type { SimMember } from '../member.js';
import { peerURL } from '../member-shape.js';
import { Recovery } from '../recovery.js';
import { Method, putRequest } from '../requests.js';
import { type Scenario, drawScenario } from '../scenario.js';

const STEP_MS = 1;
const PATIENCE_MS = 60_000;

/** Fast and small: a snapshot each five entries, chunks of 256 bytes. */
export function quietScenario(seed: number, members: number): Scenario {
  const scenario = drawScenario(seed, {
    durationMsMax: 1,
    kinds: [],
    override: {
      ...{ members, gateways: 0, workers: 0, watchers: 0, leases: 0, lockers: 0 },
      ...{ changesMembers: false, movesLeader: false, driftPpm: 0, access: 'members' },
      ...{ readerStallChance: 0, clientCreditBytes: 4_096, linkCreditBytes: 4_096 },
      network: {
        ...{ minMs: 0.1, meanMs: 0.2 },
        ...{ lossChance: 0, duplicateChance: 0, reorderChance: 0, replayChance: 0 },
      },
    },
    member: {
      ...{ tickMs: 50, electionTicks: 5, snapshotCount: 5, catchUpEntries: 0, flushIntervalMs: 50 },
      ...{
        segmentBytes: 16 * 1_024,
        compactionBatchRows: 1,
        chunkBytes: 256,
        strictReconfig: false,
      },
      ...{ flushBytes: 1 << 20, overlayBytesMax: 1 << 26 },
      ...{ cacheBytesMax: 100_000, maxLearners: 1, disk: { minMs: 0.05, meanMs: 0.2 } },
    },
  });
  return scenario;
}

export class Stage {
  readonly cluster: Cluster;
  readonly #client: SimClient;
  #values = 0;

  constructor(seed: number, members: number) {
    this.cluster = new Cluster(quietScenario(seed, members), null);
    this.#client = this.cluster.newClient('director', () => true);
  }

  get leader(): SimMember | undefined {
    return this.cluster.members.find((m) => m.isServing && m.replica?.isLeader === true);
  }

  /** The first member that serves and does not lead. */
  get follower(): SimMember | undefined {
    return this.cluster.members.find((m) => m.isServing && m.replica?.isLeader === false);
  }

  until(what: string, check: () => boolean): void {
    const { cluster } = this;
    const endMs = cluster.timeline.nowMs + PATIENCE_MS;
    while (!check()) {
      if (cluster.timeline.nowMs >= endMs) throw new Error(`still not: ${what}`);
      this.pass(STEP_MS);
    }
  }

  pass(ms: number): void {
    const { cluster } = this;
    let isOver = false;
    const endMs = cluster.timeline.nowMs + ms;
    cluster.timeline.after(ms, () => void (isOver = true));
    while (!isOver) {
      if (!cluster.runUntil(endMs + 0.001)) throw new Error(cluster.failure?.text ?? 'stopped');
    }
  }

  put(key: string): void {
    this.#insist('put', Method.PUT, () => {
      return PutRequest.encode(putRequest(key, `value-${++this.#values}-${'.'.repeat(40)}`));
    });
  }

  compact(revision: number): void {
    const body = CompactionRequest.encode(CompactionRequest.create({ revision }));
    this.#insist('compact', Method.COMPACT, () => body, 'has been compacted');
  }

  addLearner(id: bigint): void {
    const body = MemberAddRequest.encode({ peerURLs: [peerURL(id)], isLearner: true });
    this.#insist('add learner', Method.MEMBER_ADD, () => body, 'ID exists');
    this.cluster.launch(id);
  }

  promote(ID: bigint): void {
    const body = MemberPromoteRequest.encode({ ID });
    this.#insist('promote', Method.MEMBER_PROMOTE, () => body, 'can only promote a learner member');
  }

  remove(ID: bigint): void {
    const body = MemberRemoveRequest.encode({ ID });
    this.#insist('remove', Method.MEMBER_REMOVE, () => body, 'not found');
  }

  /** Everybody gets well, and the judges read what happened; empty: nothing is wrong. */
  verdict(): string {
    const { cluster } = this;
    const isWell = new Recovery(cluster).run();
    judge(cluster, isWell);
    return cluster.failure === null ? '' : `${cluster.failure.rule}: ${cluster.failure.text}`;
  }

  /** Asks until the answer is yes, or says by `done` that an earlier try has had its effect. */
  #insist(label: string, method: string, body: () => Uint8Array, done = '\0'): void {
    let isDone = false;
    let isAsking = false;
    this.until(label, () => {
      if (isDone || isAsking) return isDone;
      isAsking = true;
      this.#client.connect(() => {
        this.#client.unary(label, method, body(), 1_000, (outcome) => {
          isAsking = false;
          isDone = outcome.type === 'ok' || outcome.message.endsWith(done);
          if (!isDone) this.#client.disconnect();
        });
      });
      return false;
    });
  }
}
