/**
 * Three worlds that are asked the same, one question after the other: a member of ours directly, a
 * gateway of ours before another member, and Debian's etcd. Each has a history of its own, so that what
 * is left in the three stores must hash alike when all answers were alike.
 */
import { readFileSync } from 'node:fs';
import { encodeUtf8 } from '@conclave/base';
import { TestCluster } from './cluster.js';
import { RawCallError, RawClient } from './raw-client.js';
import { ReferenceEtcd } from './reference-etcd.js';
import { until } from './process.js';

export interface World {
  readonly name: 'member' | 'gateway' | 'etcd';
  /** Asked through the front door of this world. */
  readonly client: RawClient;
  /** The store itself: of the member behind the gateway, too. */
  readonly store: RawClient;
  readonly pids: readonly number[];
  /** What the processes of this world have said, for a failure's sake. */
  output(): string;
  /** True while all its processes live. */
  alive(): boolean;
}

/** What a question came to: an answer without ids and terms, or code and text. */
export type Outcome =
  { readonly ok: unknown } | { readonly code: number; readonly text: string | RegExp };

const FLAGS_OF_ETCD = ['--max-txn-ops', '128', '--max-request-bytes', '1572864'];

export class Worlds {
  readonly all: readonly World[];
  readonly ours: readonly World[];
  readonly etcd: World;
  readonly #stop: (() => Promise<void>)[];
  #bases = new Map<World, number>();

  private constructor(all: readonly World[], stop: (() => Promise<void>)[]) {
    this.all = all;
    this.ours = all.filter((w) => w.name !== 'etcd');
    this.etcd = all.find((w) => w.name === 'etcd') as World;
    this.#stop = stop;
  }

  static async start(flags: readonly string[] = []): Promise<Worlds> {
    const starting = [
      TestCluster.start({ members: 1, flags }),
      TestCluster.start({ members: 1, gateways: 1, flags }),
      ReferenceEtcd.start([...FLAGS_OF_ETCD, ...flags]),
    ] as const;
    const started = await Promise.allSettled(starting);
    const failed = started.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      // What stands must not outlive the test.
      for (const one of started) if (one.status === 'fulfilled') await one.value.stop();
      throw failed.reason;
    }
    const [direct, fronted, reference] = await Promise.all(starting);
    const worlds = [
      ourWorld('member', direct),
      ourWorld('gateway', fronted),
      {
        name: 'etcd' as const,
        client: reference.client,
        store: reference.client,
        pids: [reference.process.pid],
        output: () => reference.process.output,
        alive: () => reference.process.exit === null,
      },
    ];
    const stop = [() => direct.stop(), () => fronted.stop(), () => reference.stop()];
    const made = new Worlds(worlds, stop);
    for (const world of made.ours) {
      await world.client.put({ key: encodeUtf8('warm'), value: encodeUtf8('up') });
    }
    await made.etcd.client.put({ key: encodeUtf8('warm'), value: encodeUtf8('up') });
    for (const world of made.ours) made.#bases.set(world, residentBytes(world));
    return made;
  }

  /** Fails unless every process lives and serves a write of somebody else. */
  async stillWell(key: string): Promise<void> {
    for (const world of this.all) {
      if (!world.alive()) throw new Error(`${world.name} ended: ${world.output().slice(-2_000)}`);
      const other = new RawClient(world.client.endpoint);
      try {
        await other.put({ key: encodeUtf8(key), value: encodeUtf8('still here') });
      } finally {
        other.close();
      }
    }
  }

  /** HashKV of each store at its newest revision; they are one if the histories were. */
  async hashes(): Promise<string[]> {
    const answers = await Promise.all(this.all.map((world) => world.store.hashKv()));
    return answers.map((a) => `${a.header?.revision}:${a.hash >>> 0}`);
  }

  /** Waits until no world of ours holds more than `extraBytes` above what it held at the start. */
  async memoryBack(extraBytes: number, timeoutMs = 15_000): Promise<void> {
    for (const world of this.ours) {
      const bound = (this.#bases.get(world) ?? 0) + extraBytes;
      let now = 0;
      await until(
        `memory of the ${world.name} below ${bound >> 20} MiB`,
        () => (now = residentBytes(world)) < bound,
        timeoutMs,
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it is ${now >> 20} MiB`);
      });
    }
  }

  async stop(): Promise<void> {
    for (const world of this.all) world.client.close();
    for (const world of this.all) world.store.close();
    await Promise.all(this.#stop.map((stop) => stop()));
  }
}

function ourWorld(name: 'member' | 'gateway', cluster: TestCluster): World {
  const processes = [...cluster.members, ...cluster.gateways];
  const member = cluster.members[0] as { clientUrl: string };
  const door = name === 'member' ? member : (cluster.gateways[0] as { clientUrl: string });
  const store = new RawClient(member.clientUrl, { deadlineMs: 30_000 });
  return {
    name,
    client: name === 'member' ? store : new RawClient(door.clientUrl, { deadlineMs: 30_000 }),
    store,
    pids: processes.map((p) => p.process.pid),
    output: () => processes.map((p) => p.process.output.slice(-4_000)).join('\n'),
    alive: () => processes.every((p) => p.process.exit === null),
  };
}

/** Of all processes of a world together. */
export function residentBytes(world: World): number {
  return world.pids.reduce((sum, pid) => sum + residentOf(pid), 0);
}

export function residentOf(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

/** Asks, and makes the outcome comparable. */
export async function outcomeOf(asked: Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: plain(await asked) };
  } catch (error) {
    if (error instanceof RawCallError) return { code: error.code, text: error.text };
    throw error;
  }
}

/**
 * A response as plain data: bytes as text (latin1), 64-bit ids as decimal text, of headers the revision
 * only, and nothing that has its default value.
 */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value === 0n ? undefined : String(value);
  if (value === null || value === false || value === 0 || value === '') return undefined;
  if (value instanceof Uint8Array) {
    if (value.length === 0) return undefined;
    const text = Buffer.from(value).toString('latin1');
    return text.length <= 100 ? text : `${text.length} bytes`;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((one) => plain(one) ?? {});
  }
  if (typeof value !== 'object' || value === undefined) return value;
  const out: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const shown =
      name === 'header' ? (field as { revision?: number } | null)?.revision : plain(field);
    if (shown !== undefined && shown !== 0) out[name] = shown;
  }
  return out;
}
