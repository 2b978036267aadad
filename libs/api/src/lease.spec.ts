import {
  type Channel,
  type ClientCallEvents,
  type StatusCode,
  encodeUtf8,
  toByteString,
} from '@conclave/base';
import { Feature } from '@conclave/statemachine';
import {
  LeaseCheckpointRequest,
  LeaseExpire,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseTimeToLiveResponse,
  RequestField,
} from '@conclave/wire';
import { minTtlSeconds } from './lease.js';
import { Bench, type TestCall } from './testing/bench.js';
import { MEMBER_ID } from './testing/fake-replica.js';

const GRANT = '/etcdserverpb.Lease/LeaseGrant';
const REVOKE = '/etcdserverpb.Lease/LeaseRevoke';
const TTL = '/etcdserverpb.Lease/LeaseTimeToLive';
const LEASES = '/etcdserverpb.Lease/LeaseLeases';
const KEEP_ALIVE = '/etcdserverpb.Lease/LeaseKeepAlive';
const PUT = '/etcdserverpb.KV/Put';
const b = encodeUtf8;

const keepAlive = (ID: bigint): Uint8Array => LeaseKeepAliveRequest.encode({ ID });
const ttls = (call: TestCall): number[] => call.decoded(LeaseKeepAliveResponse).map((r) => r.TTL);

/** The leader revokes what has ended, as its log would say. */
function expire(bench: Bench, id: bigint): void {
  const body = LeaseExpire.encode({ leaseID: [id], term: bench.replica.term });
  bench.replica.applyNow(RequestField.LEASE_EXPIRE, body);
}

describe('bad input: lease (reliability D4)', () => {
  test.each([
    [0, 2],
    [-1, 2],
    [Number.MIN_SAFE_INTEGER, 2],
    [1, 2],
    [600, 600],
    [9_000_000_000, 9_000_000_000],
  ])('a TTL of %d is granted as %d', (asked, granted) => {
    expect(new Bench().ok(GRANT, { TTL: asked, ID: 7n })).toMatchObject({ ID: 7n, TTL: granted });
  });

  test('TTLs above the bound are refused, 2^63-1 too, but behind an id in use', () => {
    const bench = new Bench();
    const tooLarge = '11 etcdserver: too large lease TTL';
    expect(bench.refused(GRANT, { TTL: 9_000_000_001 })).toBe(tooLarge);
    expect(bench.refused(GRANT, { TTL: Number.MAX_SAFE_INTEGER })).toBe(tooLarge);
    bench.ok(GRANT, { TTL: 5, ID: 7n });
    expect(bench.refused(GRANT, { TTL: 5, ID: 7n })).toBe('9 etcdserver: lease already exists');
  });

  test('id 0 means: choose a positive one; negative ids are taken', () => {
    const bench = new Bench();
    expect(bench.ok(GRANT, { TTL: 5 }).ID > 0n).toBe(true);
    expect(bench.ok(GRANT, { TTL: 5, ID: -9n }).ID).toBe(-9n);
  });

  test('revoking twice, an unknown lease, lease 0: NOT_FOUND', () => {
    const bench = new Bench();
    const missing = '5 etcdserver: requested lease not found';
    bench.ok(GRANT, { TTL: 5, ID: 7n });
    bench.ok(REVOKE, { ID: 7n });
    expect(bench.refused(REVOKE, { ID: 7n })).toBe(missing);
    expect(bench.refused(REVOKE, { ID: 0n })).toBe(missing);
  });

  test('the shortest TTL is 1.5 election timeouts in whole seconds', () => {
    expect([1_000, 100, 2_000, 50_000].map(minTtlSeconds)).toEqual([2, 1, 3, 75]);
  });

  test('a revoke of a lease without keys keeps the revision, one with keys adds one', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 5, ID: 7n });
    expect(bench.ok(REVOKE, { ID: 7n }).header.revision).toBe(1);
    bench.ok(GRANT, { TTL: 5, ID: 8n });
    for (const key of ['a', 'b']) bench.ok(PUT, { key: b(key), lease: 8n });
    expect(bench.ok(REVOKE, { ID: 8n }).header.revision).toBe(4);
  });
});

