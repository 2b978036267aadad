/** The pieces of a world, alone: queue, clock, network, disk, machine, quorums. */
import { Random } from '@conclave/base';
import { EMPTY_CONF_STATE } from '@conclave/raft';
import { EntryType } from '@conclave/wire';
import { DriftingClock, SECOND } from './clock.js';
import { Op, decodeCommand, encodeCommand } from './command.js';
import { ModelDisk } from './disk.js';
import { EventQueue } from './event-queue.js';
import { quorumsOverlap, reachesQuorum } from './judges/quorum-check.js';
import { LogStore } from './log-store.js';
import { ModelMachine } from './machine.js';
import { CALM_NETWORK, Network } from './network.js';

describe('EventQueue', () => {
  test('gives events in order of time, and of arrival among equals', () => {
    const random = new Random(Number(process.env['SEED'] ?? 5));
    const queue = new EventQueue<number>();
    const expected: { at: number; n: number }[] = [];
    for (let n = 0; n < 1_000; n++) {
      const at = random.below(50);
      expected.push({ at, n });
      queue.push(at, n);
    }
    expected.sort((a, b) => a.at - b.at || a.n - b.n);
    const got: number[] = [];
    for (let event = queue.pop(); event !== undefined; event = queue.pop()) got.push(event);
    expect(got).toEqual(expected.map(({ n }) => n));
    expect(queue.now).toBe(expected[999]?.at);
  });

  test('refuses the past, and more than its bound', () => {
    const queue = new EventQueue<number>(2);
    queue.push(5, 1);
    queue.pop();
    expect(() => queue.push(4, 2)).toThrow(/past/);
    queue.push(5, 2);
    queue.push(5, 3);
    expect(() => queue.push(5, 4)).toThrow(/bound/);
  });
});

describe('DriftingClock', () => {
  test('runs fast or slow, keeps what it showed when its speed changes', () => {
    const time = { now: 0 };
    const clock = new DriftingClock(time, 100_000);
    time.now = 10 * SECOND;
    expect(clock.localUs).toBe(11 * SECOND);
    clock.drift(-100_000);
    time.now = 20 * SECOND;
    expect(clock.localUs).toBe(20 * SECOND);
    expect(clock.trueUs(9)).toBe(10);
  });

  test('a step of the wall clock does not move the monotonic one', () => {
    const clock = new DriftingClock({ now: SECOND }, 0, 5_000);
    clock.stepWall(-86_400_000);
    expect(clock.monotonicMs()).toBe(1_000);
    expect(clock.wallMs()).toBe(1_000 + 5_000 - 86_400_000);
  });
});

