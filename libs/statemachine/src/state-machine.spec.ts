import { AssertionError, TRACE_CONTEXT_BYTES, encodeUtf8 } from '@conclave/base';
import { prefixEnd } from '@conclave/mvcc';
import {
  AlarmAction,
  AlarmResponse,
  AlarmType,
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
  FeatureSet,
  KeyValue,
  LeaseExpire,
  LeaseGrantResponse,
  MemberUpdate,
  RequestField,
  TxnRequest,
} from '@conclave/wire';
import type { Applied } from './index.js';
import { Feature, SESSION_LIMITS } from './index.js';
import { LogWriter, Member } from './testing/member.js';

function codeOf(applied: Applied): string {
  return applied.result.ok ? 'ok' : applied.result.code;
}

function deletedKeys(applied: Applied): string[] {
  return applied.events.filter((event) => event.type === 'delete').map((event) => event.key);
}

describe('applying writes', () => {
  test('the first put makes revision 2, its result names request and revision', () => {
    const member = new Member();
    const log = new LogWriter();
    expect(member.apply(log.empty())).toMatchObject({ requestId: 0n, revision: 1, events: [] });
    const applied = member.apply(log.put('a', '1'));
    expect(applied).toMatchObject({ index: 2, requestId: 1n, revision: 2, compacted: null });
    expect(applied.result).toMatchObject({ ok: true, revision: 2 });
    expect(applied.events).toHaveLength(1);
    expect(KeyValue.decode(applied.events[0]?.kv as Uint8Array)).toMatchObject({
      key: encodeUtf8('a'),
      modRevision: 2,
      version: 1,
    });
  });

  test('an entry out of order is a broken invariant', () => {
    const member = new Member();
    const log = new LogWriter();
    log.index = 1;
    expect(() => member.machine.apply(log.put('a'), 0)).toThrow(AssertionError);
  });

  test('a committed entry that does not decode stops the process and changes nothing', () => {
    const member = new Member();
    const log = new LogWriter();
    const broken = log.request(RequestField.PUT, new Uint8Array([0x0a, 0x7f]));
    expect(() => member.machine.prefetch(broken, () => undefined)).toThrow(/does not decode/);
    expect(() => member.machine.apply(broken, 0)).toThrow(AssertionError);
    expect(member.machine.store.revision).toBe(1);
  });

  test('a request of an unknown field is answered and changes nothing', () => {
    const member = new Member();
    const applied = member.apply(new LogWriter().request(29_999, encodeUtf8('whatever')));
    expect(codeOf(applied)).toBe('unknown-request');
    expect(applied.revision).toBe(1);
  });

  test('a compaction tells its revision, a second one at it fails', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.put('a'));
    expect(member.apply(log.compact(2)).compacted).toBe(2);
    expect(codeOf(member.apply(log.compact(2)))).toBe('compacted');
    expect(codeOf(member.apply(log.compact(99)))).toBe('future-revision');
  });
});

describe('leases', () => {
  test('a revoke deletes all keys of the lease in one revision, sorted', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.grant(7n));
    for (const key of ['c', 'a', 'b']) member.apply(log.put(key, 'v', 7n));
    const before = member.machine.store.revision;
    const applied = member.apply(log.revoke(7n));
    expect(deletedKeys(applied)).toEqual(['a', 'b', 'c']);
    expect(applied.events.every((event) => event.main === before + 1)).toBe(true);
    expect(codeOf(member.apply(log.revoke(7n)))).toBe('lease-not-found');
  });

  test('a key put again without lease leaves it, and outlives the revoke', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.grant(7n));
    member.apply(log.put('a', 'v', 7n));
    member.apply(log.put('a', 'w'));
    const applied = member.apply(log.revoke(7n));
    expect(applied.events).toEqual([]);
    expect(applied.revision).toBe(3);
  });

  test('grants: existing id, id 0, TTL too large, TTL kept, put to an unknown lease', () => {
    const member = new Member();
    const log = new LogWriter();
    const granted = member.apply(log.grant(5n, 100)).result;
    expect(granted.ok && LeaseGrantResponse.decode(granted.body as Uint8Array)).toMatchObject({
      ID: 5n,
      TTL: 100,
    });
    expect(codeOf(member.apply(log.grant(5n)))).toBe('lease-exists');
    expect(codeOf(member.apply(log.grant(0n)))).toBe('lease-not-found');
    expect(codeOf(member.apply(log.grant(6n, 9_000_000_001)))).toBe('lease-ttl-too-large');
    expect(codeOf(member.apply(log.put('a', 'v', 99n)))).toBe('lease-not-found');
  });

  test('an expiry of an earlier term is ignored (reliability rule 42)', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.grant(7n));
    member.apply(log.put('a', 'v', 7n));
    log.term = 3;
    const stale = { leaseID: [7n], term: 2 };
    member.apply(log.message(RequestField.LEASE_EXPIRE, LeaseExpire, stale));
    expect(member.machine.leases.exists(7n)).toBe(true);
    const expire = { leaseID: [7n, 8n, 7n], term: 3 };
    const applied = member.apply(log.message(RequestField.LEASE_EXPIRE, LeaseExpire, expire));
    expect(deletedKeys(applied)).toEqual(['a']);
    expect(member.machine.leases.exists(7n)).toBe(false);
  });

  test('leases and what hangs on them are there after a restart', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.grant(-3n, 77));
    member.apply(log.put('a', 'v', -3n));
    member.write();
    const machine = member.load();
    expect(machine.leases.view(-3n, 0)).toMatchObject({ ttl: 77, keys: ['a'] });
  });
});