describe('TimeToLive and Leases', () => {
  test('remaining seconds are floored; keys only if asked', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 600, ID: 7n });
    bench.ok(PUT, { key: b('a'), lease: 7n });
    bench.replica.advance(10);
    expect(bench.ok(TTL, { ID: 7n })).toMatchObject({
      ID: 7n,
      TTL: 599,
      grantedTTL: 600,
      keys: [],
    });
    expect(
      bench.ok(TTL, { ID: 7n, keys: true }).keys.map((k: Uint8Array) => toByteString(k)),
    ).toEqual(['a']);
  });

  test('an unknown lease, and one that has ended: TTL -1 and no granted TTL', () => {
    const bench = new Bench();
    expect(bench.ok(TTL, { ID: 9n })).toMatchObject({ ID: 9n, TTL: -1, grantedTTL: 0 });
    bench.ok(GRANT, { TTL: 2, ID: 7n });
    bench.replica.advance(2_500);
    expect(bench.ok(TTL, { ID: 7n, keys: true })).toMatchObject({
      TTL: -1,
      grantedTTL: 0,
      keys: [],
    });
  });

  test('an applied index that does not catch up has its own text', () => {
    const bench = new Bench();
    bench.replica.commitIndex = 1_000;
    expect(bench.refused(TTL, { ID: 7n })).toBe(
      '14 etcdserver: request timed out, waiting for the applied index took too long',
    );
  });

  test('leases come in the order in which they end', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 90, ID: 1n });
    bench.ok(GRANT, { TTL: 30, ID: 2n });
    expect(bench.ok(LEASES).leases).toEqual([{ ID: 2n }, { ID: 1n }]);
  });
});

