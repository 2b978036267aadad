/**
 * Draws a scenario from a seed, swarm style (RELIABILITY C2): each family of faults is on or off for
 * the whole seed, so that some worlds know one kind of trouble only, and rare mixtures come up too.
 */
import { Random } from '@conclave/base';
import type { BadRead, Damage, Fault, HealShape, Knobs, Scenario } from './scenario.js';

export interface DrawOptions {
  /** Chaos at most this long, in milliseconds; for quick runs. */
  readonly durationMsMax?: number;
  /** The real log room in this share of the seeds. */
  readonly realLogShare?: number;
  /** Without trouble of disks and clocks and without unusual behaviour of ports. */
  readonly plain?: boolean;
}

/** Families of faults. */
interface Families {
  readonly crash: boolean;
  readonly power: boolean;
  readonly pause: boolean;
  readonly partition: boolean;
  readonly leaderPartition: boolean;
  readonly clog: boolean;
  readonly diskStall: boolean;
  readonly eio: boolean;
  readonly loseLog: boolean;
  readonly confChange: boolean;
  readonly admin: boolean;
  readonly types: boolean;
}

const REAL_LOG_SHARE = 0.05;

export function drawScenario(seed: number, options: DrawOptions = {}): Scenario {
  const root = new Random(seed);
  const knobRandom = root.fork();
  const faultRandom = root.fork();
  const on = (): boolean => knobRandom.chance(0.5);
  const families: Families = {
    crash: on(),
    power: knobRandom.chance(0.2),
    pause: on(),
    partition: on(),
    leaderPartition: on(),
    clog: on(),
    diskStall: on(),
    eio: knobRandom.chance(0.3),
    loseLog: knobRandom.chance(0.1),
    confChange: knobRandom.chance(0.4),
    admin: on(),
    types: knobRandom.chance(0.25),
  };
  const moreRandom = root.fork();
  const usual = drawKnobs(knobRandom, families, options);
  if (options.plain === true) {
    return { seed, knobs: usual, faults: drawFaults(faultRandom, usual, families) };
  }
  const knobs = { ...usual, ...drawMore(moreRandom) };
  const faults = drawFaults(faultRandom, knobs, families);
  const more = drawMoreFaults(moreRandom, knobs, families);
  return { seed, knobs, faults: [...faults, ...more].sort((a, b) => a.at - b.at) };
}

/** Points where the code under test may be made to behave unusually; most worlds have none. */
function drawMore(r: Random) {
  const on = (): boolean => r.chance(0.25);
  return {
    segmentBytes: r.pick([16, 64, 64, 256]) * 1024,
    ackDelayUs: on() ? r.pick([100, 2_000]) : 0,
    shortReads: on() ? r.pick([0.1, 1]) : 0,
    mixed: r.chance(0.15),
  };
}

/** Trouble of disks and clocks, beside all other faults and with chance of its own. */
function drawMoreFaults(r: Random, knobs: Knobs, families: Families): Fault[] {
  const faults: Fault[] = [];
  const timeoutMs = knobs.electionTicks * knobs.tickMs;
  const slots = knobs.voters + knobs.spares;
  const some = (share: number, make: (at: number, node: number) => Fault): void => {
    if (!r.chance(share)) return;
    for (let n = 1 + r.below(4); n > 0; n--) {
      faults.push(make(r.below(knobs.durationMs), r.chance(0.4) ? 0 : 1 + r.below(slots)));
    }
  };
  const span = (): number => 1 + Math.floor(timeoutMs * r.pick([0.3, 2, 5, 20]));
  some(0.15, (at, node) => ({ type: 'enospc', at, node, forMs: span() }));
  some(0.15, (at, node) => ({ type: 'freeze-clock', at, node, forMs: span() }));
  some(0.1, (at, node) => ({ type: 'clock-rate', at, node, ppm: r.below(200_001) - 100_000 }));
  some(0.1, (at, node) => ({ type: 'ask-transfer', at, node }));
  some(0.2, (at, node) => ({ type: 'bad-read', at, node, how: r.pick(BAD_READS) }));
  if (knobs.realLog && !families.confChange) return withLostLog(r, knobs, faults, 4);
  return faults;
}

const BAD_READS: readonly BadRead[] = ['flip', 'stale', 'misplaced'];
const DAMAGES: readonly Damage[] = [
  'hole',
  'flip',
  'flip',
  'flip',
  'truncate',
  'delete',
  'rollback',
  'misplaced',
];