describe('alarms', () => {
  const putTxn = TxnRequest.encode(
    TxnRequest.create({
      failure: [
        {
          request: {
            $case: 'requestTxn',
            requestTxn: TxnRequest.create({
              success: [
                {
                  request: {
                    $case: 'requestPut',
                    requestPut: {
                      key: encodeUtf8('k'),
                      value: encodeUtf8('v'),
                      lease: 0n,
                      prevKv: false,
                      ignoreValue: false,
                      ignoreLease: false,
                    },
                  },
                },
              ],
            }),
          },
        },
      ],
    }),
  );

  function everything(alarm: number): Record<string, string> {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.grant(1n));
    member.apply(log.put('a'));
    member.apply(log.alarm(AlarmAction.ACTIVATE, 9n, alarm));
    const expire = { leaseID: [1n], term: 2 };
    const outcome: Record<string, string> = {
      put: codeOf(member.apply(log.put('a'))),
      txnWithPut: codeOf(member.apply(log.request(RequestField.TXN, putTxn))),
      grant: codeOf(member.apply(log.grant(2n))),
      delete: codeOf(member.apply(log.delete('a'))),
      compact: codeOf(member.apply(log.compact(2))),
      expire: codeOf(member.apply(log.message(RequestField.LEASE_EXPIRE, LeaseExpire, expire))),
      alarm: codeOf(member.apply(log.alarm(AlarmAction.GET, 0n, 0))),
      session: codeOf(member.apply(log.openSession(1n))),
    };
    return outcome;
  }

  test('NOSPACE bars what adds, and nothing else', () => {
    expect(everything(AlarmType.NOSPACE)).toEqual({
      put: 'no-space',
      txnWithPut: 'no-space',
      grant: 'no-space',
      delete: 'ok',
      compact: 'ok',
      expire: 'ok',
      alarm: 'ok',
      session: 'ok',
    });
  });

  test('CORRUPT bars every change of keys and leases', () => {
    expect(everything(AlarmType.CORRUPT)).toEqual({
      put: 'corrupt',
      txnWithPut: 'corrupt',
      grant: 'corrupt',
      delete: 'corrupt',
      compact: 'corrupt',
      expire: 'corrupt',
      alarm: 'ok',
      session: 'ok',
    });
  });

  test('an alarm comes before a missing lease, as at etcd', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.alarm(AlarmAction.ACTIVATE, 9n, AlarmType.NOSPACE));
    expect(codeOf(member.apply(log.put('a', 'v', 99n)))).toBe('no-space');
  });

  test('alarms are listed, raised twice, put down once, and outlive a restart', () => {
    const member = new Member();
    const log = new LogWriter();
    const ask = (action: number, id: bigint, type: number): unknown => {
      const { result } = member.apply(log.alarm(action, id, type));
      return result.ok ? AlarmResponse.decode(result.body as Uint8Array).alarms : result.code;
    };
    const nospace = { memberID: 9n, alarm: AlarmType.NOSPACE };
    expect(ask(AlarmAction.ACTIVATE, 9n, AlarmType.NONE)).toEqual([]);
    expect(ask(AlarmAction.ACTIVATE, 9n, AlarmType.NOSPACE)).toEqual([nospace]);
    expect(ask(AlarmAction.ACTIVATE, 9n, AlarmType.NOSPACE)).toEqual([nospace]);
    expect(ask(AlarmAction.ACTIVATE, 3n, 7)).toEqual([{ memberID: 3n, alarm: 7 }]);
    expect(ask(AlarmAction.GET, 0n, AlarmType.NOSPACE)).toEqual([nospace]);
    expect(ask(99, 9n, AlarmType.NOSPACE)).toEqual([]);
    member.write();
    member.load();
    expect(ask(AlarmAction.GET, 0n, AlarmType.NONE)).toHaveLength(2);
    expect(ask(AlarmAction.DEACTIVATE, 9n, AlarmType.NOSPACE)).toEqual([nospace]);
    expect(ask(AlarmAction.DEACTIVATE, 9n, AlarmType.NOSPACE)).toEqual([]);
  });
});

