import { encodeUtf8 } from '@conclave/base';
import { Feature } from '@conclave/statemachine';
import {
  ClusterVersionSetRequest,
  ConfChangeTransition,
  ConfChangeType,
  DowngradeAction,
  METHODS,
  MemberChange,
  RequestField,
  StatusRequest,
} from '@conclave/wire';
import { Bench } from './testing/bench.js';
import { CLUSTER_ID, MEMBER_ID } from './testing/fake-replica.js';

const STATUS = '/etcdserverpb.Maintenance/Status';
const ALARM = '/etcdserverpb.Maintenance/Alarm';
const HASH_KV = '/etcdserverpb.Maintenance/HashKV';
const MOVE = '/etcdserverpb.Maintenance/MoveLeader';
const LIST = '/etcdserverpb.Cluster/MemberList';
const ADD = '/etcdserverpb.Cluster/MemberAdd';
const REMOVE = '/etcdserverpb.Cluster/MemberRemove';
const UPDATE = '/etcdserverpb.Cluster/MemberUpdate';
const PROMOTE = '/etcdserverpb.Cluster/MemberPromote';
const RANGE = '/etcdserverpb.KV/Range';
const PUT = '/etcdserverpb.KV/Put';
const WATCH = '/etcdserverpb.Watch/Watch';
const b = encodeUtf8;

describe('which calls are taken', () => {
  test.each([
    ['/etcdserverpb.KV/Nope', 'unknown method Nope for service etcdserverpb.KV'],
    ['/nobody.Knows/It', 'unknown service nobody.Knows'],
    ['nonsense', 'malformed method name: "nonsense"'],
  ])('%s is UNIMPLEMENTED', (method, text) => {
    expect(new Bench().refused(method)).toBe(`12 ${text}`);
  });

  test('every method of every service is answered, health excepted (the edge has it)', () => {
    const unknown = METHODS.filter(({ path, service }) => {
      if (service === 'grpc.health.v1.Health') return false;
      const { ended } = new Bench().ask(path, {});
      return ended?.code === 12 && /^(unknown|malformed)/.test(ended.message);
    });
    expect(unknown.map((method) => method.path)).toEqual([]);
  });

  test('what is not built yet says so', () => {
    const bench = new Bench();
    expect(bench.refused('/etcdserverpb.Auth/UserAdd')).toBe(
      '12 conclave: authentication is not supported yet',
    );
    expect(bench.refused('/etcdserverpb.Maintenance/Snapshot')).toBe(
      '12 conclave: this member takes no backups',
    );
    expect(bench.refused('/etcdserverpb.Auth/Authenticate', { name: 'root' })).toBe(
      '9 etcdserver: authentication is not enabled',
    );
    expect(bench.ok('/etcdserverpb.Auth/AuthStatus')).toMatchObject({
      enabled: false,
      authRevision: 1,
    });
  });

  test('a learner serves Status and serializable ranges only', () => {
    const bench = new Bench();
    bench.replica.isLearner = true;
    const refused = '9 etcdserver: rpc not supported for learner';
    expect(bench.ok(STATUS).isLearner).toBe(true);
    expect(bench.ok(RANGE, { key: b('a'), serializable: true }).count).toBe(0);
    for (const method of [RANGE, PUT, WATCH, LIST, HASH_KV, '/v3lockpb.Lock/Lock']) {
      expect(`${method} ${bench.refused(method, { key: b('a') })}`).toBe(`${method} ${refused}`);
    }
  });

  test('hasleader: calls fail at once while no leader is known', () => {
    const bench = new Bench();
    const metadata = new Map([['hasleader', 'true']]);
    bench.ok(RANGE, { key: b('a') }, metadata);
    bench.replica.lead(0n);
    const refused = '14 etcdserver: no leader';
    expect(bench.refused(RANGE, { key: b('a'), serializable: true }, metadata)).toBe(refused);
    expect(bench.refused(WATCH, {}, metadata)).toBe(refused);
    expect(bench.refused(RANGE, { key: b('a'), serializable: true })).toBe('0 ');
  });

  test('hasleader: an open stream ends after three election timeouts without a leader', () => {
    const bench = new Bench();
    const call = bench.open(WATCH, new Map([['hasleader', 'true']]));
    const other = bench.open(WATCH);
    bench.replica.lead(0n);
    bench.replica.advance(2_900);
    bench.replica.lead(MEMBER_ID);
    bench.replica.lead(0n);
    bench.replica.advance(2_900);
    expect(call.ended).toBeNull();
    bench.replica.advance(200);
    expect(call.ended).toEqual({ code: 14, message: 'etcdserver: no leader' });
    expect(other.ended).toBeNull();
  });

  test('client-api-version must be UTF-8', () => {
    const bench = new Bench();
    const version = (text: string): string =>
      bench.refused(STATUS, {}, new Map([['client-api-version', text]]));
    expect(version('3.5')).toBe('0 ');
    expect(version('\xff\xfe')).toBe('3 etcdserver: invalid client api version');
  });

  test('a call whose time has run out is not begun', () => {
    const bench = new Bench();
    const call = bench.open(PUT, new Map(), 0);
    expect(call.ended).toEqual({ code: 4, message: 'context deadline exceeded' });
    expect(bench.replica.proposals).toEqual([]);
  });

  test('a call that ends without a request', () => {
    const call = new Bench().open(STATUS);
    call.events?.halfClosed();
    expect(call.ended?.code).toBe(13);
  });

  test.each([
    ['deadline', '4 context deadline exceeded'],
    ['timeout', '14 etcdserver: request timed out'],
    [
      'timeout-leader-failed',
      '14 etcdserver: request timed out, possibly due to previous leader failure',
    ],
    [
      'timeout-connection-lost',
      '14 etcdserver: request timed out, possibly due to connection lost',
    ],
    ['too-many-requests', '2 etcdserver: too many requests'],
    ['request-too-large', '3 etcdserver: request is too large'],
    ['leader-changed', '14 etcdserver: leader changed'],
    ['stopped', '14 etcdserver: server stopped'],
  ] as const)('a proposal that came to "%s" is told as etcd tells it', (code, expected) => {
    const bench = new Bench();
    bench.replica.failure = code;
    expect(bench.refused(PUT, { key: b('a') })).toBe(expected);
  });
});

