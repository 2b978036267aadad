import { SESSION_OPEN_METHOD, SESSION_UNKNOWN, SessionMetadata, Status } from '@conclave/base';
import { LeaseGrantRequest, LeaseKeepAliveRequest, RangeRequest, TxnRequest } from '@conclave/wire';
import { SessionModel, readId, writeId } from './testing/session-model.js';
import {
  FakeCluster,
  type FakeMember,
  type MemberCall,
  type MemberService,
  World,
} from './testing/sim.js';

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const LOCK = '/v3lockpb.Lock/Lock';

function setUp(count = 3): { world: World; model: SessionModel; cluster: FakeCluster } {
  const world = new World(1);
  const model = new SessionModel(world);
  const cluster = new FakeCluster(world, count, model).upAll();
  return { world, model, cluster };
}

/** Records what reaches the members; answers as the test says. */
class Script implements MemberService {
  readonly seen: { member: bigint; call: MemberCall; request: Uint8Array }[] = [];
  answer: (call: MemberCall, request: Uint8Array, member: FakeMember) => void = () => {};

  open(member: FakeMember, call: MemberCall): void {
    call.onMessage = (request) => {
      this.seen.push({ member: member.id, call, request });
      if (call.method === SESSION_OPEN_METHOD) {
        call.send(new Uint8Array(0));
        call.end(Status.OK, '');
      } else this.answer(call, request, member);
    };
  }

  of(method: string): { member: bigint; call: MemberCall; request: Uint8Array }[] {
    return this.seen.filter((s) => s.call.method === method);
  }
}

function scripted(count = 3): { world: World; script: Script; cluster: FakeCluster } {
  const world = new World(1);
  const script = new Script();
  return { world, script, cluster: new FakeCluster(world, count, script).upAll() };
}

describe('routing', () => {
  test('writes and linearizable reads go to the leader', () => {
    const { world, model, cluster } = setUp();
    cluster.elect(cluster.members[1] as FakeMember);
    for (let i = 0; i < 10; i++) {
      cluster.call(PUT).request(writeId(i));
      cluster.call(RANGE).request(new Uint8Array(0));
    }
    world.run(200);
    expect([...model.seenBy.keys()]).toEqual([2n]);
  });

  test('serializable reads are spread over all members', () => {
    const { world, model, cluster } = setUp();
    const request = RangeRequest.encode(RangeRequest.create({ serializable: true }));
    for (let i = 0; i < 30; i++) cluster.call(RANGE).request(request);
    world.run(200);
    expect([...model.seenBy.keys()].sort()).toEqual([1n, 2n, 3n]);
  });

  test('a serializable read is served while nobody has a leader, a linearizable one waits', () => {
    const { world, script, cluster } = scripted();
    script.answer = (call) => call.end(Status.OK, '');
    for (const m of cluster.members) m.hasQuorum = false;
    for (const m of cluster.members) cluster.report(m);
    const request = RangeRequest.encode(RangeRequest.create({ serializable: true }));
    const serializable = cluster.call(RANGE).request(request);
    const linearizable = cluster.call(RANGE).request(new Uint8Array(0));
    world.run(500);
    expect(serializable.end?.code).toBe(Status.OK);
    expect(linearizable.end).toBeNull();
    for (const m of cluster.members) m.hasQuorum = true;
    world.run(500);
    expect(linearizable.end?.code).toBe(Status.OK);
  });

  test('a transaction of reads alone carries no session, one with a put does', () => {
    const { world, script, cluster } = scripted();
    const range = { $case: 'requestRange' as const, requestRange: RangeRequest.create() };
    const reads = TxnRequest.encode(TxnRequest.create({ success: [{ request: range }] }));
    cluster.call('/etcdserverpb.KV/Txn').request(reads);
    const put = Uint8Array.of(0x12, 2, 0x12, 0);
    cluster.call('/etcdserverpb.KV/Txn').request(put);
    world.run(300);
    const txns = script.of('/etcdserverpb.KV/Txn');
    const sessions = txns.map((t) => t.call.metadata.has(SessionMetadata.SESSION));
    expect(sessions).toEqual([false, true]);
  });

  test('an unknown method is answered as grpc-go does', () => {
    const { cluster } = setUp();
    const call = cluster.call('/etcdserverpb.KV/Nope');
    expect(call.end).toMatchObject({
      code: Status.UNIMPLEMENTED,
      text: 'unknown method Nope for service etcdserverpb.KV',
    });
  });

  test("a client's own session metadata never reaches a member", () => {
    const { world, script, cluster } = scripted();
    const metadata = new Map([
      [SessionMetadata.SESSION as string, 'f'.repeat(16)],
      ['token', 't'],
    ]);
    cluster.call(RANGE, { metadata }).request(new Uint8Array(0));
    world.run(100);
    expect([...(script.seen[0]?.call.metadata ?? [])]).toEqual([['token', 't']]);
  });

  test('calls above the bound are refused', () => {
    const world = new World(1);
    const cluster = new FakeCluster(world, 1, new Script(), { callsMax: 2 }).upAll();
    cluster.call(RANGE).request(new Uint8Array(0));
    cluster.call(RANGE).request(new Uint8Array(0));
    expect(cluster.call(RANGE).end).toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      text: 'etcdserver: too many requests',
    });
  });
});