describe('membership', () => {
  function cluster(): {
    member: Member;
    log: LogWriter;
    run: (e: Parameters<Member['apply']>[0]) => string;
  } {
    const member = new Member();
    const log = new LogWriter();
    const feature = Feature.JOINT_REMOVAL;
    member.apply(log.message(RequestField.FEATURE_SET, FeatureSet, { feature }));
    member.apply(log.add(1n));
    return { member, log, run: (entry) => codeOf(member.apply(entry)) };
  }

  test('each refusal has its name and changes nothing', () => {
    const { member, log, run } = cluster();
    expect(run(log.add(1n, 'http://other:1'))).toBe('member-exists');
    expect(run(log.add(2n, 'http://m1:2380'))).toBe('peer-urls-exist');
    expect(run(log.promote(1n))).toBe('member-not-learner');
    expect(run(log.promote(5n))).toBe('member-not-found');
    expect(run(log.remove(5n))).toBe('member-not-found');
    expect(run(log.remove(1n))).toBe('not-enough-started');
    expect(member.machine.members.map((m) => m.id)).toEqual([1n]);
  });

  test('a refused change tells Raft to do nothing', () => {
    const { member, log } = cluster();
    expect(member.apply(log.remove(5n)).confChange).toEqual({ change: null });
    expect(member.apply(log.add(2n)).confChange?.change?.changes).toEqual([{ type: 0, id: 2n }]);
  });

  test('learners are limited by the proposer and promoted once', () => {
    const { member, log, run } = cluster();
    expect(run(log.addLearner(2n, 1))).toBe('ok');
    expect(run(log.addLearner(3n, 1))).toBe('too-many-learners');
    expect(run(log.promote(2n))).toBe('ok');
    expect(run(log.promote(2n))).toBe('member-not-learner');
    expect(member.machine.confState.voters).toEqual([1n, 2n]);
  });

  test('a removed id never returns, over restarts', () => {
    const { member, log, run } = cluster();
    run(log.add(2n));
    expect(run(log.remove(2n))).toBe('ok');
    member.write();
    member.load();
    expect(member.machine.isRemoved(2n)).toBe(true);
    expect(run(log.add(2n, 'http://new:1'))).toBe('member-not-found');
    expect(run(log.remove(2n))).toBe('member-not-found');
  });

  test('a voter on its way out is no member, and removed when its id is, over restarts', () => {
    const { member, log, run } = cluster();
    run(log.add(2n));
    run(log.add(3n));
    expect(run(log.leave(9n))).toBe('member-not-found');
    expect(run(log.leave(2n))).toBe('ok');
    member.write();
    member.load();
    const { machine } = member;
    expect(machine.members.map((m) => m.id)).toEqual([1n, 3n]);
    expect(machine.leaving).toMatchObject([{ id: 2n, isLearner: true }]);
    expect(machine.isRemoved(2n)).toBe(false);
    expect(run(log.leave(2n))).toBe('member-not-found');
    expect(run(log.promote(2n))).toBe('member-not-found');
    expect(run(log.remove(2n))).toBe('ok');
    expect(machine.leaving).toEqual([]);
    expect(machine.isRemoved(2n)).toBe(true);
    member.write();
    member.load();
    expect(machine.isRemoved(2n)).toBe(true);
    expect(machine.leaving).toEqual([]);
  });

  test('the last voter does not leave', () => {
    const { log, run } = cluster();
    run(log.addLearner(2n));
    expect(run(log.leave(1n))).toBe('not-enough-started');
  });

  test('the last survivor is alone, whatever it was; everybody else is removed for good', () => {
    const { member, log, run } = cluster();
    run(log.add(2n));
    run(log.add(3n));
    run(log.addLearner(4n));
    run(log.leave(2n));
    expect(run(log.sole(9n))).toBe('member-not-found');
    expect(run(log.sole(4n))).toBe('ok');
    expect(member.machine.members).toMatchObject([{ id: 4n, isLearner: false }]);
    expect(member.machine.leaving).toEqual([]);
    member.write();
    member.load();
    expect([1n, 2n, 3n, 4n].map((id) => member.machine.isRemoved(id))).toEqual([
      ...[true, true, true, false],
    ]);
  });

  test('an update of peer URLs keeps the role', () => {
    const { member, log } = cluster();
    member.apply(log.addLearner(2n));
    const update = { memberID: 2n, peerUrls: ['http://moved:1'] };
    expect(
      codeOf(member.apply(log.message(RequestField.MEMBER_UPDATE, MemberUpdate, update))),
    ).toBe('ok');
    expect(member.machine.members[1]).toMatchObject({
      peerURLs: ['http://moved:1'],
      isLearner: true,
    });
    const taken = { memberID: 2n, peerUrls: ['http://m1:2380'] };
    expect(codeOf(member.apply(log.message(RequestField.MEMBER_UPDATE, MemberUpdate, taken)))).toBe(
      'peer-urls-exist',
    );
  });

  test('a member publishes itself; another incarnation under its id is refused', () => {
    const { member, log } = cluster();
    const publish = (id: bigint, name: string, incarnation: bigint): string =>
      codeOf(
        member.apply(
          log.message(RequestField.CLUSTER_MEMBER_ATTR_SET, ClusterMemberAttrSetRequest, {
            memberID: id,
            memberAttributes: { name, clientUrls: ['http://c:2379'] },
            incarnation,
          }),
        ),
      );
    expect(publish(1n, 'one', 42n)).toBe('ok');
    expect(publish(1n, 'uno', 42n)).toBe('ok');
    expect(publish(1n, 'wiped', 43n)).toBe('member-exists');
    expect(publish(8n, 'nobody', 1n)).toBe('member-not-found');
    member.write();
    expect(member.load().members).toEqual([
      {
        id: 1n,
        peerURLs: ['http://m1:2380'],
        isLearner: false,
        name: 'uno',
        clientURLs: ['http://c:2379'],
        incarnation: 42n,
        feature: 0,
      },
    ]);
  });

  test('nothing is applied before Raft has answered a change of the configuration', () => {
    const member = new Member();
    const log = new LogWriter();
    member.machine.apply(log.add(1n), 0);
    expect(() => member.machine.takeBatch()).toThrow(AssertionError);
    expect(() => member.machine.apply(log.empty(), 0)).toThrow(AssertionError);
  });
});