describe('Maintenance', () => {
  test('Status tells where this member stands', () => {
    const bench = new Bench();
    bench.size.total = 5_000;
    bench.size.inUse = 4_000;
    expect(bench.ok(STATUS)).toEqual({
      header: { clusterId: CLUSTER_ID, memberId: MEMBER_ID, revision: 1, raftTerm: 2 },
      version: '3.6.9',
      dbSize: 5_000,
      leader: MEMBER_ID,
      raftIndex: 2,
      raftTerm: 2,
      raftAppliedIndex: 2,
      errors: [],
      dbSizeInUse: 4_000,
      isLearner: false,
      storageVersion: '3.6.0',
      dbSizeQuota: 2_147_483_648,
      downgradeInfo: { enabled: false, targetVersion: '' },
    });
  });

  test('Status names a missing leader and each alarm, trailing blank included', () => {
    const bench = new Bench();
    bench.ok(ALARM, { action: 1, memberID: 123n, alarm: 1 });
    bench.ok(ALARM, { action: 1, memberID: 5n, alarm: 2 });
    bench.replica.lead(0n);
    expect(bench.ok(STATUS)).toMatchObject({
      leader: 0n,
      errors: ['etcdserver: no leader', 'memberID:5 alarm:CORRUPT ', 'memberID:123 alarm:NOSPACE '],
    });
  });

  test('alarms stop writes with their own codes, and are put down again', () => {
    const bench = new Bench();
    const nospace = { memberID: 1n, alarm: 1 };
    expect(bench.ok(ALARM, { action: 1, ...nospace }).alarms).toEqual([nospace]);
    expect(bench.refused(PUT, { key: b('a') })).toBe('8 etcdserver: mvcc: database space exceeded');
    expect(bench.ok(ALARM, {}).alarms).toEqual([nospace]);
    expect(bench.ok(ALARM, { action: 2, ...nospace }).alarms).toEqual([nospace]);
    expect(bench.ok(ALARM, { action: 2, ...nospace }).alarms).toEqual([]);
    expect(bench.ok(ALARM, { action: 7, ...nospace }).alarms).toEqual([]);
    bench.ok(ALARM, { action: 1, memberID: 1n, alarm: 2 });
    expect(bench.refused(PUT, { key: b('a') })).toBe('15 etcdserver: corrupt cluster');
    expect(bench.ok(RANGE, { key: b('a') }).count).toBe(0);
  });

  test('HashKV: present, named, future, compacted, negative', () => {
    const bench = new Bench();
    for (const key of ['a', 'b', 'c']) bench.ok(PUT, { key: b(key) });
    const now = bench.ok(HASH_KV);
    expect(now).toMatchObject({ compactRevision: -1, hashRevision: 4, header: { revision: 4 } });
    expect(bench.ok(HASH_KV, { revision: 4 }).hash).toBe(now.hash);
    expect(bench.ok(HASH_KV, { revision: -1 }).hash).toBe(1_084_519_789);
    expect(bench.refused(HASH_KV, { revision: 9 })).toBe(
      '11 etcdserver: mvcc: required revision is a future revision',
    );
    bench.ok('/etcdserverpb.KV/Compact', { revision: 3 });
    expect(bench.refused(HASH_KV, { revision: 2 })).toBe(
      '11 etcdserver: mvcc: required revision has been compacted',
    );
  });

  test('Defragment and MoveLeader answer without a header', () => {
    const bench = new Bench();
    bench.replica.addMember(20n, 'two');
    expect(bench.ok('/etcdserverpb.Maintenance/Defragment').header).toBeNull();
    expect(bench.ok(MOVE, { targetID: 20n }).header).toBeNull();
    expect(bench.replica.transfers).toEqual([20n]);
  });

  test('Downgrade: format, target, action; none is ever under way, so a cancel is fine', () => {
    const bench = new Bench();
    const ask = (action: number, version = ''): string =>
      bench.refused('/etcdserverpb.Maintenance/Downgrade', { action, version });
    const { VALIDATE, ENABLE, CANCEL } = DowngradeAction;
    const missing = '9 etcdserver: cluster version not found during downgrade';
    expect(ask(VALIDATE, '3.5')).toBe(missing);
    const ver = ClusterVersionSetRequest.encode({ ver: '3.6.0' });
    bench.replica.applyNow(RequestField.CLUSTER_VERSION_SET, ver);
    for (const version of ['', '3', 'v3.5', '3.5.0.1', '3.x']) {
      expect(ask(ENABLE, version)).toBe('3 etcdserver: wrong downgrade target version format');
    }
    for (const version of ['3.5', '3.5.0', '3.4', '3.6', '9.9.9']) {
      expect(ask(VALIDATE, version)).toBe('3 etcdserver: invalid downgrade target version');
      expect(ask(ENABLE, version)).toBe('3 etcdserver: invalid downgrade target version');
    }
    expect(ask(7, '3.5')).toBe('2 etcdserver: unknown method');
    const cancelled = bench.ok('/etcdserverpb.Maintenance/Downgrade', { action: CANCEL });
    expect(cancelled.version).toBe('3.6');
  });

  test('MoveLeader: unknown target, learner, not the leader, out of time', () => {
    const bench = new Bench();
    bench.replica.addMember(20n, 'two', true);
    const bad = '9 etcdserver: bad leader transferee';
    expect(bench.refused(MOVE, { targetID: 99n })).toBe(bad);
    expect(bench.refused(MOVE, { targetID: 20n })).toBe(bad);
    bench.replica.failure = 'transfer-timeout';
    expect(bench.refused(MOVE, { targetID: MEMBER_ID })).toBe(
      '2 etcdserver: request timed out, leader transfer took too long',
    );
    bench.replica.lead(20n);
    expect(bench.refused(MOVE, { targetID: 99n })).toBe('9 etcdserver: not leader');
  });
});