function drawKnobs(r: Random, families: Families, options: DrawOptions): Knobs {
  const voters = r.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 7]);
  const spares = families.confChange ? 1 + r.below(4) : 0;
  const realLog = r.chance(options.realLogShare ?? REAL_LOG_SHARE);
  const electionTicks = r.pick([5, 8, 10, 10, 20]);
  const long = r.pick([5_000, 10_000, 20_000, 40_000]);
  return {
    voters,
    spares: Math.min(spares, 11 - voters),
    foundersInLog: !realLog && r.chance(0.3),
    clients: r.pick([1, 2, 4, 8, 16]),
    keys: r.pick([1, 4, 16]),
    thinkMs: r.pick([2, 10, 50, 200]),
    readShare: r.pick([0.1, 0.4, 0.8]),
    paddingMax: r.pick([0, 0, 30, 300]),
    durationMs: Math.min(options.durationMsMax ?? long, long),
    tickMs: r.pick([10, 50, 100]),
    electionTicks,
    heartbeatTicks: r.pick([1, 1, 1, 2, Math.min(5, electionTicks - 1)]),
    ...drawRaft(r),
    ...drawNetwork(r),
    diskMeanUs: r.pick([50, 500, 5_000, 30_000]),
    diskGroupMax: r.pick([1, 4, 64]),
    applyDelayUs: r.pick([0, 0, 500, 10_000]),
    applyBatch: r.pick([1, 8, 64]),
    flushEvery: r.pick([1, 5, 50, 500]),
    keepEntries: r.pick([0, 3, 30, 500]),
    snapshotMs: r.pick([1, 20, 300]),
    realLog,
    healShape: r.pick<HealShape>([
      'all',
      'all',
      'minority-dead',
      'minority-cut',
      'minority-deaf',
      'minority-mute',
      'one-link',
    ]),
  };
}

function drawRaft(r: Random) {
  return {
    preVote: r.chance(0.8),
    checkQuorum: r.chance(0.85),
    stepDownOnRemoval: r.chance(0.8),
    proposalForwarding: r.chance(0.7),
    messageBytesMax: r.pick([1, 100, 1_000, 100_000]),
    inflightMessagesMax: r.pick([1, 2, 8, 256]),
    inflightBytesMax: r.pick([1, 300, 100_000]),
    uncommittedBytesMax: r.pick([50, 1_000, 1_000_000]),
    committedBytesMax: r.pick([1, 200, 100_000]),
    cacheBytesMax: r.pick([0, 200, 5_000, 1_000_000]),
    diskStallTicks: r.pick([0, 0, 0, 1_000]),
    driftPpm: r.pick([0, 0, 10_000, 100_000]),
  };
}

function drawNetwork(r: Random) {
  return {
    delayMinUs: r.pick([0, 100, 1_000, 10_000]),
    delayMeanUs: r.pick([100, 1_000, 5_000, 30_000, 100_000]),
    drop: r.pick([0, 0, 0.01, 0.1, 0.3]),
    duplicate: r.pick([0, 0, 0.05, 0.5]),
    replay: r.pick([0, 0, 0.01, 0.05]),
    reorder: r.chance(0.5),
    staleFrames: r.chance(0.3),
  };
}

function drawFaults(r: Random, knobs: Knobs, families: Families): Fault[] {
  const makers: ((at: number) => Fault | null)[] = [];
  const slots = knobs.voters + knobs.spares;
  const node = (): number => (r.chance(0.4) ? 0 : 1 + r.below(slots));
  const timeoutMs = knobs.electionTicks * knobs.tickMs;
  /** Short and long against an election timeout. */
  const span = (): number => 1 + Math.floor(timeoutMs * r.pick([0.05, 0.3, 1, 2, 5]));
  if (families.crash) {
    const crash = (at: number): Fault => ({ type: 'crash', at, node: node(), downMs: span() });
    makers.push(crash, crash);
  }
  if (families.power) makers.push((at) => ({ type: 'power-loss', at, downMs: span() }));
  if (families.pause) makers.push((at) => ({ type: 'pause', at, node: node(), forMs: span() }));
  if (families.diskStall) {
    makers.push((at) => ({ type: 'disk-stall', at, node: node(), forMs: span() }));
  }
  if (families.eio) makers.push((at) => ({ type: 'eio', at, node: node() }));
  if (families.admin) makers.push((at) => drawAdmin(r, at, slots));
  if (families.confChange) {
    const change = confChanges(r, knobs);
    makers.push(change, change);
  }
  if (slots > 1) {
    if (families.partition) makers.push((at) => drawPartition(r, at, slots, span()));
    if (families.leaderPartition) {
      const side = (): 'both' | 'in' | 'out' => r.pick(['both', 'both', 'in', 'out']);
      makers.push((at) => ({ type: 'isolate-leader', at, forMs: span(), side: side() }));
      // Long enough for another leader, short enough for the old one not to have given up.
      const strand = (): number => Math.ceil(timeoutMs * (1 + r.fraction()));
      makers.push((at) => ({ type: 'strand-leader', at, forMs: strand() }));
    }
    if (families.clog) makers.push((at) => drawClog(r, at, slots, span()));
    if (families.types) {
      makers.push((at) => ({ type: 'cut-types', at, forMs: span(), mask: 1 << (1 + r.below(14)) }));
    }
  }
  if (makers.length === 0) return [];
  const faults = schedule(r, knobs, timeoutMs, makers);
  return families.loseLog && !families.confChange ? withLostLog(r, knobs, faults) : faults;
}