describe('fail-over', () => {
  test('a member that loses its quorum is left in under 2 s, for reads and for writes', () => {
    const { world, model, cluster } = setUp();
    world.run(100);
    const [one, two] = cluster.members as [FakeMember, FakeMember];
    one.hasQuorum = false;
    const read = cluster.call(RANGE).request(new Uint8Array(0));
    const write = cluster.call(PUT).request(writeId(1));
    cluster.elect(two);
    world.run(2_000);
    expect([read.end?.code, write.end?.code]).toEqual([Status.OK, Status.OK]);
    expect(model.applied.get(1)).toBe(1);
    world.run(5_000);
    expect(model.applied.get(1)).toBe(1);
  });

  test('a member that falls silent is left in under 2 s', () => {
    const { world, cluster } = setUp();
    world.run(100);
    (cluster.members[0] as FakeMember).isSilent = true;
    const read = cluster.call(RANGE).request(new Uint8Array(0));
    const write = cluster.call(PUT).request(writeId(1));
    world.run(100);
    cluster.elect(cluster.members[1] as FakeMember);
    world.run(1_900);
    expect([read.end?.code, write.end?.code]).toEqual([Status.OK, Status.OK]);
  });

  test('our own pause is not taken for the silence of members', () => {
    const { world, script, cluster } = scripted();
    world.run(100);
    const read = cluster.call(RANGE).request(new Uint8Array(0));
    world.run(50);
    // The loop stands still for 5 s: the clock jumps, reports are processed after the tick.
    world.nowMs += 5_000;
    cluster.router.tick();
    expect(cluster.router.hasLeader).toBe(true);
    expect(script.of(RANGE)).toHaveLength(1);
    expect(read.end).toBeNull();
  });

  test('a lost link moves reads and writes at once, and a Lock only if it never left', () => {
    const { world, script, cluster } = scripted();
    script.answer = (call, _request, member) => {
      if (member.id === 2n) call.end(Status.OK, '');
    };
    const read = cluster.call(RANGE).request(new Uint8Array(0));
    const lockSent = cluster.call(LOCK).request(new Uint8Array(0));
    world.run(50);
    const lockUnsent = cluster.call(LOCK).request(new Uint8Array(0));
    cluster.elect(cluster.members[1] as FakeMember);
    cluster.cut(cluster.members[0] as FakeMember);
    world.run(50);
    expect(read.end?.code).toBe(Status.OK);
    expect(lockUnsent.end?.code).toBe(Status.OK);
    expect(lockSent.end).toMatchObject({
      code: Status.UNAVAILABLE,
      text: 'etcdserver: request timed out, possibly due to connection lost',
    });
  });

  test('without any member a call waits 7 s, then gets etcd’s text', () => {
    const { world, cluster } = setUp();
    for (const m of cluster.members) cluster.cut(m);
    const start = world.nowMs;
    const call = cluster.call(RANGE).request(new Uint8Array(0));
    const quick = cluster.call(RANGE, { timeoutMs: 1_000 }).request(new Uint8Array(0));
    world.run(8_000);
    expect(call.end?.text).toMatch(/^etcdserver: request timed out/);
    expect(call.end?.code).toBe(Status.UNAVAILABLE);
    expect((call.end?.atMs ?? 0) - start).toBeGreaterThanOrEqual(7_000);
    expect((call.end?.atMs ?? 0) - start).toBeLessThan(7_200);
    expect((quick.end?.atMs ?? 0) - start).toBeLessThan(1_200);
    expect(cluster.router.openCalls).toBe(0);
  });

  test('errors of the request itself are passed on and not repeated', () => {
    const { world, script, cluster } = scripted();
    script.answer = (call) => call.end(Status.INVALID_ARGUMENT, 'etcdserver: key is not provided');
    const call = cluster.call(PUT).request(writeId(1));
    world.run(500);
    expect(call.end).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      text: 'etcdserver: key is not provided',
    });
    expect(script.of(PUT)).toHaveLength(1);
  });

  test('a cancelled call is cancelled at the member and leaves nothing behind', () => {
    const { world, script, cluster } = scripted();
    let cancelled = 0;
    script.answer = (call) => {
      call.onCancel = () => cancelled++;
    };
    const call = cluster.call(PUT).request(writeId(1));
    world.run(100);
    call.events.cancelled();
    world.run(100);
    expect(cancelled).toBe(1);
    expect(cluster.router.openCalls).toBe(0);
  });
});