describe('Cluster', () => {
  const HEALTHY = 5_000;

  function trio(): Bench {
    const bench = new Bench();
    for (const id of [20n, 30n]) {
      bench.replica.addMember(id, `n${id}`);
      bench.replica.connectedMs.set(id, HEALTHY);
    }
    return bench;
  }

  test('MemberList is local unless asked otherwise; its header has no revision', () => {
    const bench = new Bench();
    bench.ok(PUT, { key: b('a') });
    const answer = bench.ok(LIST);
    expect(answer.header).toMatchObject({ memberId: MEMBER_ID, revision: 0 });
    expect(answer.members).toEqual([
      {
        ID: 10n,
        name: 'one',
        peerURLs: ['http://m10:2380'],
        clientURLs: ['http://c10:2379'],
        isLearner: false,
      },
    ]);
    bench.replica.failure = 'timeout';
    bench.ok(LIST);
    expect(bench.refused(LIST, { linearizable: true })).toBe('14 etcdserver: request timed out');
  });

  test('MemberAdd answers with the new member and all members', () => {
    const answer = new Bench().ok(ADD, { peerURLs: ['http://b:2', 'http://a:1'] });
    expect(answer.member).toEqual({
      ID: 100n,
      name: '',
      peerURLs: ['http://a:1', 'http://b:2'],
      clientURLs: [],
      isLearner: false,
    });
    expect(answer.members.map((m: { ID: bigint }) => m.ID)).toEqual([10n, 100n]);
    expect(answer.header.revision).toBe(0);
  });

  test.each([
    [[]],
    [['']],
    [['m:1']],
    [['ftp://m:1']],
    [['http://m']],
    [['http://m:1/path']],
    [['http://m:x']],
    [['http://m:99999']],
    [['file:///etc/passwd']],
    [['http://ok:1', 'http://bad']],
    [['http://a b:1']],
  ])('peer URLs %j are invalid', (peerURLs) => {
    const invalid = '3 etcdserver: given member URLs are invalid';
    expect(new Bench().refused(ADD, { peerURLs })).toBe(invalid);
    expect(new Bench().refused(UPDATE, { ID: 10n, peerURLs })).toBe(invalid);
  });

  test.each([
    [['http://[::1]:2380']],
    [['unix://localhost:m10']],
    [['https://m.example.org:1']],
    [['  http://m:1 ']],
  ])('peer URLs %j are fine', (peerURLs) => {
    expect(new Bench().ok(ADD, { peerURLs }).member.peerURLs).toHaveLength(1);
  });

  test('MemberAdd: URL taken; one member that has not started; too many learners', () => {
    const bench = new Bench();
    expect(bench.refused(ADD, { peerURLs: ['http://m10:2380'] })).toBe(
      '9 etcdserver: Peer URLs already exists',
    );
    bench.ok(ADD, { peerURLs: ['http://l:1'], isLearner: true });
    bench.replica.connectedMs.set(100n, HEALTHY);
    expect(bench.refused(ADD, { peerURLs: ['http://k:1'], isLearner: true })).toMatch(
      /unhealthy cluster|too many learner/,
    );
    const young = new Bench();
    young.ok(ADD, { peerURLs: ['http://b:1'] });
    expect(young.refused(ADD, { peerURLs: ['http://c:1'] })).toBe(
      '2 etcdserver: re-configuration failed due to not enough started members',
    );
  });

  test('too many learners is judged at apply, by the limit of the proposer', () => {
    const bench = trio();
    bench.ok(ADD, { peerURLs: ['http://l:1'], isLearner: true });
    expect(bench.refused(ADD, { peerURLs: ['http://k:1'], isLearner: true })).toBe(
      '9 etcdserver: too many learner members in cluster',
    );
  });

  test('MemberAdd: beside the only voter a learner that does not run is no reason to refuse', () => {
    const bench = new Bench();
    bench.ok(ADD, { peerURLs: ['http://l:1'], isLearner: true });
    expect(bench.ok(ADD, { peerURLs: ['http://v:1'] }).members).toHaveLength(3);
  });

  test('MemberAdd needs a quorum of the new size connected for five seconds', () => {
    const bench = trio();
    bench.replica.connectedMs.set(30n, HEALTHY - 1);
    expect(bench.refused(ADD, { peerURLs: ['http://d:1'] })).toBe(
      '14 etcdserver: unhealthy cluster',
    );
    bench.replica.connectedMs.set(30n, HEALTHY);
    bench.ok(ADD, { peerURLs: ['http://d:1'] });
  });

  test('MemberRemove: the last member, an unknown one, a healthy one too many, one that is down', () => {
    expect(new Bench().refused(REMOVE, { ID: 10n })).toBe(
      '2 etcdserver: re-configuration failed due to not enough started members',
    );
    const bench = trio();
    expect(bench.refused(REMOVE, { ID: 99n })).toBe('5 etcdserver: member not found');
    expect(bench.refused(REMOVE, { ID: 0n })).toBe('5 etcdserver: member not found');
    bench.replica.connectedMs.delete(30n);
    expect(bench.refused(REMOVE, { ID: 20n })).toBe('14 etcdserver: unhealthy cluster');
    expect(bench.ok(REMOVE, { ID: 30n }).members).toHaveLength(2);
    expect(bench.refused(REMOVE, { ID: 30n })).toBe('5 etcdserver: member not found');
  });

  test('MemberRemove: a voter goes in one step until every member knows another way', () => {
    const changes = (bench: Bench): unknown[] => {
      const seen: unknown[] = [];
      const { replica } = bench;
      const propose = replica.proposeConfChange.bind(replica);
      replica.proposeConfChange = (change, ...rest) => {
        const { leaving } = MemberChange.decode(change.context);
        seen.push([change.transition, change.changes, leaving]);
        return propose(change, ...rest);
      };
      return seen;
    };
    const older = trio();
    older.replica.raiseFeature(Feature.JOINT_REMOVAL - 1);
    const plain = changes(older);
    expect(older.ok(REMOVE, { ID: 30n }).members).toHaveLength(2);
    const { AUTO, JOINT_AUTO_LEAVE } = ConfChangeTransition;
    expect(plain).toEqual([[AUTO, [{ type: ConfChangeType.REMOVE, id: 30n }], false]]);
    const present = trio();
    present.replica.raiseFeature(Feature.JOINT_REMOVAL);
    const joint = changes(present);
    expect(present.ok(REMOVE, { ID: 30n }).members).toHaveLength(2);
    const demotion = [{ type: ConfChangeType.ADD_LEARNER, id: 30n }];
    expect(joint).toEqual([[JOINT_AUTO_LEAVE, demotion, true]]);
  });

  test('MemberRemove: of two voters the one that stays leads before the leader goes', () => {
    const bench = new Bench({ strictReconfigCheck: false });
    bench.replica.addMember(20n, 'b');
    bench.ok(REMOVE, { ID: 10n });
    expect(bench.replica.transfers).toEqual([20n]);
    const three = trio();
    three.replica.connectedMs.set(20n, HEALTHY).set(30n, HEALTHY);
    three.ok(REMOVE, { ID: 10n });
    expect(three.replica.transfers).toEqual([]);
  });

  test('MemberRemove: the leader of two stays when leadership cannot be handed over', () => {
    const bench = new Bench({ strictReconfigCheck: false });
    bench.replica.addMember(20n, 'b');
    bench.replica.failure = 'transfer-timeout';
    expect(bench.refused(REMOVE, { ID: 10n })).toMatch(/leader transfer/);
    expect(bench.replica.machine.members).toHaveLength(2);
  });

  test('without the strict check the last voter still cannot go', () => {
    expect(new Bench({ strictReconfigCheck: false }).refused(REMOVE, { ID: 10n })).toBe(
      '2 etcdserver: re-configuration failed due to not enough started members',
    );
  });

  test('MemberPromote: voter, unknown, not in sync, in sync', () => {
    const bench = trio();
    bench.replica.addMember(40n, 'l', true);
    bench.replica.matches = new Map([
      [10n, 100],
      [20n, 100],
      [40n, 89],
    ]);
    expect(bench.refused(PROMOTE, { ID: 99n })).toBe('5 etcdserver: member not found');
    expect(bench.refused(PROMOTE, { ID: 40n })).toBe(
      '9 etcdserver: can only promote a learner member which is in sync with leader',
    );
    expect(bench.refused(PROMOTE, { ID: 20n })).toBe(
      '9 etcdserver: can only promote a learner member',
    );
    bench.replica.matches.set(40n, 90);
    expect(bench.ok(PROMOTE, { ID: 40n }).members[3].isLearner).toBe(false);
  });

  test('MemberUpdate changes the URLs and nothing else', () => {
    const bench = trio();
    bench.replica.addMember(40n, 'l', true);
    const answer = bench.ok(UPDATE, { ID: 40n, peerURLs: ['http://new:1'] });
    expect(answer.members[3]).toMatchObject({
      peerURLs: ['http://new:1'],
      isLearner: true,
      name: 'l',
    });
    expect(bench.refused(UPDATE, { ID: 40n, peerURLs: ['http://m10:2380'] })).toBe(
      '9 etcdserver: Peer URLs already exists',
    );
    expect(bench.refused(UPDATE, { ID: 99n, peerURLs: ['http://z:1'] })).toBe(
      '5 etcdserver: member not found',
    );
  });
});

test('bytes that are no StatusRequest are refused', () => {
  const bench = new Bench();
  expect(bench.raw(STATUS, new Uint8Array([0x07])).ended?.code).toBe(13);
  expect(StatusRequest.encode({})).toHaveLength(0);
});
