/**
 * Whole members in one process for benches: api, replica, raft, log, state machine, watches, over real
 * files and RocksDB; raft frames are encoded and decoded, but cross no socket.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NO_PROBE, Random, type Scheduler, assert } from '@conclave/base';
import { createLogSync, openLog } from '@conclave/log';
import { type PeerTransport, Replica, foundingLog } from '@conclave/replica';
import { StateMachine } from '@conclave/statemachine';
import { FileLogDisk, RocksEngine } from '@conclave/storage';
import { MemoryDataDirectory } from '@conclave/testkit';
import { WatchRoom } from '@conclave/watch';
import { type RaftMessage, decodeRaftFrame, encodeRaftFrames } from '@conclave/wire';
import { API_DEFAULTS, Api } from '../index.js';

const CLUSTER = 77n;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const ENTRY_BYTES_MAX = 4 * 1024 * 1024;
const EMPTY_CONF = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

const SCHEDULER: Scheduler = { yieldTo: (task) => void setImmediate(task) };
const fatal = (message: string): never => {
  throw new Error(message);
};

export class BenchMember {
  readonly replica: Replica;
  readonly api: Api;

  private constructor(replica: Replica) {
    this.replica = replica;
    this.api = new Api(
      { ...API_DEFAULTS, quotaBytes: -1 },
      {
        replica,
        probe: NO_PROBE,
        random: new Random(7),
        scheduler: SCHEDULER,
        sizeBytes: () => replica.engine.sizeBytes(),
        newMemberId: () => 9n,
      },
    );
  }

  static async start(
    id: bigint,
    members: number,
    directory: string,
    transport: PeerTransport,
  ): Promise<BenchMember> {
    const disk = new FileLogDisk(directory);
    const options = {
      clusterId: CLUSTER,
      memberId: id,
      incarnation: id,
      segmentBytes: SEGMENT_BYTES,
      entryBytesMax: ENTRY_BYTES_MAX,
    };
    const hardState = { term: 0, vote: 0n, commit: 0 };
    createLogSync(disk, options, hardState, { index: 0, term: 0, confState: EMPTY_CONF });
    const opened = openLog(disk, options, 1);
    if (!opened.ok) return fatal(opened.message);
    const { log } = opened;
    const founders = Array.from({ length: members }, (_, i) => ({
      id: BigInt(i + 1),
      peerURLs: [`http://127.0.0.1:${2_001 + i}`],
    }));
    await new Promise((resolve) => log.append(foundingLog(founders), resolve));
    const engine = await RocksEngine.open(path.join(directory, 'state'));
    const machine = new StateMachine(
      { store: {} },
      { engine, scheduler: SCHEDULER, probe: NO_PROBE, failed: fatal },
    );
    await new Promise((resolve) => machine.load(resolve));
    const watches = new WatchRoom(
      {
        progressIntervalMs: 600_000,
        fragmentBytesMax: 2 << 20,
        watchersPerStreamMax: 1_000,
        historyRowsMax: 1_000,
        streamQueueBytesMax: 1 << 20,
      },
      { store: machine.store, scheduler: SCHEDULER, probe: NO_PROBE, random: new Random(1) },
    );
    const replica = new Replica(
      {
        clusterId: CLUSTER,
        memberId: id,
        name: `m${id}`,
        clientURLs: [`http://127.0.0.1:${id}`],
        incarnation: id,
        tickMs: 100,
        electionTicks: 10,
        preVote: true,
        requestBytesMax: 1_572_864,
        catchUpEntries: 5_000,
        snapshotCount: 10_000,
        flushBytes: 32 << 20,
        flushIntervalMs: 10_000,
        overlayBytesMax: 64 << 20,
        clusterVersion: '3.6.0',
        seed: Number(id),
      },
      {
        clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
        scheduler: SCHEDULER,
        probe: NO_PROBE,
        log,
        engine,
        machine,
        watches,
        directory: new MemoryDataDirectory(SCHEDULER, { stateNumber: 1, firstSegment: 1 }),
        transport,
        snapshots: {
          send: (_to, done) => done(null),
          take: () => null,
          heldIndex: null,
          release: (released) => released(),
        },
        fatal,
        removed: () => fatal('removed'),
      },
    );
    return new BenchMember(replica);
  }
}

/** A cluster that has a leader. */
export class BenchCluster {
  readonly members: BenchMember[] = [];
  readonly #directory = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-put-path-'));
  #timer: NodeJS.Timeout | null = null;

  static async start(members: number): Promise<BenchCluster> {
    const cluster = new BenchCluster();
    for (let i = 1; i <= members; i++) {
      const directory = path.join(cluster.#directory, String(i));
      fs.mkdirSync(directory);
      const transport = cluster.#transport(BigInt(i));
      cluster.members.push(await BenchMember.start(BigInt(i), members, directory, transport));
    }
    cluster.#timer = setInterval(() => setImmediate(() => cluster.#poll()), 10);
    await cluster.until(() => cluster.members.some((m) => m.replica.isLeader));
    const { leader } = cluster;
    await cluster.until(() => leader.replica.published);
    return cluster;
  }

  get leader(): BenchMember {
    const leader = this.members.find((member) => member.replica.isLeader);
    assert(leader !== undefined, 'somebody leads');
    return leader as BenchMember;
  }

  async until(check: () => boolean): Promise<void> {
    while (!check()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { replica } of this.members) {
      await new Promise<void>((resolve) => replica.stop(resolve));
      await new Promise((resolve) => replica.engine.close(resolve));
    }
    fs.rmSync(this.#directory, { recursive: true });
  }

  #poll(): void {
    for (const { replica } of this.members) replica.poll();
  }

  #transport(from: bigint): PeerTransport {
    return {
      send: (to, messages) => this.#deliver(from, to, messages),
      connectedSinceMs: () => 0,
      membersChanged: () => undefined,
      channel: () => null,
    };
  }

  #deliver(from: bigint, to: bigint, messages: readonly RaftMessage[]): void {
    for (const frame of encodeRaftFrames({ clusterId: CLUSTER, from, to }, messages)) {
      setImmediate(() => {
        const replica = this.members[Number(to) - 1]?.replica;
        if (replica === undefined) return;
        const { slots } = replica;
        replica.receive(from, decodeRaftFrame(frame, slots.slotOf(from), slots.slotOf(to)));
      });
    }
  }
}
