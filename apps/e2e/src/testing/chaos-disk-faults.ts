/**
 * Faults below a member: of its disk (tools/faults, by LD_PRELOAD), of a full file system, of its clocks.
 * A member is started again under the shim, hit, and started once more without.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MaintenanceService } from '@conclave/wire';
import type { ChaosMember } from './chaos-cluster.js';
import { type Fault, pauseMs, pickMember } from './chaos-faults.js';
import type { ChaosWorld } from './chaos-world.js';
import { percentile } from './load.js';
import { until } from './process.js';
import { RawClient } from './raw-client.js';

const ROOT = join(__dirname, '../../../..');
const HIT_MS = 15_000;
/** From the first failing call to the end of the process. */
const EXIT_MS_MAX = 1_000;
const FAILED_LINE = 'disk-faults: the disk fails';
const KIB = 1024;

/** The built shims; a text says why there are none. */
export class Shims {
  readonly directory = mkdtempSync(join(tmpdir(), 'conclave-shims-'));
  readonly disk: string;
  readonly clock: string;
  readonly missing: string | null;

  constructor() {
    const [disk, clock] = (['disk', 'clock'] as const).map((kind) => {
      const output = join(this.directory, `${kind}.so`);
      const build = join(ROOT, 'tools/faults/build.mjs');
      const args = [build, output, kind];
      return { output, ran: spawnSync(process.execPath, args, { encoding: 'utf8' }) };
    });
    this.disk = disk?.output ?? '';
    this.clock = clock?.output ?? '';
    const failed = [disk, clock].find((built) => built?.ran.status !== 0);
    this.missing = failed === undefined ? null : (failed?.ran.stderr ?? 'no shim').trim();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function restart(
  world: ChaosWorld,
  m: ChaosMember,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await m.process.stop('SIGKILL');
  world.cluster.startMember(m, environment);
}

/** The member's writes or syncs fail from some moment on: it must end by itself, and soon. */
export function diskError(shims: Shims, errno: 'EIO' | 'ENOSPC', isShort: boolean): Fault {
  return async (world) => {
    const { random } = world;
    const { m } = await pickMember(world);
    const sinceMs = world.mark();
    // The log syncs with each write (O_DSYNC): calls that only sync are few.
    const calls = isShort ? 'write' : random.pick(['write', 'sync', 'write,sync']);
    const passing = calls === 'sync' ? 8 : random.chance(0.2) ? 20 : 400;
    await restart(world, m, {
      LD_PRELOAD: shims.disk,
      FAULT_PATH: m.dataDir,
      // What RocksDB tells of itself is read by nobody: it need not be there.
      FAULT_EXCEPT: '/LOG',
      FAULT_CALLS: calls,
      FAULT_AFTER: String(random.below(passing)),
      FAULT_ERRNO: errno,
      ...(random.chance(0.3) ? { FAULT_TIMES: '1' } : {}),
      ...(isShort ? { FAULT_SHORT: String(1 + random.below(6_000)) } : {}),
    });
    const { process: hit } = m;
    let failedMs = 0;
    const seen = (): boolean => {
      if (failedMs === 0 && hit.output.includes(FAILED_LINE)) failedMs = performance.now();
      return hit.exit !== null;
    };
    const isHit = await until('the fault', seen, HIT_MS).then(
      () => true,
      () => false,
    );
    if (isHit) {
      if (hit.exit?.code === 0) throw new Error(`${m.name} ends well on a failed disk`);
      const tookMs = performance.now() - failedMs;
      if (failedMs > 0 && tookMs > EXIT_MS_MAX) {
        throw new Error(`${m.name} ends ${tookMs} ms after its disk failed`);
      }
    } else if (failedMs > 0) {
      const from = hit.output.indexOf(FAILED_LINE);
      throw new Error(`${m.name} goes on: ${hit.output.slice(from, from + 2_000)}`);
    } else await hit.stop('SIGKILL');
    world.cluster.startMember(m);
    await world.writesBack(sinceMs, `disk ${errno}`);
  };
}

/** Power goes in one member, or in all at one moment. */
export function powerLoss(shims: Shims): Fault {
  return async (world) => {
    const { random, cluster } = world;
    const all = random.chance(0.4);
    const victims = all ? [...cluster.members] : [(await pickMember(world)).m];
    const lossFile = join(shims.directory, `loss-${random.uint32()}`);
    for (const m of victims) {
      await restart(world, m, {
        LD_PRELOAD: shims.disk,
        FAULT_PATH: m.dataDir,
        POWER_LOSS_AFTER: all ? '1000000000' : String(10 + random.below(500)),
        POWER_LOSS_SEED: String(random.uint32() >>> 1),
        POWER_LOSS_FILE: lossFile,
      });
    }
    await pauseMs(1_500 + random.below(3_000));
    writeFileSync(lossFile, '');
    for (const m of victims) {
      const exit = await m.process.ended;
      if (exit.code !== 137)
        throw new Error(`${m.name} ended before the power did: ${m.process.output}`);
    }
    rmSync(lossFile);
    const backMs = world.mark();
    for (const m of victims) cluster.startMember(m);
    await world.writesBack(backMs, all ? 'power back everywhere' : 'power lost in one');
  };
}

/** The leader's disk gets slow; how writes fare is told at the end. */
export function slowDisk(shims: Shims, delayMs = 200): Fault {
  return async (world) => {
    const { cluster } = world;
    const m = world.random.pick(cluster.members);
    world.mark();
    await pauseMs(3_000);
    const healthyMs = percentile(world.ackTimesMs, 0.99);
    await restart(world, m, {
      LD_PRELOAD: shims.disk,
      FAULT_PATH: m.dataDir,
      FAULT_DELAY_MS: String(delayMs),
    });
    await cluster.ready();
    await moveLeader(world, m).catch(() => undefined);
    const was = (await cluster.leader())?.name;
    world.mark();
    await pauseMs(15_000);
    const early = world.ackTimesMs;
    world.mark();
    await pauseMs(5_000);
    const late = percentile(world.ackTimesMs, 0.99);
    const is = (await cluster.leader())?.name;
    world.notes.push(
      `disk of ${m.name} +${delayMs} ms, led by ${was} then ${is}: put p99 healthy ` +
        `${healthyMs.toFixed(0)} ms, first 15 s ${percentile(early, 0.99).toFixed(0)} ms, then ` +
        `${late.toFixed(0)} ms`,
    );
    await restart(world, m, {});
  };
}

async function moveLeader(world: ChaosWorld, to: ChaosMember): Promise<void> {
  const leader = await world.cluster.leader();
  if (leader === null || leader === to) return;
  const [client, target] = [new RawClient(leader.clientUrl), new RawClient(to.clientUrl)];
  try {
    const targetID = (await target.status()).header?.memberId ?? 0n;
    await client.call(MaintenanceService.moveLeader, { targetID });
  } finally {
    client.close();
    target.close();
  }
}

/** The first member's file system (256 MiB, mounted by the runner) gets full, and is emptied again. */
export const fullFileSystem: Fault = async (world) => {
  const m = world.cluster.members[0] as ChaosMember;
  const ballast = join(m.dataDir, 'ballast');
  const sinceMs = world.mark();
  const { bavail, bsize } = statfsSync(m.dataDir);
  const leave = world.random.below(128 * KIB);
  const bytes = Math.max(0, bavail * bsize - leave);
  try {
    writeFileSync(ballast, new Uint8Array(bytes));
    const { process: hit } = m;
    const ended = await until('ENOSPC', () => hit.exit !== null, 20_000).then(
      () => true,
      () => false,
    );
    if (ended && hit.exit?.code === 0) throw new Error(`${m.name} ends well on a full disk`);
    await world.writesBack(sinceMs, 'file system full');
    world.notes.push(`file system full: ${m.name} ${ended ? 'ended' : 'found room'}`);
  } finally {
    rmSync(ballast, { force: true });
  }
  if (m.process.exit !== null) world.cluster.startMember(m);
};

/** Wall clocks jump by up to a day; in some rounds one member's clocks run up to 10 % fast or slow. */
export function clockFault(shims: Shims): Fault {
  return async (world) => {
    const { random, cluster } = world;
    // Leases are counted by the leader's clock: one that is fast by a tenth takes a tenth off.
    world.judge.leaseShare = 0.88;
    const { m } = await pickMember(world);
    const file = join(shims.directory, `clock-${random.uint32()}`);
    writeFileSync(file, '0 1');
    await restart(world, m, { LD_PRELOAD: shims.clock, CLOCK_FILE: file });
    await cluster.ready();
    for (let i = 0; i < 4; i++) {
      const shift = random.pick([0, 1, -1, 3_600, -3_600, 86_400, -86_400]);
      const rate = random.chance(0.5) ? 1 : 0.9 + 0.2 * random.fraction();
      writeFileSync(file, `${shift} ${rate}`);
      await pauseMs(500 + random.below(2_500));
    }
    await restart(world, m, {});
    rmSync(file, { force: true });
  };
}