describe('sessions', () => {
  test('a repeated write keeps its session and sequence', () => {
    const { world, script, cluster } = scripted();
    let tries = 0;
    script.answer = (call) => {
      if (++tries < 3) call.end(Status.UNAVAILABLE, 'etcdserver: leader changed');
      else call.end(Status.OK, '');
    };
    cluster.call(PUT).request(writeId(1));
    world.run(1_000);
    const puts = script.of(PUT).map((s) => [...s.call.metadata].join());
    expect(puts).toHaveLength(3);
    expect(new Set(puts).size).toBe(1);
  });

  test('a grant without id gets one, the same in every try', () => {
    const { world, script, cluster } = scripted();
    let tries = 0;
    script.answer = (call) => {
      if (++tries === 1) call.end(Status.UNAVAILABLE, 'etcdserver: request timed out');
      else call.end(Status.OK, '');
    };
    const request = LeaseGrantRequest.encode(LeaseGrantRequest.create({ TTL: 30 }));
    cluster.call('/etcdserverpb.Lease/LeaseGrant').request(request);
    world.run(500);
    const ids = script.of('/etcdserverpb.Lease/LeaseGrant').map((s) => {
      const decoded = LeaseGrantRequest.decode(s.request);
      expect(decoded.TTL).toBe(30);
      return decoded.ID;
    });
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toBeGreaterThan(0n);
  });

  test('a forgotten session is replaced, and a write that was only refused goes through', () => {
    const { world, model, cluster } = setUp();
    cluster.call(PUT).request(writeId(1));
    world.run(200);
    model.sessions.clear();
    const second = cluster.call(PUT).request(writeId(2));
    world.run(500);
    expect(second.end?.code).toBe(Status.OK);
    expect(model.applied.get(2)).toBe(1);
  });

  test('a forgotten session fails a write whose earlier try may have happened', () => {
    const { world, script, cluster } = scripted();
    let tries = 0;
    script.answer = (call) => {
      if (++tries === 1) call.end(Status.UNAVAILABLE, 'etcdserver: leader changed');
      else call.end(Status.FAILED_PRECONDITION, SESSION_UNKNOWN);
    };
    const call = cluster.call(PUT).request(writeId(1));
    world.run(1_000);
    expect(call.end).toMatchObject({
      code: Status.UNAVAILABLE,
      text: 'etcdserver: request timed out',
    });
    expect(script.of(PUT)).toHaveLength(2);
  });

  test('one write that hangs does not stop the others: a full session is joined by another', () => {
    const { world, model, cluster } = setUp(1);
    const first = cluster.call(PUT).request(writeId(0));
    world.run(100);
    expect(first.end?.code).toBe(Status.OK);
    model.faults.lostAnswer = 1;
    const stuck = cluster.call(PUT).request(writeId(1));
    world.run(20);
    model.faults.lostAnswer = 0;
    const others = Array.from({ length: 5_000 }, (_, i) =>
      cluster.call(PUT).request(writeId(i + 2)),
    );
    world.run(1_000);
    expect(others.every((c) => c.end?.code === Status.OK)).toBe(true);
    expect(stuck.end).toBeNull();
    expect(model.sessions.size).toBe(2);
    let closed = false;
    cluster.router.closeSessions(() => {
      closed = true;
    });
    world.run(500);
    expect([closed, model.sessions.size]).toEqual([true, 0]);
  });
});

