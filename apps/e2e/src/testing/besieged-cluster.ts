/**
 * Three members under load, and a door for somebody who poses as the third one to the first.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import type { Hello } from '@conclave/wire';
import { type MemberSlot, TestCluster } from './cluster.js';
import { HostilePeer, type PeerPath } from './hostile-peer.js';
import { FullWatcher, Writer, hashesAt, missingWrites } from './load.js';
import { until } from './process.js';
import { RawClient } from './raw-client.js';
import { residentOf } from './worlds.js';

const MEMORY_EXTRA = 400 * 1024 * 1024;

interface IdentityFile {
  clusterId: string;
  memberId: string;
  incarnation: string;
}

const id = (hex: string): bigint => BigInt(`0x${hex}`);

function identityOf(member: MemberSlot): IdentityFile {
  const text = readFileSync(join(member.dataDir, 'member', 'identity'), 'utf8');
  return JSON.parse(text.split('\n')[0] as string) as IdentityFile;
}

export class BesiegedCluster {
  readonly cluster: TestCluster;
  readonly victim: MemberSlot;
  /** What an honest third member would say. */
  readonly honest: Hello;
  readonly memberIds: readonly bigint[];
  readonly #writer: Writer;
  readonly #watcher: FullWatcher;
  readonly #baseBytes: number;
  #over = false;

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.victim = cluster.members[0] as MemberSlot;
    const third = identityOf(cluster.members[2] as MemberSlot);
    this.honest = {
      type: 'hello',
      role: 'member',
      clusterId: id(third.clusterId),
      from: id(third.memberId),
      to: id(identityOf(this.victim).memberId),
      incarnation: id(third.incarnation),
      session: 0n,
      feature: FEATURE_SUPPORTED,
      name: 'm3',
      peerURLs: [],
    };
    this.memberIds = cluster.members.map((m) => id(identityOf(m).memberId));
    this.#writer = new Writer('during', (cluster.members[1] as MemberSlot).clientUrl).start();
    this.#watcher = new FullWatcher(this.victim.clientUrl);
    this.#baseBytes = residentOf(this.victim.process.pid);
  }

  static async start(): Promise<BesiegedCluster> {
    return new BesiegedCluster(await TestCluster.start({ members: 3 }));
  }

  /** Fails unless the member lives and the cluster takes a write. */
  async stillWell(): Promise<void> {
    if (this.victim.process.exit !== null) {
      throw new Error(`the member ended: ${this.victim.process.output.slice(-2_000)}`);
    }
    if (this.#over) return;
    const before = this.#writer.acknowledged.size;
    await until('a write goes through', () => this.#writer.acknowledged.size > before);
  }

  /** A connection whose hello was answered. */
  async accepted(path: PeerPath, hello: Partial<Hello> = {}): Promise<HostilePeer> {
    const peer = await HostilePeer.open(this.victim.peerUrl, path);
    peer.hello({ ...this.honest, ...hello });
    await until('an answer to hello', () => peer.frames.length > 0);
    const { type } = peer.frames[0] as { type: string };
    if (type !== 'hello-answer') throw new Error(`a ${type} where an answer was expected`);
    return peer;
  }

  logged(text: string): Promise<void> {
    return until(`the log says ${text}`, () => this.victim.process.output.includes(text));
  }

  /** Ends the load and judges: nothing lost, hashes alike, no gap in the watch, memory back. */
  async judge(): Promise<void> {
    this.#over = true;
    const writer = this.#writer;
    await writer.stop();
    const clients = this.cluster.members.map((m) => new RawClient(m.clientUrl));
    const reader = clients[0] as RawClient;
    const faults = await missingWrites(reader, writer);
    if (faults.length > 0) throw new Error(faults.join(', '));
    const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
    const hashes = await hashesAt(clients, revision);
    for (const client of clients) client.close();
    if (new Set(hashes).size !== 1) throw new Error(`hashes ${hashes.join(', ')}`);
    const watcher = this.#watcher;
    await until('the watcher is at the head', () => watcher.revision >= revision);
    if (watcher.fault !== null) throw new Error(watcher.fault);
    const slowestMs = Math.max(...writer.recent.map((r) => r.endMs - r.startMs));
    console.log(
      `${writer.acknowledged.size} writes meanwhile, ${writer.failures.length} failed, ` +
        `slowest ${slowestMs.toFixed(0)} ms`,
    );
    const { pid } = this.victim.process;
    await until('memory is back', () => residentOf(pid) < this.#baseBytes + MEMORY_EXTRA);
  }

  async stop(): Promise<void> {
    await this.#writer.stop();
    this.#watcher.close();
    await this.cluster.stop();
  }
}