describe('KeepAlive', () => {
  test('renews to the full TTL; an unknown lease gets TTL 0 and the stream stays open', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 10, ID: 7n });
    bench.replica.advance(8_000);
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    bench.send(call, keepAlive(9n));
    expect([ttls(call), call.ended]).toEqual([[10, 0], null]);
    bench.replica.advance(8_000);
    expect(bench.ok(TTL, { ID: 7n }).TTL).toBe(2);
  });

  test('half-closing ends it with OK, after all answers', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 10, ID: 7n });
    const call = bench.open(KEEP_ALIVE);
    call.events?.message(keepAlive(7n));
    call.events?.halfClosed();
    bench.replica.tasks.run();
    expect([ttls(call), call.ended]).toEqual([[10], { code: 0, message: '' }]);
  });

  test('nothing is renewed without a quorum after the request (reliability rule 45)', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 10, ID: 7n });
    bench.replica.advance(5_000);
    bench.replica.failure = 'timeout';
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    expect(call.ended).toEqual({ code: 14, message: 'etcdserver: request timed out' });
    expect(bench.ok(TTL, { ID: 7n }).TTL).toBe(5);
  });

  test('many requests share one confirmation and are answered in order', () => {
    const bench = new Bench();
    for (let id = 1n; id <= 100n; id++) bench.ok(GRANT, { TTL: Number(id) + 9, ID: id });
    const call = bench.open(KEEP_ALIVE);
    for (let id = 1n; id <= 100n; id++) call.events?.message(keepAlive(id));
    bench.replica.tasks.run();
    expect(ttls(call)).toEqual(Array.from({ length: 100 }, (_, i) => i + 10));
    expect(bench.replica.reads).toBe(2);
  });

  test('checkpoints are taken back in one entry for the whole round before it is renewed', () => {
    const bench = new Bench();
    bench.replica.raiseFeature(Feature.LEASE_CHECKPOINT);
    for (let id = 1n; id <= 3n; id++) bench.ok(GRANT, { TTL: 600, ID: id });
    bench.replica.advance(300_000);
    const { term, appliedIndex } = bench.replica;
    const checkpoints = [1n, 2n].map((ID) => ({ ID, remainingTTL: 300 }));
    const body = LeaseCheckpointRequest.encode({ checkpoints, term, index: appliedIndex });
    bench.replica.applyNow(RequestField.LEASE_CHECKPOINT, body);
    const { leases } = bench.replica.machine;
    expect([leases.needsReset(1n), leases.needsReset(3n)]).toEqual([true, false]);
    bench.replica.proposals = [];
    const call = bench.open(KEEP_ALIVE);
    for (const id of [3n, 1n, 2n, 1n]) call.events?.message(keepAlive(id));
    bench.replica.tasks.run();
    expect(ttls(call)).toEqual([600, 600, 600, 600]);
    expect(bench.replica.proposals.map((p) => p.field)).toEqual([RequestField.LEASE_CHECKPOINT]);
    // A next leader starts from the full term again.
    leases.promote(bench.replica.nowMs, 0);
    expect(leases.view(1n, bench.replica.nowMs)?.remaining).toBe(600);
  });

  test('without a leader to take a checkpoint back, nothing is renewed', () => {
    const bench = new Bench();
    bench.replica.raiseFeature(Feature.LEASE_CHECKPOINT);
    bench.ok(GRANT, { TTL: 600, ID: 1n });
    const { term, appliedIndex } = bench.replica;
    const checkpoints = [{ ID: 1n, remainingTTL: 300 }];
    const body = LeaseCheckpointRequest.encode({ checkpoints, term, index: appliedIndex });
    bench.replica.applyNow(RequestField.LEASE_CHECKPOINT, body);
    bench.replica.proposalFailure = 'timeout';
    const call = bench.raw(KEEP_ALIVE, keepAlive(1n));
    expect(call.ended).toEqual({ code: 14, message: 'etcdserver: request timed out' });
    expect(ttls(call)).toEqual([]);
  });

  test('a lease past its deadline blocks until it is revoked, then TTL 0', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 2, ID: 7n });
    bench.replica.advance(2_500);
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    bench.replica.advance(500);
    expect(ttls(call)).toEqual([]);
    expire(bench, 7n);
    bench.replica.advance(100);
    expect([ttls(call), call.ended]).toEqual([[0], null]);
  });

  test('no more requests are taken while the client does not read', () => {
    const bench = new Bench();
    const call = bench.open(KEEP_ALIVE);
    call.credit = 1;
    bench.send(call, keepAlive(7n));
    expect(call.paused).toBe(true);
    call.credit = 9;
    call.events?.drained();
    expect(call.paused).toBe(false);
  });

  test('a client that goes away stops what is under way', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 10, ID: 7n });
    bench.replica.advance(5_000);
    const call = bench.open(KEEP_ALIVE);
    call.events?.message(keepAlive(7n));
    call.events?.cancelled();
    bench.replica.tasks.run();
    expect(bench.ok(TTL, { ID: 7n }).TTL).toBe(5);
  });
});

/** A leader elsewhere: answers by script, in a later turn. */
class FakeLeader implements Channel {
  readonly asked: { method: string; forwarded: boolean; messages: Uint8Array[] }[] = [];
  answer: (messages: Uint8Array[]) => { messages?: Uint8Array[]; code?: StatusCode; text?: string };
  readonly #bench: Bench;

  constructor(bench: Bench, answer: FakeLeader['answer']) {
    this.#bench = bench;
    this.answer = answer;
    bench.replica.leader = this;
    bench.replica.machine.leases.demote();
    bench.replica.lead(20n);
  }