describe('keepalive streams', () => {
  const KEEPALIVE = '/etcdserverpb.Lease/LeaseKeepAlive';

  test('unanswered keepalives go to the new leader, in order, and all are answered', () => {
    const world = new World(3);
    const lost: bigint[] = [];
    const service: MemberService = {
      open(member, call) {
        let count = 0;
        call.onMessage = (bytes) => {
          count++;
          if (member.id === 1n && count > 2) lost.push(member.id);
          else call.send(bytes);
        };
        call.onHalfClose = () => call.end(Status.OK, '');
      },
    };
    const cluster = new FakeCluster(world, 3, service).upAll();
    const stream = cluster.call(KEEPALIVE);
    const ids = [1n, 2n, 3n, 4n, 5n];
    for (const ID of ids) stream.events.message(LeaseKeepAliveRequest.encode({ ID }));
    world.run(200);
    expect(stream.messages).toHaveLength(2);
    cluster.elect(cluster.members[1] as FakeMember);
    cluster.cut(cluster.members[0] as FakeMember);
    world.run(200);
    expect(stream.messages.map((m) => LeaseKeepAliveRequest.decode(m).ID)).toEqual(ids);
    stream.events.halfClosed();
    world.run(50);
    expect(stream.end?.code).toBe(Status.OK);
    expect(cluster.router.openCalls).toBe(0);
  });

  test('a keepalive that nobody answers ends the stream with etcd’s text', () => {
    const { world, cluster } = setUp();
    for (const m of cluster.members) m.hasQuorum = false;
    world.run(200);
    const stream = cluster.call(KEEPALIVE);
    stream.events.message(LeaseKeepAliveRequest.encode({ ID: 1n }));
    world.run(8_000);
    expect(stream.end).toMatchObject({
      code: Status.UNAVAILABLE,
      text: 'etcdserver: no leader',
    });
  });
});

describe('hasleader', () => {
  const metadata = new Map([['hasleader', 'true']]);

  test('fails at once without a leader, and ends streams after three election timeouts', () => {
    const { world, cluster } = setUp();
    const stream = cluster.call('/etcdserverpb.Watch/Watch', { metadata });
    const patient = cluster.call('/etcdserverpb.Watch/Watch');
    world.run(500);
    for (const m of cluster.members) m.hasQuorum = false;
    for (const m of cluster.members) cluster.report(m);
    const start = world.nowMs;
    const unary = cluster.call(RANGE, { metadata });
    expect(unary.end).toMatchObject({ code: Status.UNAVAILABLE, text: 'etcdserver: no leader' });
    world.run(2_900);
    expect(stream.end).toBeNull();
    world.run(300);
    expect(stream.end).toMatchObject({ code: Status.UNAVAILABLE, text: 'etcdserver: no leader' });
    expect((stream.end?.atMs ?? 0) - start).toBeGreaterThanOrEqual(3_000);
    expect(patient.end).toBeNull();
  });
});

function exactlyOnce(seed: number): void {
  const world = new World(seed);
  const model = new SessionModel(world);
  const cluster = new FakeCluster(world, 3, model).upAll();
  const { random } = world;
  model.faults = { lostAnswer: 0.05, twice: 0.1, late: 0.05, refusedFirst: 0.1 };
  const calls = new Map<number, ReturnType<FakeCluster['call']>>();
  for (let round = 0; round < 60; round++) {
    for (let n = random.below(8); n > 0; n--) {
      const id = calls.size + 1;
      calls.set(id, cluster.call(PUT, { timeoutMs: 10_000 }).request(writeId(id)));
    }
    if (random.chance(0.1)) calls.get(random.below(calls.size + 1))?.events.cancelled();
    const member = random.pick(cluster.members);
    const what = random.below(10);
    if (what === 0) cluster.cut(member);
    else if (what === 1) member.isSilent = !member.isSilent;
    else if (what === 2) member.hasQuorum = !member.hasQuorum;
    else if (what === 3) cluster.elect(member);
    else if (what === 4 && random.chance(0.1)) model.sessions.clear();
    else cluster.up(member);
    world.run(random.below(400));
  }
  for (const m of cluster.members) {
    m.isSilent = false;
    m.hasQuorum = true;
    cluster.up(m);
  }
  world.run(70_000);
  const revisions = new Set<number>();
  for (const [id, call] of calls) {
    const times = model.applied.get(id) ?? 0;
    expect({ id, times }).toEqual({ id, times: Math.min(times, 1) });
    if (call.end?.code !== Status.OK) continue;
    expect({ id, times }).toEqual({ id, times: 1 });
    revisions.add(readId(call.messages[0] as Uint8Array));
  }
  const ok = [...calls.values()].filter((c) => c.end?.code === Status.OK).length;
  expect(revisions.size).toBe(ok);
  expect(ok).toBeGreaterThan(calls.size / 4);
  expect(cluster.router.openCalls).toBe(0);
}

test('each write is applied once or not at all, and acknowledged ones once, whatever fails', () => {
  const given = process.env['SEED'];
  const first = given === undefined ? Math.floor(Math.random() * 1e9) : Number(given);
  for (let seed = first; seed < first + (given === undefined ? 40 : 1); seed++) {
    try {
      exactlyOnce(seed);
    } catch (error) {
      throw new Error(`SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