describe('cluster version and features', () => {
  test('both are kept; a version that is none is refused; a feature never falls', () => {
    const member = new Member();
    const log = new LogWriter();
    const version = (ver: string): string =>
      codeOf(
        member.apply(
          log.message(RequestField.CLUSTER_VERSION_SET, ClusterVersionSetRequest, { ver }),
        ),
      );
    expect(version('3.6.0')).toBe('ok');
    expect(version('3.x')).toBe('unknown-request');
    member.apply(log.message(RequestField.FEATURE_SET, FeatureSet, { feature: 1 }));
    member.apply(log.message(RequestField.FEATURE_SET, FeatureSet, { feature: 0 }));
    member.write();
    const machine = member.load();
    expect([machine.clusterVersion, machine.feature]).toEqual(['3.6.0', 1]);
  });
});

describe('sessions', () => {
  const under = (sequence: number, lowestUnanswered: number): object => ({
    session: 5n,
    sequence,
    lowestUnanswered,
  });

  test('the same write is applied once and answered alike, over a restart', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.openSession(5n));
    const first = member.apply(log.put('a', '1', 0n, under(1, 1))).result;
    const second = member.apply(log.put('a', '1', 0n, under(1, 1)));
    expect(second.result).toEqual(first);
    expect(second.events).toEqual([]);
    member.write();
    member.load();
    expect(member.apply(log.put('a', '1', 0n, under(1, 1))).result).toEqual(first);
    expect(member.machine.store.revision).toBe(2);
  });

  test('a refusal is answered alike too, though it would pass by now', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.openSession(5n));
    expect(codeOf(member.apply(log.put('a', '1', 77n, under(1, 1))))).toBe('lease-not-found');
    member.apply(log.grant(77n));
    expect(codeOf(member.apply(log.put('a', '1', 77n, under(1, 1))))).toBe('lease-not-found');
    expect(member.machine.store.revision).toBe(1);
  });

  test('an unknown session and a sequence below the mark are refused, never applied', () => {
    const member = new Member();
    const log = new LogWriter();
    expect(codeOf(member.apply(log.put('a', '1', 0n, under(1, 1))))).toBe('session-unknown');
    member.apply(log.openSession(5n));
    member.apply(log.put('a', '1', 0n, under(4, 4)));
    expect(codeOf(member.apply(log.put('a', '1', 0n, under(3, 3))))).toBe('sequence-too-low');
    expect(codeOf(member.apply(log.put('a', '1', 0n, under(6, 7))))).toBe('sequence-too-low');
    expect(member.machine.store.revision).toBe(2);
  });

  test('an answer above the bound is kept by revision only', () => {
    const member = new Member({ sessions: { ...SESSION_LIMITS, answerBytesMax: 4 } });
    const log = new LogWriter();
    member.apply(log.openSession(5n));
    member.apply(log.put('a', 'x'.repeat(50)));
    const withPrevious = (header: object): Applied =>
      member.apply(log.request(RequestField.PUT, encodePutPrevKv(), header as never));
    const first = withPrevious(under(1, 1)).result;
    expect(first.ok && first.body !== null && first.body.length).toBeGreaterThan(4);
    expect(withPrevious(under(1, 1)).result).toEqual({ ok: true, revision: 3, body: null });
  });
});

