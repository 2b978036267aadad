/**
 * The faults: each one is injected into a running world, held, and healed. What a fault is expected to
 * do to the process it hits is checked here; whether anything was lost is the world's business.
 */
import type { ChaosGateway, ChaosMember } from './chaos-cluster.js';
import type { ChaosWorld } from './chaos-world.js';

/** How a network comes apart. */
const SHAPES = ['halves', 'isolate', 'one-way', 'bridge', 'ring', 'flapping'] as const;
type Shape = (typeof SHAPES)[number];

export const pauseMs = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** One injection, healed on return. */
export type Fault = (world: ChaosWorld) => Promise<void>;

function isMember(p: ChaosMember | ChaosGateway): p is ChaosMember {
  return 'peerUrl' in p;
}

/** `leader` in half of the cases, for faults of leaders are the interesting ones. */
export async function pickMember(world: ChaosWorld): Promise<{ m: ChaosMember; leads: boolean }> {
  const leader = await world.cluster.leader();
  const { random } = world;
  const m = leader !== null && random.chance(0.5) ? leader : random.pick(world.cluster.members);
  return { m, leads: m === leader };
}

async function killOne(world: ChaosWorld, p: ChaosMember | ChaosGateway): Promise<void> {
  const leads = isMember(p) && (await world.cluster.leader()) === p;
  const kind = leads ? 'leader killed' : isMember(p) ? 'follower killed' : 'gateway killed';
  const killedMs = world.mark();
  await p.process.stop('SIGKILL');
  const restarted = pauseMs(world.random.below(1_500)).then(() => {
    if (isMember(p)) world.cluster.startMember(p);
    else world.cluster.startGateway(p);
  });
  await Promise.all([world.writesBack(killedMs, kind), restarted]);
}

const kill: Fault = async (world) => killOne(world, (await pickMember(world)).m);

const gatewayKill: Fault = (world) => killOne(world, world.random.pick(world.cluster.gateways));

const sigstop: Fault = async (world) => {
  const { random, cluster } = world;
  const picked = random.chance(0.2) ? null : await pickMember(world);
  const victim = picked?.m ?? random.pick(cluster.gateways);
  const heldMs = random.chance(0.2) ? 6_000 + random.below(4_000) : 200 + random.below(4_000);
  const sinceMs = world.mark();
  victim.process.kill('SIGSTOP');
  try {
    if (picked !== null) {
      const kind = picked.leads ? 'leader stopped' : 'follower stopped';
      await world.writesBack(sinceMs, kind);
    }
    await pauseMs(Math.max(0, sinceMs + heldMs - performance.now()));
  } finally {
    victim.process.kill('SIGCONT');
  }
};

/** Cuts links by a shape. */
function cut(world: ChaosWorld, shape: Shape): void {
  const { random, cluster } = world;
  const { mesh } = cluster;
  const names = cluster.members.map((m) => m.name);
  const all = [...names, ...cluster.gateways.map((g) => g.name)];
  const shuffled = [...names].sort(() => random.fraction() - 0.5);
  const [one = '', two = '', three = ''] = shuffled;
  const both = (a: string, b: string): void => {
    mesh.set(a, b, { blocked: true });
    mesh.set(b, a, { blocked: true });
  };
  switch (shape) {
    case 'halves': {
      const left = new Set(all.filter(() => random.chance(0.5)));
      for (const a of all) for (const b of all) if (left.has(a) && !left.has(b)) both(a, b);
      return;
    }
    case 'isolate':
    case 'flapping':
      for (const other of all) if (other !== one) both(one, other);
      return;
    case 'one-way': {
      // Every direction of every pair of members may go, alone.
      const cuts = names.flatMap((a) => names.filter((b) => b !== a).map((b) => [a, b] as const));
      const gone = cuts.filter(() => random.chance(0.35));
      for (const [a, b] of gone.length > 0 ? gone : [[one, two] as const]) {
        mesh.set(a, b, { blocked: true });
      }
      return;
    }
    case 'bridge':
      // `three` alone sees both of the others.
      both(one, two);
      return;
    case 'ring':
      // Each hears the one before it only.
      mesh.set(two, one, { blocked: true });
      mesh.set(three, two, { blocked: true });
      mesh.set(one, three, { blocked: true });
  }
}

export function partition(shapes: readonly Shape[] = SHAPES): Fault {
  return async (world) => {
    const { random, cluster } = world;
    const shape = random.pick(shapes);
    const heldMs = 500 + random.below(7_000);
    const untilMs = performance.now() + heldMs;
    cut(world, shape);
    if (shape === 'flapping') {
      while (performance.now() < untilMs) {
        await pauseMs(50 + random.below(800));
        cluster.mesh.heal(random.chance(0.5));
        await pauseMs(50 + random.below(400));
        cut(world, 'isolate');
      }
    } else await pauseMs(heldMs);
    cluster.mesh.heal(random.chance(0.5));
  };
}

const delay: Fault = async (world) => {
  const { random, cluster } = world;
  const all = [...cluster.members, ...cluster.gateways].map((p) => p.name);
  const delayMs = random.below(60);
  for (const a of all) {
    for (const b of all) cluster.mesh.set(a, b, { delayMs, jitterMs: random.below(80) });
  }
  await pauseMs(2_000 + random.below(4_000));
  cluster.mesh.heal(true);
};

const loss: Fault = async (world) => {
  const { random, cluster } = world;
  const all = [...cluster.members, ...cluster.gateways].map((p) => p.name);
  const lossChance = 0.01 + 0.1 * random.fraction();
  for (const a of all) for (const b of all) cluster.mesh.set(a, b, { lossChance });
  for (let i = random.below(6); i >= 0; i--) {
    await pauseMs(300 + random.below(1_000));
    cluster.mesh.reset(0.2);
  }
  cluster.mesh.heal(true);
};

/** A member's process is taken by its own cores' other users: stopped and woken at random. */
const busy: Fault = async (world) => {
  const { random } = world;
  const { m } = await pickMember(world);
  const untilMs = performance.now() + 4_000;
  try {
    while (performance.now() < untilMs) {
      m.process.kill('SIGSTOP');
      await pauseMs(5 + random.below(120));
      m.process.kill('SIGCONT');
      await pauseMs(5 + random.below(30));
    }
  } finally {
    m.process.kill('SIGCONT');
  }
};

/** Restarts everywhere, of all at once too, gracefully or not. */
const restartStorm: Fault = async (world) => {
  const { random, cluster } = world;
  for (let round = 0; round < 4; round++) {
    const count = random.chance(0.4) ? cluster.members.length : 1;
    const shuffled = [...cluster.members].sort(() => random.fraction() - 0.5);
    const victims = shuffled.slice(0, count);
    const signal = random.chance(0.5) ? 'SIGKILL' : 'SIGTERM';
    await Promise.all(victims.map((m) => m.process.stop(signal)));
    for (const m of victims) cluster.startMember(m);
    await pauseMs(random.below(2_500));
    // One that was ended while it started may have been ended by us only.
    for (const m of cluster.members) {
      const { exit } = m.process;
      if (exit !== null && exit.code !== 0) throw new Error(`${m.name}: ${m.process.output}`);
    }
  }
  await cluster.ready();
};

/** Faults that need no more than signals and the proxies. */
export const PLAIN_FAULTS: Readonly<Record<string, Fault>> = {
  kill,
  'gateway-kill': gatewayKill,
  sigstop,
  partition: partition(),
  'partition-one-way': partition(['one-way']),
  delay,
  loss,
  busy,
  'restart-storm': restartStorm,
};
