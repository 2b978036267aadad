/** One run: a world, a fault again and again for so long, and what came of it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@conclave/base';
import {
  Shims,
  clockFault,
  diskError,
  fullFileSystem,
  powerLoss,
  slowDisk,
} from './chaos-disk-faults.js';
import { type Fault, PLAIN_FAULTS, pauseMs } from './chaos-faults.js';
import { membership } from './chaos-membership.js';
import { type ChaosTotals, ChaosWorld } from './chaos-world.js';
import { percentile } from './load.js';

export interface ChaosOptions {
  readonly fault: string;
  readonly minutes: number;
  /** No more injections than this. */
  readonly rounds?: number;
  readonly seed: number;
  /** Between healing and the next injection, ms. */
  readonly restMs?: number;
  say(line: string): void;
}

export interface ChaosReport extends ChaosTotals {
  readonly rounds: number;
  readonly gapsMs: ReadonlyMap<string, readonly number[]>;
  readonly notes: readonly string[];
}

/** Small, so that segments come and go and snapshots are needed. */
const FLAGS = ['--log-segment-bytes', '1048576', '--snapshot-count', '2000'];
const SMALL_FS = 'small-fs';
/** Not part of `mixed`: it changes who there is. */
const MEMBERSHIP = 'membership';
const SMALL_FS_BYTES = '256m';

/** The menu. */
export const FAULT_NAMES: readonly string[] = [
  ...Object.keys(PLAIN_FAULTS),
  ...['disk-eio', 'disk-enospc', 'short-write', 'power-loss', 'slow-disk', 'clock'],
  SMALL_FS,
  MEMBERSHIP,
  'mixed',
];

function faultsBelow(shims: Shims): Readonly<Record<string, Fault>> {
  return {
    'disk-eio': diskError(shims, 'EIO', false),
    'disk-enospc': diskError(shims, 'ENOSPC', false),
    'short-write': diskError(shims, 'ENOSPC', true),
    'power-loss': powerLoss(shims),
    'slow-disk': slowDisk(shims),
    clock: clockFault(shims),
    [SMALL_FS]: fullFileSystem,
  };
}

/** Why this fault cannot be had here; null: it can. */
function cannot(fault: string, shims: Shims): string | null {
  if (fault in PLAIN_FAULTS || fault === 'mixed' || fault === MEMBERSHIP) return null;
  if (fault !== SMALL_FS) return shims.missing;
  if (process.getuid?.() !== 0) return 'a file system is mounted by root only';
  return null;
}

/** Mounts a small file system; answers where. */
function mountSmall(seed: number): string {
  const directory = join(tmpdir(), `conclave-small-fs-${process.pid}-${seed}`);
  mkdirSync(directory, { recursive: true });
  const args = ['-t', 'tmpfs', '-o', `size=${SMALL_FS_BYTES},mode=0700`, 'tmpfs', directory];
  const mounted = spawnSync('mount', args, { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`);
  return directory;
}

/** Runs; throws what the judges found. Answers a text when the fault cannot be had here. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport | string> {
  const random = new Random(options.seed);
  const shims = new Shims();
  const reason = cannot(options.fault, shims);
  let small: string | null = null;
  let world: ChaosWorld | null = null;
  try {
    if (reason !== null) return reason;
    if (options.fault === SMALL_FS) small = mountSmall(options.seed);
    const firstDataDir = small === null ? {} : { firstDataDir: join(small, 'm1') };
    world = await ChaosWorld.start({ flags: FLAGS, ...firstDataDir }, random);
    return await rounds(world, options, faultOf(options.fault, shims));
  } catch (error) {
    if (world !== null) tell(world, options);
    throw error;
  } finally {
    await world?.stop();
    if (small !== null) spawnSync('umount', [small]);
    shims.remove();
  }
}

function faultOf(name: string, shims: Shims): (world: ChaosWorld) => [string, Fault] {
  if (name === MEMBERSHIP) return () => [name, membership];
  const below = faultsBelow(shims);
  const known: Readonly<Record<string, Fault>> = { ...PLAIN_FAULTS, ...below };
  if (name !== 'mixed') return () => [name, known[name] as Fault];
  const apart = new Set([SMALL_FS, 'slow-disk', 'clock', 'partition-one-way']);
  const names = Object.keys(shims.missing === null ? known : PLAIN_FAULTS);
  const mixed = names.filter((one) => !apart.has(one));
  return (world) => {
    const picked = world.random.pick(mixed);
    return [picked, known[picked] as Fault];
  };
}

async function rounds(
  world: ChaosWorld,
  options: ChaosOptions,
  next: (world: ChaosWorld) => [string, Fault],
): Promise<ChaosReport> {
  const endMs = performance.now() + options.minutes * 60_000;
  let count = 0;
  await pauseMs(500);
  while (count < (options.rounds ?? Infinity) && performance.now() < endMs) {
    const [name, fault] = next(world);
    count++;
    const startMs = performance.now();
    try {
      await fault(world);
      await world.settle();
    } catch (error) {
      throw new Error(`round ${count}, ${name}: ${(error as Error).message}`, { cause: error });
    }
    const tookMs = Math.round(performance.now() - startMs);
    options.say(`round ${count}: ${name}, ${tookMs} ms, at revision ${world.judge.head}`);
    await pauseMs(options.restMs ?? 500);
  }
  const totals = await world.finish();
  return { ...totals, rounds: count, gapsMs: world.gapsMs, notes: world.notes };
}

/** The last words of all processes, for whoever must find out. */
function tell(world: ChaosWorld, options: ChaosOptions): void {
  for (const p of [...world.cluster.members, ...world.cluster.gateways]) {
    options.say(`--- ${p.name} (${JSON.stringify(p.process.exit)})`);
    // Whoever waits for a process asks for its health all the time.
    const lines = p.process.output.split('\n').filter((line) => !line.includes('/health'));
    options.say(lines.join('\n').slice(-4_000));
  }
}

/** The report as text. */
export function reportLines(options: ChaosOptions, report: ChaosReport): string[] {
  const ms = (list: readonly number[], share: number): string =>
    `${Math.round(percentile(list, share))} ms`;
  return [
    `${options.fault}, seed ${options.seed}: ${report.rounds} rounds, nothing lost`,
    `${report.writes} writes, ${report.reads} reads, ${report.keepalives} keepalives judged, ` +
      `to revision ${report.revision}`,
    ...[...report.gapsMs].map(
      ([kind, list]) =>
        `writes back, ${kind} (${list.length}): p50 ${ms(list, 0.5)}, p99 ${ms(list, 0.99)}, ` +
        `max ${ms(list, 1)}`,
    ),
    ...report.notes,
    ...[...report.errors]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 8)
      .map(([text, n]) => `${n} times ${text}`),
  ];
}