describe('Network', () => {
  const arrivals = (network: Network, now: number, type = 1): number[] => {
    const times: number[] = [];
    network.route(1, 2, type, now, (at) => times.push(at));
    return times;
  };

  test('cuts one direction only, as often as it was cut', () => {
    const network = new Network(3, CALM_NETWORK, new Random(1));
    network.cut(1, 2);
    network.cut(1, 2);
    network.join(1, 2);
    expect(arrivals(network, 0)).toEqual([]);
    expect(network.isCut(2, 1)).toBe(false);
    network.join(1, 2);
    expect(arrivals(network, 0)).toHaveLength(1);
  });

  test('keeps order on a link unless told otherwise', () => {
    const ordered = new Network(2, { ...CALM_NETWORK, delayMean: 1_000 }, new Random(3));
    const times = Array.from({ length: 200 }, (_, i) => arrivals(ordered, i)[0] as number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const mixed = new Network(2, { ...CALM_NETWORK, reorder: true }, new Random(3));
    const loose = Array.from({ length: 200 }, (_, i) => arrivals(mixed, i)[0] as number);
    expect(loose).not.toEqual([...loose].sort((a, b) => a - b));
  });

  test('holds a clogged link back, loses chosen types, doubles, and counts epochs', () => {
    const network = new Network(2, { ...CALM_NETWORK, duplicate: 1 }, new Random(1));
    network.clog(1, 2, 9_000_000);
    expect(arrivals(network, 0)).toEqual([9_000_000, 9_000_000]);
    network.cutTypes(1, 2, 1 << 4);
    expect(arrivals(network, 0, 4)).toEqual([]);
    expect(arrivals(network, 0, 5)).toHaveLength(2);
    network.reset(2, 1);
    expect(network.epoch(1, 2)).toBe(1);
  });
});

describe('ModelDisk', () => {
  const entry = (index: number) => ({
    index,
    term: 1,
    type: EntryType.NORMAL,
    data: new Uint8Array(0),
  });
  const make = (seed: number) => {
    const tasks: (() => void)[] = [];
    let died = 0;
    const initial = {
      hardState: { term: 1, vote: 0, commit: 0 },
      cut: { index: 0, term: 0, confState: EMPTY_CONF_STATE },
      entries: [],
    };
    const disk = new ModelDisk(initial, 8, new Random(seed), {
      later: (_delay, task) => tasks.push(task),
      latencyUs: () => 1,
      fatal: () => died++,
      see: () => undefined,
    });
    const append = (index: number, done: () => void): void => {
      const hardState = { term: index, vote: 0, commit: 0 };
      disk.append({ sequence: index, hardState, entries: [entry(index)], messages: [] }, done);
    };
    return { disk, tasks, append, died: () => died };
  };

  test('has one group in flight; what was completed survives, what follows may in part', () => {
    const kept = new Set<number>();
    for (let seed = 1; seed < 40; seed++) {
      const { disk, tasks, append } = make(seed);
      const done: number[] = [];
      for (const i of [1, 2, 3]) append(i, () => done.push(i));
      expect(tasks).toHaveLength(1);
      tasks.shift()?.();
      expect(done).toEqual([1]);
      disk.crash(true);
      const last = disk.recover()?.entries.length ?? 0;
      expect(disk.recover()?.hardState.term).toBe(last);
      kept.add(last);
    }
    expect([...kept].sort()).toEqual([1, 2, 3]);
  });

  test('a failed write ends the process and reports nothing durable', () => {
    const { disk, tasks, append, died } = make(1);
    disk.failNextWrite();
    append(1, () => {
      throw new Error('reported durable');
    });
    tasks.shift()?.();
    expect(died()).toBe(1);
  });

  test('a read of other bytes than were written ends the process and gives nothing', () => {
    const { disk, tasks, append, died } = make(1);
    append(1, () => undefined);
    tasks.shift()?.();
    disk.spoilNextRead('flip');
    disk.read(1, 2, 100, () => {
      throw new Error('served');
    });
    tasks.shift()?.();
    expect(died()).toBe(1);
  });

  test('a damaged log does not open', () => {
    const { disk } = make(1);
    disk.crash(true);
    disk.damage('hole');
    expect(disk.recover()).toBeNull();
  });
});

describe('LogStore', () => {
  const entry = (index: number) => ({
    index,
    term: 1,
    type: EntryType.NORMAL,
    data: new Uint8Array(40).fill(index),
  });
  const make = (seed: number) => {
    const time = { now: 0 };
    const tasks: (() => void)[] = [];
    const seen: string[] = [];
    const initial = {
      hardState: { term: 1, vote: 0, commit: 0 },
      cut: { index: 0, term: 0, confState: EMPTY_CONF_STATE },
      entries: [],
    };
    const store = new LogStore(1, initial, new Random(seed), time, {
      later: (_delay, task) => tasks.push(task),
      latencyUs: () => 1,
      fatal: () => seen.push('died'),
      see: (name) => seen.push(name),
    });
    const run = (): void => {
      for (let n = 0; n < 50; n++) {
        time.now += 25_000;
        tasks.shift()?.();
      }
    };
    const hardState = { term: 1, vote: 0, commit: 0 };
    const entries = [1, 2, 3, 4].map(entry);
    store.append({ sequence: 1, hardState, entries, messages: [] }, () => undefined);
    run();
    return { store, run, seen };
  };

  test.each(['flip', 'stale', 'misplaced'] as const)('a read that is %s is noticed', (how) => {
    const { store, run, seen } = make(3);
    store.spoilNextRead(how);
    store.read(1, 5, 1_000, () => {
      throw new Error('served');
    });
    run();
    expect(seen).toEqual(['sim:bad-read-noticed', 'died']);
  });

  const damages = ['hole', 'flip', 'truncate', 'delete', 'rollback', 'misplaced'] as const;
  test.each(damages)('a log with damage (%s) does not open, or gives what was written', (how) => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      const { store } = make(seed);
      store.crash(true);
      store.damage(how);
      const found = store.recover();
      outcomes.add(found === null ? 'refused' : 'opened');
      for (const { index, data } of found?.entries ?? []) {
        expect(data).toEqual(entry(index).data);
      }
    }
    expect([...outcomes]).toContain('refused');
  });
});

describe('ModelMachine', () => {
  const run = (machine: ModelMachine, index: number, op: Op, sequence: number, value = 1) =>
    machine.apply(
      index,
      1,
      encodeCommand({ op, client: 0, sequence, key: 0, value, expected: 0 }, 5),
    );

  test('applies a repeated command once and answers it from memory', () => {
    const machine = new ModelMachine(2, 1, EMPTY_CONF_STATE);
    expect(run(machine, 1, Op.ADD, 1)).toBe(true);
    expect(run(machine, 2, Op.ADD, 1)).toBe(false);
    expect([machine.values[0], machine.revision, machine.resultRevision(0)]).toEqual([1, 2, 2]);
  });

  test('an image brings the whole state back', () => {
    const machine = new ModelMachine(2, 1, EMPTY_CONF_STATE);
    run(machine, 1, Op.PUT, 1, 7);
    const image = machine.image();
    const before = machine.stateHash();
    run(machine, 2, Op.DELETE, 2);
    expect(machine.stateHash()).not.toBe(before);
    machine.restore(image);
    expect(machine.stateHash()).toBe(before);
  });

  test('a command survives its encoding', () => {
    const command = { op: Op.CAS, client: 9, sequence: 700, key: 3, value: -5, expected: 9e8 };
    expect(decodeCommand(encodeCommand(command, 3))).toEqual(command);
  });
});

describe('quorums by brute force', () => {
  const voters = (...slots: number[]) => ({ ...EMPTY_CONF_STATE, voters: slots });

  test('half of an even number is none', () => {
    expect(reachesQuorum(voters(1, 2, 3, 4), (s) => s <= 2)).toBe(false);
    expect(reachesQuorum(voters(1, 2, 3, 4), (s) => s <= 3)).toBe(true);
  });

  test('a joint configuration needs both halves', () => {
    const joint = { ...voters(1, 2, 3), votersOutgoing: [4, 5, 6] };
    expect(reachesQuorum(joint, (s) => s <= 3)).toBe(false);
    expect(reachesQuorum(joint, (s) => s !== 1 && s !== 4)).toBe(true);
  });

  test('changes of one voter overlap, changes of two need not', () => {
    expect(quorumsOverlap(voters(1, 2, 3), voters(1, 2, 3, 4))).toBe(true);
    expect(quorumsOverlap(voters(1, 2, 3), voters(1, 2, 3, 4, 5))).toBe(false);
  });
});