function schedule(
  r: Random,
  knobs: Knobs,
  timeoutMs: number,
  makers: readonly ((at: number) => Fault | null)[],
): Fault[] {
  const faults: Fault[] = [];
  const pace = timeoutMs * r.pick([0.5, 1, 3]);
  // A quiet beginning now and then, so that there is something to lose.
  let at = r.chance(0.5) ? 2 * timeoutMs : 0;
  while (faults.length < FAULTS_MAX) {
    at += 1 + r.below(Math.floor(2 * pace) + 1);
    if (at >= knobs.durationMs) break;
    const fault = r.pick(makers)(at);
    if (fault !== null) faults.push(fault);
  }
  return faults;
}

const FAULTS_MAX = 300;

/** Within the budget: never more than a minority, and only where the voters stay the same. */
function withLostLog(r: Random, knobs: Knobs, faults: Fault[], times = 1): Fault[] {
  const budget = Math.floor((knobs.voters - 1) / 2);
  if (budget === 0 || knobs.durationMs < 3_000) return faults;
  const lost: Fault[] = [];
  for (let n = 1 + r.below(budget); n > 0; n--) {
    // What did no harm may happen again.
    for (let k = 0; k < times; k++) {
      const at = 2_000 + r.below(knobs.durationMs - 2_000);
      lost.push({ type: 'lose-log', at, node: n, how: r.pick(DAMAGES) });
    }
  }
  return [...faults, ...lost].sort((a, b) => a.at - b.at);
}

function drawAdmin(r: Random, at: number, slots: number): Fault {
  const slot = 1 + r.below(slots);
  switch (r.below(6)) {
    case 0:
      return { type: 'campaign', at, node: slot };
    case 1:
      return { type: 'forget-leader', at, node: slot };
    case 2:
      return { type: 'compact', at, node: r.chance(0.5) ? 0 : slot };
    default:
      return { type: 'transfer', at, to: slot };
  }
}

/** Halves, one alone, a bridge, a ring, any set of directions. */
function drawPartition(r: Random, at: number, slots: number, forMs: number): Fault {
  const shape = r.below(5);
  const side: boolean[] = [];
  for (let slot = 0; slot <= slots; slot++) side.push(r.chance(0.5));
  const one = 1 + r.below(slots);
  const links: [number, number][] = [];
  for (let a = 1; a <= slots; a++) {
    for (let b = 1; b <= slots; b++) {
      if (a === b) continue;
      const cut =
        shape === 0
          ? side[a] !== side[b]
          : shape === 1
            ? a === one || b === one
            : shape === 2
              ? a !== one && b !== one
              : shape === 3
                ? (a + 1 - b) % slots !== 0 && (b + 1 - a) % slots !== 0
                : r.chance(0.3);
      if (cut) links.push([a, b]);
    }
  }
  return { type: 'cut', at, forMs, links };
}

function drawClog(r: Random, at: number, slots: number, forMs: number): Fault {
  const from = 1 + r.below(slots);
  const to = 1 + ((from + r.below(slots - 1)) % slots);
  if (r.chance(0.4)) return { type: 'reset', at, a: from, b: to };
  return { type: 'clog', at, forMs, from, to };
}

/** Who was removed never comes back under the same slot; the leader decides what is possible. */
function confChanges(r: Random, knobs: Knobs): (at: number) => Fault | null {
  const removed = new Set<number>();
  const slots = knobs.voters + knobs.spares;
  return (at) => {
    const count = r.pick([0, 1, 1, 1, 1, 2, 3]);
    const changes: { type: 0 | 1 | 2; slot: number }[] = [];
    for (let n = 0; n < count; n++) {
      const slot = 1 + r.below(slots);
      if (removed.has(slot) || changes.some((c) => c.slot === slot)) continue;
      const type = r.pick([0, 0, 0, 2, 2, 1] as const);
      if (type === 1) {
        if (slots - removed.size <= 2) continue;
        removed.add(slot);
      }
      changes.push({ type, slot });
    }
    if (count > 0 && changes.length === 0) return null;
    return { type: 'conf-change', at, transition: r.pick([0, 0, 1, 2] as const), changes };
  };
}
