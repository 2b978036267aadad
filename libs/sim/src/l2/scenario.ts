/**
 * Everything that decides a run of whole clusters, drawn from a seed in swarm style: each family of
 * faults is in or out, so that some seeds have one kind only. Plain data: shrinking edits it, and the
 * same scenario is the same run.
 */
import { Random } from '@conclave/base';
import type { MemberShape } from './member-shape.js';
import type { NetworkShape } from './network.js';
import type { WorkShape } from './worker.js';

export const FAULTS = [
  'kill',
  'power',
  'kill-all',
  'ambush',
  'pause',
  'isolate',
  'halves',
  'one-way',
  'reset',
  'stall',
  'disk-error',
  'disk-full',
  'state-error',
  'slow-state',
  'lag',
  'mute',
  'clock-step',
  'clock-freeze',
  'wipe',
  'lose',
  'gateway',
  'gateway-pause',
  'slow-network',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** A fault of the schedule. `salt` decides whom it hits and for how long. */
export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly salt: number;
}

export interface Scenario {
  readonly seed: number;
  readonly members: number;
  readonly gateways: number;
  /** Clients of each kind. */
  readonly workers: number;
  readonly watchers: number;
  readonly leases: number;
  readonly lockers: number;
  readonly changesMembers: boolean;
  readonly movesLeader: boolean;
  /** Between two looks of the operator, about. */
  readonly operatorPaceMs: number;
  /** Virtual time under faults. */
  readonly durationMs: number;
  /** By time. */
  readonly faults: readonly Fault[];
  readonly network: NetworkShape;
  readonly member: MemberShape;
  readonly work: WorkShape;
  /** Clocks run fast or slow by up to so many millionths. */
  readonly driftPpm: number;
  readonly clientCreditBytes: number;
  readonly linkCreditBytes: number;
  readonly readerStallChance: number;
  /** Directly at members only, at gateways only, or both. */
  readonly access: 'members' | 'gateways' | 'both';
}

export interface DrawOptions {
  /** Runs are no longer than this under faults. */
  readonly durationMsMax?: number;
  /** Take the place of what was drawn, so that what is looked for is likelier. */
  readonly override?: Partial<Omit<Scenario, 'member' | 'faults'>>;
  readonly member?: Partial<MemberShape>;
  readonly kinds?: readonly FaultKind[];
}

/** So that a member that is away for a moment needs a snapshot, of many chunks. */
const LAGGING: Partial<MemberShape> = {
  snapshotCount: 5,
  catchUpEntries: 5,
  flushIntervalMs: 50,
  chunkBytes: 256,
};

export function drawScenario(seed: number, options: DrawOptions = {}): Scenario {
  const random = new Random(seed);
  const members = random.pick([1, 2, 3, 3, 3, 3, 4, 5]);
  const gateways = random.below(3);
  const isSmall = random.chance(0.5);
  const drawnKinds = FAULTS.filter(() => random.chance(0.4));
  const kinds = options.kinds ?? drawnKinds;
  const drawn = 8_000 + random.below(22_000);
  const durationMs = Math.min(drawn, options.durationMsMax ?? drawn);
  const faultEveryMs = 300 + random.below(3_000);
  const { override } = options;
  return {
    seed,
    members,
    gateways,
    workers: 2 + random.below(5),
    watchers: 1 + random.below(3),
    leases: random.below(3),
    lockers: random.below(3),
    changesMembers: random.chance(0.5),
    movesLeader: random.chance(0.5),
    operatorPaceMs: random.pick([150, 500, 1_500]),
    durationMs,
    faults: drawFaults(random.fork(), kinds, durationMs, faultEveryMs),
    network: {
      minMs: random.pick([0.1, 0.1, 1, 5]),
      meanMs: random.pick([0.2, 0.2, 1, 5, 20]),
      lossChance: random.pick([0, 0, 0, 0.01, 0.1]),
      duplicateChance: random.pick([0, 0, 0.05, 0.3]),
      reorderChance: random.pick([0, 0, 0.05, 0.3]),
      replayChance: random.pick([0, 0, 0, 0.01]),
    },
    member: {
      tickMs: random.pick([50, 100, 100]),
      electionTicks: random.pick([5, 10, 10]),
      snapshotCount: random.pick([5, 5, 30, 10_000]),
      catchUpEntries: random.pick([0, 5, 50, 5_000]),
      flushIntervalMs: random.pick([50, 300, 1_000, 10_000]),
      flushBytes: random.pick([2_000, 1 << 20, 1 << 20]),
      overlayBytesMax: random.pick([3_000, 1 << 26, 1 << 26]),
      segmentBytes: random.pick([16, 64, 1024]) * 1024,
      compactionBatchRows: random.pick([1, 10, 1_000]),
      cacheBytesMax: random.pick([1_000, 100_000, 64 * 1024 * 1024]),
      chunkBytes: random.pick([256, 256, 4_096, 512 * 1024]),
      streamQueueBytesMax: random.pick([300, 4_000, 4 * 1024 * 1024]),
      historyRowsMax: random.pick([2, 50, 1_000]),
      fragmentBytesMax: random.pick([200, 2_000, 2 * 1024 * 1024]),
      strictReconfig: random.chance(0.4),
      maxLearners: random.pick([1, 1, 2]),
      disk: { minMs: 0.05, meanMs: random.pick([0.2, 0.2, 1, 10]) },
      ...(kinds.includes('lag') && random.chance(0.7) ? LAGGING : {}),
      ...options.member,
    },
    work: {
      registers: 2 + random.below(8),
      counters: 1 + random.below(2),
      thinkMs: random.pick([10, 30, 100]),
      paddingMax: random.pick([0, 10, 200]),
      compacts: random.chance(0.7),
    },
    driftPpm: random.chance(0.3) ? 100_000 : 0,
    clientCreditBytes: random.pick([500, 4_000, 256 * 1024]),
    linkCreditBytes: isSmall ? 1_000 : 256 * 1024,
    readerStallChance: random.pick([0, 0.02, 0.2]),
    access: gateways === 0 ? 'members' : random.pick(['members', 'gateways', 'both', 'both']),
    ...override,
  };
}

function drawFaults(
  random: Random,
  kinds: readonly FaultKind[],
  durationMs: number,
  everyMs: number,
): Fault[] {
  const faults: Fault[] = [];
  if (kinds.length === 0) return faults;
  for (let atMs = 0; ;) {
    atMs += 1 + random.below(2 * everyMs);
    if (atMs >= durationMs) return faults;
    faults.push({ atMs, kind: random.pick(kinds), salt: random.uint32() });
  }
}