  open(
    method: string,
    metadata: ReadonlyMap<string, string>,
    _timeoutMs: number | null,
    events: ClientCallEvents,
  ): ReturnType<Channel['open']> {
    const call = {
      method,
      forwarded: metadata.has('conclave-forwarded'),
      messages: [] as Uint8Array[],
    };
    this.asked.push(call);
    return {
      send: (message) => call.messages.push(message) > 0,
      halfClose: () =>
        this.#bench.replica.tasks.yieldTo(() => {
          const { messages = [], code = 0, text = '' } = this.answer(call.messages);
          for (const message of messages) events.message(message);
          events.ended(code, text);
        }),
      cancel: () => undefined,
      pauseInput: () => undefined,
      resumeInput: () => undefined,
    };
  }
}

describe('a member that does not lead', () => {
  test('sends keepalives on and answers with its own header', () => {
    const bench = new Bench();
    new FakeLeader(bench, (messages) => ({
      messages: messages.map((message) => {
        const { ID } = LeaseKeepAliveRequest.decode(message);
        return LeaseKeepAliveResponse.encode({ header: null, ID, TTL: 33 });
      }),
    }));
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    const [answer] = call.decoded(LeaseKeepAliveResponse);
    expect(answer).toMatchObject({ ID: 7n, TTL: 33, header: { memberId: MEMBER_ID, revision: 1 } });
  });

  test('tries again while the one it asked does not lead', () => {
    const bench = new Bench();
    let tries = 0;
    new FakeLeader(bench, () => {
      if (++tries < 3) return { code: 14, text: 'etcdserver: no leader' };
      return { messages: [LeaseKeepAliveResponse.encode({ header: null, ID: 7n, TTL: 33 })] };
    });
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    bench.replica.advance(200);
    expect([ttls(call), tries]).toEqual([[33], 3]);
  });

  test('takes over when it comes to lead itself', () => {
    const bench = new Bench();
    bench.ok(GRANT, { TTL: 10, ID: 7n });
    new FakeLeader(bench, () => ({ code: 14, text: 'etcdserver: no leader' }));
    const call = bench.raw(KEEP_ALIVE, keepAlive(7n));
    bench.replica.machine.leases.promote(bench.replica.nowMs, 0);
    bench.replica.lead(MEMBER_ID);
    bench.replica.advance(100);
    expect(ttls(call)).toEqual([10]);
  });

  test.each([KEEP_ALIVE, TTL])('without a leader %s fails after the request timeout', (method) => {
    const bench = new Bench();
    bench.replica.lead(0n);
    const call = bench.raw(method, keepAlive(7n));
    bench.replica.advance(6_900);
    expect(call.ended).toBeNull();
    bench.replica.advance(200);
    expect(call.ended).toEqual({ code: 14, message: 'etcdserver: no leader' });
  });

  test.each([KEEP_ALIVE, TTL])('never sends on what was sent on to it: %s', (method) => {
    const bench = new Bench();
    const leader = new FakeLeader(bench, () => ({}));
    const call = bench.raw(method, keepAlive(7n), new Map([['conclave-forwarded', '1']]));
    expect(call.ended).toEqual({ code: 14, message: 'etcdserver: no leader' });
    expect(leader.asked).toEqual([]);
  });

  test('TimeToLive comes from the leader; an answer that is no message is asked for again', () => {
    const bench = new Bench();
    let tries = 0;
    const leader = new FakeLeader(bench, () => {
      if (++tries === 1) return { messages: [new Uint8Array([0xff])] };
      const response = LeaseTimeToLiveResponse.create({ ID: 7n, TTL: 4, grantedTTL: 9 });
      return { messages: [LeaseTimeToLiveResponse.encode(response)] };
    });
    const call = bench.ask(TTL, { ID: 7n });
    bench.replica.advance(100);
    expect(call.decoded(LeaseTimeToLiveResponse)[0]).toMatchObject({
      TTL: 4,
      grantedTTL: 9,
      header: { memberId: MEMBER_ID },
    });
    expect(leader.asked.every((one) => one.forwarded)).toBe(true);
  });
});
