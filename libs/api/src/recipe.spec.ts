/** Lock and Election (spec 2.12). */
import { encodeUtf8, toByteString } from '@conclave/base';
import { LeaderRequest, LeaderResponse, LockResponse } from '@conclave/wire';
import { Bench, type TestCall, answerOf, requestBytes } from './testing/bench.js';

const LOCK = '/v3lockpb.Lock/Lock';
const UNLOCK = '/v3lockpb.Lock/Unlock';
const CAMPAIGN = '/v3electionpb.Election/Campaign';
const PROCLAIM = '/v3electionpb.Election/Proclaim';
const LEADER = '/v3electionpb.Election/Leader';
const RESIGN = '/v3electionpb.Election/Resign';
const OBSERVE = '/v3electionpb.Election/Observe';
const GRANT = '/etcdserverpb.Lease/LeaseGrant';
const REVOKE = '/etcdserverpb.Lease/LeaseRevoke';
const RANGE = '/etcdserverpb.KV/Range';
const TTL = '/etcdserverpb.Lease/LeaseTimeToLive';
const b = encodeUtf8;

function withLeases(...ids: bigint[]): Bench {
  const bench = new Bench();
  for (const ID of ids) bench.ok(GRANT, { ID, TTL: 600 });
  return bench;
}

const settle = (bench: Bench): void => bench.replica.advance(500);
const lockKey = (call: TestCall): string =>
  toByteString(call.decoded(LockResponse)[0]?.key ?? b(''));

describe('Lock', () => {
  const lock = (bench: Bench, lease: bigint): TestCall =>
    bench.ask(LOCK, { name: b('lck'), lease });

  test('the key is name and lease in hex; the same lease locks again at once', () => {
    const bench = withLeases(1_002n);
    expect(lockKey(lock(bench, 1_002n))).toBe('lck/3ea');
    expect(lockKey(lock(bench, 1_002n))).toBe('lck/3ea');
    expect(bench.ok(RANGE, { key: b('lck/3ea') }).kvs[0]).toMatchObject({
      version: 1,
      lease: 1_002n,
    });
  });

  test('waiters get it one after the other, in the order in which they came', () => {
    const bench = withLeases(1n, 2n, 3n);
    lock(bench, 1n);
    const [second, third] = [lock(bench, 3n), lock(bench, 2n)];
    settle(bench);
    expect([second.ended, third.ended]).toEqual([null, null]);
    bench.ok(UNLOCK, { key: b('lck/1') });
    settle(bench);
    expect([lockKey(second), third.ended]).toEqual(['lck/3', null]);
    bench.ok(REVOKE, { ID: 3n });
    settle(bench);
    expect(lockKey(third)).toBe('lck/2');
  });

  test('one in the middle that leaves does not let the last one in', () => {
    const bench = withLeases(1n, 2n, 3n);
    lock(bench, 1n);
    lock(bench, 2n);
    const third = lock(bench, 3n);
    bench.ok(REVOKE, { ID: 2n });
    settle(bench);
    expect(third.ended).toBeNull();
    bench.ok(REVOKE, { ID: 1n });
    settle(bench);
    expect(lockKey(third)).toBe('lck/3');
  });

  test('a caller that goes away while it waits loses its place', () => {
    const bench = withLeases(1n, 2n);
    lock(bench, 1n);
    const second = lock(bench, 2n);
    settle(bench);
    second.events?.cancelled();
    settle(bench);
    expect(bench.ok(RANGE, { key: b('lck/2') }).count).toBe(0);
    expect(bench.replica.watches.streamCount).toBe(0);
  });

  test('a waiter whose own key vanished is told so', () => {
    const bench = withLeases(1n, 2n);
    lock(bench, 1n);
    const second = lock(bench, 2n);
    settle(bench);
    bench.ok(REVOKE, { ID: 2n });
    bench.ok(REVOKE, { ID: 1n });
    settle(bench);
    expect(second.ended).toEqual({ code: 2, message: 'mutex: session is expired' });
  });

  test('without a lease one of 60 seconds is granted', () => {
    const bench = new Bench();
    const key = lockKey(lock(bench, 0n));
    const lease = bench.ok(RANGE, { key: b(key) }).kvs[0].lease;
    expect(key).toBe(`lck/${lease.toString(16)}`);
    expect(bench.ok(TTL, { ID: lease }).grantedTTL).toBe(60);
  });

  test('an unknown lease: the text without its code; unlocking a missing key is fine', () => {
    const bench = new Bench();
    expect(bench.refused(LOCK, { name: b('x'), lease: 99n })).toBe(
      '2 etcdserver: requested lease not found',
    );
    expect(bench.ok(UNLOCK, { key: b('nothing') }).header.revision).toBe(1);
    expect(bench.refused(UNLOCK, {})).toBe('2 etcdserver: key is not provided');
  });
});

