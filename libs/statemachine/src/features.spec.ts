import { Random } from '@conclave/base';
import {
  ClusterMemberAttrSetRequest,
  type Entry,
  FeatureSet,
  LeaseCheckpointRequest,
  RequestField,
} from '@conclave/wire';
import { FEATURE_SUPPORTED, Feature, featureTooLow } from './index.js';
import { LogWriter, Member } from './testing/member.js';
import type { Applied } from './types.js';

function code(applied: Applied): string {
  return applied.result.ok ? 'ok' : applied.result.code;
}

function raise(log: LogWriter, feature: number): Entry {
  return log.message(RequestField.FEATURE_SET, FeatureSet, { feature });
}

function publish(log: LogWriter, memberID: bigint, feature: number): Entry {
  return log.message(RequestField.CLUSTER_MEMBER_ATTR_SET, ClusterMemberAttrSetRequest, {
    memberID,
    memberAttributes: { name: `m${memberID}`, clientUrls: [] },
    incarnation: memberID,
    feature,
  });
}

function checkpoint(
  log: LogWriter,
  leases: readonly (readonly [bigint, number])[],
  measured: { term?: number; index?: number } = {},
): Entry {
  return log.message(RequestField.LEASE_CHECKPOINT, LeaseCheckpointRequest, {
    checkpoints: leases.map(([ID, remainingTTL]) => ({ ID, remainingTTL })),
    term: measured.term ?? log.term,
    index: measured.index ?? log.index,
  });
}

test('features are numbered from 1 without gaps, up to what this build supports', () => {
  const numbers = Object.values(Feature);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect(numbers.length).toBe(FEATURE_SUPPORTED);
});

describe('the number of the cluster', () => {
  test('is raised only while every member, learners too, has published support for it', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(log.add(1n));
    member.apply(log.add(2n));
    expect(code(member.apply(raise(log, 1)))).toBe('feature-not-supported');
    member.apply(publish(log, 1n, 1));
    expect(code(member.apply(raise(log, 1)))).toBe('feature-not-supported');
    member.apply(publish(log, 2n, 1));
    member.apply(log.addLearner(3n));
    expect(code(member.apply(raise(log, 1)))).toBe('feature-not-supported');
    member.apply(publish(log, 3n, 1));
    // Member 2 has gone back to the older build meanwhile.
    member.apply(publish(log, 2n, 0));
    expect(code(member.apply(raise(log, 1)))).toBe('feature-not-supported');
    expect(member.machine.feature).toBe(0);
    member.apply(publish(log, 2n, 7));
    expect(code(member.apply(raise(log, 1)))).toBe('ok');
    expect(member.machine.feature).toBe(1);
    member.write();
    const loaded = member.load();
    expect([loaded.feature, loaded.members.map((m) => m.feature)]).toEqual([1, [1, 7, 1]]);
  });

  test('is not raised past one that is on its way out: its vote may still be counted', () => {
    const member = new Member({ featureSupported: 3 });
    const log = new LogWriter();
    for (const id of [1n, 2n]) {
      member.apply(log.add(id));
      member.apply(publish(log, id, 2));
    }
    expect(code(member.apply(raise(log, 2)))).toBe('ok');
    member.apply(publish(log, 1n, 3));
    member.apply(log.leave(2n));
    expect(code(member.apply(raise(log, 3)))).toBe('feature-not-supported');
    member.apply(log.confChange([]));
    member.apply(log.remove(2n));
    expect(code(member.apply(raise(log, 3)))).toBe('ok');
  });

  test('a build below it does not apply the entry that raises it, and says what helps', () => {
    const member = new Member({ featureSupported: 0 });
    const log = new LogWriter();
    member.apply(log.add(1n));
    member.apply(publish(log, 1n, 1));
    const entry = raise(log, 1);
    expect(() => member.apply(entry)).toThrow(featureTooLow(1, 0));
    expect(member.failure).toContain('this build supports up to 0: start a build that supports 1');
    expect([member.machine.appliedIndex, member.machine.feature]).toEqual([2, 0]);
  });

  test('an entry that raises nothing, since a member lacks support, stops no older build', () => {
    const member = new Member({ featureSupported: 0 });
    const log = new LogWriter();
    member.apply(log.add(1n));
    member.apply(publish(log, 1n, 0));
    expect(code(member.apply(raise(log, 99)))).toBe('feature-not-supported');
    expect(member.failure).toBeNull();
  });

  test('a state above what the build supports does not load', () => {
    const settings = { featureSupported: 1 };
    const member = new Member(settings);
    const log = new LogWriter();
    member.apply(raise(log, 1));
    member.write();
    settings.featureSupported = 0;
    expect(() => member.load()).toThrow(featureTooLow(1, 0));
  });
});