/** put a=1 with prev_kv: its answer carries the value before. */
function encodePutPrevKv(): Uint8Array {
  return new Uint8Array([0x0a, 1, 0x61, 0x12, 1, 0x31, 0x20, 1]);
}

test('a trace in the header of an entry changes neither state nor answers', () => {
  const [plain, traced] = [new Member(), new Member()];
  const answers = [plain, traced].map((member, i) => {
    const log = new LogWriter();
    const header = i === 0 ? {} : { trace: new Uint8Array(TRACE_CONTEXT_BYTES).fill(7) };
    const session = { session: 5n, sequence: 1, lowestUnanswered: 1, ...header };
    const entries = [
      log.openSession(5n),
      log.put('a', 'v', 0n, header),
      log.put('b', 'w', 0n, session),
    ];
    return entries.map((entry) => member.apply(entry).result);
  });
  expect(answers[0]).toEqual(answers[1]);
  expect(plain.hash()).toBe(traced.hash());
});

test('the state hash does not look at what a member remembers of a compaction', () => {
  const steady = new Member();
  const restarted = new Member();
  const log = new LogWriter();
  for (const entry of [log.put('a'), log.put('b'), log.delete('a'), log.put('b'), log.compact(3)]) {
    for (const member of [steady, restarted]) member.apply(entry);
  }
  const atTheEnd = log.compact(5);
  for (const member of [steady, restarted]) {
    member.compactAll();
    member.apply(atTheEnd);
    member.write();
  }
  restarted.load();
  for (const member of [steady, restarted]) member.compactAll();
  expect(restarted.hash()).toBe(steady.hash());
});

describe('states that must not be loaded', () => {
  test('another format number is refused by name', () => {
    const member = new Member();
    member.apply(new LogWriter().put('a'));
    member.write();
    const key = encodeUtf8('Mformat');
    const value = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 9]);
    member.engine.write([{ type: 'put', key, value }], () => undefined);
    member.tasks.run();
    expect(() => member.load()).toThrow('state: format 9 is unknown, this program reads format 1');
  });

  test('rows without a format number are refused', () => {
    const member = new Member();
    member.apply(new LogWriter().grant(1n));
    member.write();
    const lo = encodeUtf8('M');
    const hi = encodeUtf8(prefixEnd('M') as string);
    member.engine.write([{ type: 'delete-range', lo, hi }], () => undefined);
    member.tasks.run();
    expect(() => member.load()).toThrow('state: no format number');
  });
});