describe('Election', () => {
  const campaign = (bench: Bench, lease: bigint, value = `v${lease}`): TestCall =>
    bench.ask(CAMPAIGN, { name: b('el'), lease, value: b(value) });
  // Answers are looked into by name.
  const won = (call: TestCall): ReturnType<typeof answerOf> =>
    call.messages[0] === undefined ? null : answerOf(CAMPAIGN, call.messages[0]);

  test('the winner gets its key and create revision; Leader tells its value', () => {
    const bench = withLeases(1_002n);
    const { leader } = won(campaign(bench, 1_002n, 'me'));
    expect(leader).toEqual({ name: b('el'), key: b('el/3ea'), rev: 2, lease: 1_002n });
    expect(bench.ok(LEADER, { name: b('el') }).kv).toMatchObject({
      value: b('me'),
      createRevision: 2,
    });
  });

  test('campaigning again with another value replaces it', () => {
    const bench = withLeases(1n);
    campaign(bench, 1n, 'old');
    expect(won(campaign(bench, 1n, 'new')).leader.rev).toBe(2);
    expect(bench.ok(LEADER, { name: b('el') }).kv).toMatchObject({ value: b('new'), version: 2 });
  });

  test('proclaim and resign work for the leader only, resign is always fine', () => {
    const bench = withLeases(1n, 2n);
    const { leader } = won(campaign(bench, 1n));
    const second = campaign(bench, 2n);
    bench.ok(PROCLAIM, { leader, value: b('more') });
    expect(bench.ok(LEADER, { name: b('el') }).kv.value).toEqual(b('more'));
    bench.ok(RESIGN, { leader });
    settle(bench);
    expect(won(second).leader.key).toEqual(b('el/2'));
    expect(bench.refused(PROCLAIM, { leader, value: b('late') })).toBe('2 election: not leader');
    bench.ok(RESIGN, { leader });
    expect(bench.ok(LEADER, { name: b('el') }).kv.value).toEqual(b('v2'));
  });

  test('nobody leads; a request without a leader', () => {
    const bench = new Bench();
    expect(bench.refused(LEADER, { name: b('el') })).toBe('2 election: no leader');
    const missing = '2 "leader" field must be provided';
    expect(bench.refused(PROCLAIM, {})).toBe(missing);
    expect(bench.refused(RESIGN, {})).toBe(missing);
  });

  test('a candidate that goes away leaves the race', () => {
    const bench = withLeases(1n, 2n);
    campaign(bench, 1n);
    const second = campaign(bench, 2n);
    settle(bench);
    second.events?.cancelled();
    settle(bench);
    expect(bench.ok(RANGE, { key: b('el/2') }).count).toBe(0);
  });

  test('Observe: waits for the first leader, then every value and every next leader', () => {
    const bench = withLeases(1n, 2n);
    const call = bench.open(OBSERVE);
    bench.send(call, LeaderRequest.encode({ name: b('el') }));
    settle(bench);
    expect(call.messages).toEqual([]);
    const { leader } = won(campaign(bench, 1n));
    campaign(bench, 2n);
    bench.ok(PROCLAIM, { leader, value: b('again') });
    settle(bench);
    bench.ok(RESIGN, { leader });
    settle(bench);
    const seen = call.decoded(LeaderResponse).map(({ kv }) => toByteString(kv?.value ?? b('')));
    expect(seen).toEqual(['v1', 'again', 'v2']);
    expect(call.ended).toBeNull();
    call.events?.cancelled();
    settle(bench);
    expect(bench.replica.watches.streamCount).toBe(0);
  });

  test('Observe: a client that does not read gets what it missed once it reads', () => {
    const bench = withLeases(1n);
    const { leader } = won(campaign(bench, 1n));
    const call = bench.open(OBSERVE);
    call.credit = 1;
    bench.send(call, requestBytes(OBSERVE, { name: b('el') }));
    for (const value of ['a', 'b', 'c']) bench.ok(PROCLAIM, { leader, value: b(value) });
    settle(bench);
    expect(call.messages).toHaveLength(1);
    call.credit = 100;
    call.events?.drained();
    settle(bench);
    const seen = call.decoded(LeaderResponse).map(({ kv }) => toByteString(kv?.value ?? b('')));
    expect(seen).toEqual(['v1', 'a', 'b', 'c']);
  });
});