describe('lease checkpoints (feature 1)', () => {
  test('without the feature they are unknown, and no row shows anything of them', () => {
    const [plain, asked] = [new Member(), new Member()];
    for (const member of [plain, asked]) {
      const log = new LogWriter();
      member.apply(log.grant(7n, 600));
      const entry = checkpoint(log, [[7n, 100]]);
      if (member === asked) expect(code(member.apply(entry))).toBe('unknown-request');
      else member.apply({ ...log.empty(), index: entry.index });
    }
    expect(asked.machine.leases.view(7n, 0)).toMatchObject({ checkpointed: 0, freshIndex: 0 });
    expect(asked.hash()).toBe(plain.hash());
  });

  test('they outlive a restart, are bounded by the TTL, and a reset takes them back', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(raise(log, 1));
    member.apply(log.grant(7n, 600));
    member.apply(log.grant(8n, 600));
    member.apply(
      checkpoint(log, [
        [7n, 100],
        [8n, 9_999],
        [99n, 5],
      ]),
    );
    member.write();
    const { leases } = member.load();
    expect([leases.view(7n, 0)?.checkpointed, leases.view(8n, 0)?.checkpointed]).toEqual([
      100, 600,
    ]);
    leases.promote(0, 1_000);
    expect(leases.view(7n, 0)).toMatchObject({ ttl: 600, remaining: 101 });
    member.apply(checkpoint(log, [[7n, 0]]));
    member.write();
    const again = member.load().leases;
    again.promote(0, 0);
    expect(again.view(7n, 0)?.remaining).toBe(600);
  });

  test('one measured in another term, or before a grant or reset, is ignored', () => {
    const member = new Member();
    const log = new LogWriter();
    member.apply(raise(log, 1));
    member.apply(log.grant(7n, 600));
    const granted = log.index;
    member.apply(checkpoint(log, [[7n, 10]], { term: 1 }));
    member.apply(checkpoint(log, [[7n, 10]], { index: granted - 1 }));
    expect(member.machine.leases.view(7n, 0)?.checkpointed).toBe(0);
    member.apply(checkpoint(log, [[7n, 10]], { index: granted }));
    expect(member.machine.leases.view(7n, 0)?.checkpointed).toBe(10);
    const before = log.index;
    member.apply(checkpoint(log, [[7n, 0]]));
    member.apply(checkpoint(log, [[7n, 9]], { index: before }));
    expect(member.machine.leases.view(7n, 0)?.checkpointed).toBe(0);
    // Revoked and granted again under the same id, with a checkpoint of the old one on its way.
    const old = log.index;
    member.apply(log.revoke(7n));
    member.apply(log.grant(7n, 600));
    member.apply(checkpoint(log, [[7n, 9]], { index: old }));
    expect(member.machine.leases.view(7n, 0)?.checkpointed).toBe(0);
  });

  test('two members agree in every row, however often one of them restarts', () => {
    const seed = Number(process.env['SEED'] ?? 20_261_122);
    const random = new Random(seed);
    const [steady, restarted] = [new Member(), new Member()];
    const log = new LogWriter();
    for (let step = 0; step < 400; step++) {
      const id = BigInt(1 + random.below(5));
      const kind = random.below(10);
      let entry: Entry;
      if (step === 100) entry = raise(log, 1);
      else if (kind < 3) entry = log.grant(id, 100 + random.below(100));
      else if (kind < 4) entry = log.revoke(id);
      else {
        const index = Math.max(0, log.index - random.below(4));
        entry = checkpoint(log, [[id, random.below(120)]], { index });
      }
      for (const member of [steady, restarted]) member.apply(entry);
      if (!random.chance(0.1)) continue;
      restarted.write();
      restarted.load();
      if (restarted.hash() !== steady.hash()) throw new Error(`step ${step}, seed ${seed}`);
    }
    expect(restarted.hash()).toBe(steady.hash());
  });
});

describe('joint removal (feature 2)', () => {
  /** Two members, at `feature`; the second one leaves. */
  function left(feature: number): Member {
    const member = new Member();
    const log = new LogWriter();
    if (feature > 0) member.apply(raise(log, feature));
    for (const id of [1n, 2n]) member.apply(log.add(id));
    expect(code(member.apply(log.leave(2n)))).toBe('ok');
    return member;
  }

  test('without the feature the entry does what an older build makes of it: a demotion', () => {
    const { members, leaving } = left(Feature.JOINT_REMOVAL - 1).machine;
    expect([members.map((m) => [m.id, m.isLearner]), leaving]).toEqual([
      [
        [1n, false],
        [2n, true],
      ],
      [],
    ]);
  });

  test('with it the member is on its way out', () => {
    const { members, leaving } = left(Feature.JOINT_REMOVAL).machine;
    expect([members.map((m) => m.id), leaving.map((m) => m.id)]).toEqual([[1n], [2n]]);
  });
});
