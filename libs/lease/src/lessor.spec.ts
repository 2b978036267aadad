import { Random } from '@conclave/base';
import { Lessor, MAX_TTL_SECONDS } from './index.js';
import { DeadlineHeap } from './deadline-heap.js';

const OPTIONS = { minTtlSeconds: 2, maxTtlSeconds: MAX_TTL_SECONDS };

function primary(nowMs = 0): Lessor {
  const lessor = new Lessor(OPTIONS);
  lessor.promote(nowMs, 0);
  return lessor;
}

describe('grant (spec 2.8)', () => {
  test.each([
    [2, 2],
    [1, 2],
    [0, 2],
    [-5, 2],
    [600, 600],
    [MAX_TTL_SECONDS, MAX_TTL_SECONDS],
  ])('TTL %d is granted as %d: the minimum replaces what is shorter', (asked, granted) => {
    const lessor = new Lessor(OPTIONS);
    expect(lessor.grant(7n, asked, 0)).toEqual({ ok: true, ttl: granted });
    expect(lessor.view(7n, 0)).toMatchObject({ id: 7n, ttl: granted, remaining: granted });
  });

  test('a TTL above the largest is refused before the id is looked at', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(7n, 10, 0);
    const refusal = { ok: false, code: 'lease-ttl-too-large' };
    expect(lessor.grant(7n, MAX_TTL_SECONDS + 1, 0)).toEqual(refusal);
    expect(lessor.grant(8n, Number.MAX_SAFE_INTEGER, 0)).toEqual(refusal);
    expect(lessor.size).toBe(1);
  });

  test('an id in use is refused and the lease stays as it is', () => {
    const lessor = primary();
    lessor.grant(7n, 10, 0);
    expect(lessor.grant(7n, 99, 5_000)).toEqual({ ok: false, code: 'lease-exists' });
    expect(lessor.view(7n, 5_000)).toMatchObject({ ttl: 10, remaining: 5 });
  });

  test('negative ids are ids like any other; 0 is none', () => {
    const lessor = new Lessor(OPTIONS);
    expect(lessor.grant(-1n, 10, 0).ok).toBe(true);
    expect(lessor.grant(0n, 10, 0)).toEqual({ ok: false, code: 'lease-not-found' });
    expect(lessor.exists(-1n)).toBe(true);
    expect(lessor.exists(0n)).toBe(false);
  });
});

describe('keys', () => {
  test('the last put wins: a moved key is held by one lease only', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 10, 0);
    lessor.grant(2n, 10, 0);
    lessor.move('k', 0n, 1n);
    lessor.move('k', 1n, 2n);
    expect(lessor.view(1n, 0)?.keys).toEqual([]);
    expect(lessor.view(2n, 0)?.keys).toEqual(['k']);
    lessor.move('k', 2n, 0n);
    expect(lessor.view(2n, 0)?.keys).toEqual([]);
  });

  test('revoke answers the keys sorted bytewise and forgets the lease', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 10, 0);
    for (const key of ['b', 'a\xff', 'a', 'a\x00', '\xffz']) lessor.move(key, 0n, 1n);
    expect(lessor.revoke(1n)).toEqual(['a', 'a\x00', 'a\xff', 'b', '\xffz']);
    expect(lessor.exists(1n)).toBe(false);
    expect(lessor.revoke(1n)).toBeNull();
    // The store deletes the keys afterwards and reports each as leaving the lease.
    expect(() => lessor.move('a', 1n, 0n)).not.toThrow();
  });

  test('a key that its lease does not hold, and a lease that is not there, are broken invariants', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 10, 0);
    expect(() => lessor.move('k', 1n, 0n)).toThrow('a key leaves the lease');
    expect(() => lessor.move('k', 0n, 9n)).toThrow('a key goes to a lease');
  });

  test('rebuilding restores leases and attachments, and tells of a key without its lease', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.restore(5n, 60);
    expect(lessor.attach('k', 5n)).toBe(true);
    expect(lessor.attach('k', 6n)).toBe(false);
    lessor.promote(1_000, 0);
    expect(lessor.view(5n, 1_000)).toMatchObject({ ttl: 60, remaining: 60, keys: ['k'] });
    lessor.reset();
    expect([lessor.size, lessor.primary]).toEqual([0, false]);
  });
});

describe('time, on the primary alone', () => {
  test('a follower never expires and never renews, and shows the full TTL', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 10, 0);
    expect(lessor.expired(1e12, 100, 1_000)).toEqual([]);
    expect(lessor.renew(1n, 1)).toBe('not-primary');
    expect(lessor.view(1n, 1e12)?.remaining).toBe(10);
  });

  test('a lease ends at its deadline, not before, and a renewal starts the term again', () => {
    const lessor = primary();
    lessor.grant(1n, 10, 0);
    expect(lessor.expired(9_999, 100, 1_000)).toEqual([]);
    expect(lessor.renew(1n, 9_999)).toBe(10);
    expect(lessor.expired(19_998, 100, 1_000)).toEqual([]);
    expect(lessor.expired(19_999, 100, 1_000)).toEqual([1n]);
  });

  test('past its deadline a lease cannot be renewed even while the revoke is on its way', () => {
    const lessor = primary();
    lessor.grant(1n, 10, 0);
    expect(lessor.renew(1n, 10_000)).toBe('expired');
    expect(lessor.renew(2n, 10_000)).toBe('not-found');
    lessor.revoke(1n);
    expect(lessor.renew(1n, 10_000)).toBe('not-found');
  });

  test('remaining seconds are floored and go below zero', () => {
    const lessor = primary();
    lessor.grant(1n, 10, 0);
    const seen = [0, 1, 1_000, 9_001, 10_000, 10_001].map((now) => lessor.view(1n, now)?.remaining);
    expect(seen).toEqual([10, 9, 9, 0, 0, -1]);
  });

  test('a lease is reported again only after the retry time, until it is revoked', () => {
    const lessor = primary();
    lessor.grant(1n, 10, 0);
    expect(lessor.expired(10_000, 100, 5_000)).toEqual([1n]);
    expect(lessor.expired(14_999, 100, 5_000)).toEqual([]);
    expect(lessor.expired(15_000, 100, 5_000)).toEqual([1n]);
    lessor.revoke(1n);
    expect(lessor.expired(99_999, 100, 5_000)).toEqual([]);
  });

  test('at most `max` leases a pass, the longest overdue first, ties by id: none starves', () => {
    const lessor = primary();
    for (const [id, ttl] of [
      [9n, 10],
      [3n, 5],
      [4n, 5],
      [-2n, 5],
    ] as const) {
      lessor.grant(id, ttl, 0);
    }
    expect(lessor.expired(20_000, 3, 60_000)).toEqual([-2n, 3n, 4n]);
    expect(lessor.expired(20_000, 3, 60_000)).toEqual([9n]);
    expect(lessor.expired(20_000, 3, 60_000)).toEqual([]);
  });

  test('ids come by deadline on the primary, by id elsewhere', () => {
    const lessor = primary();
    lessor.grant(1n, 30, 0);
    lessor.grant(2n, 10, 0);
    lessor.grant(-3n, 20, 0);
    expect(lessor.ids()).toEqual([2n, -3n, 1n]);
    lessor.renew(2n, 9_000);
    lessor.renew(1n, 9_000);
    expect(lessor.ids()).toEqual([2n, -3n, 1n]);
    lessor.demote();
    expect(lessor.ids()).toEqual([-3n, 1n, 2n]);
  });
});

describe('change of leader (reliability rules 42, 43)', () => {
  test('a new primary gives each lease its full TTL and one election timeout more', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 10, 0);
    lessor.promote(500_000, 1_000);
    expect(lessor.expired(510_999, 100, 1_000)).toEqual([]);
    expect(lessor.expired(511_000, 100, 1_000)).toEqual([1n]);
  });

  test('a demoted member, once primary again, forgets what it had reported', () => {
    const lessor = primary();
    lessor.grant(1n, 10, 0);
    expect(lessor.expired(10_000, 1, 60_000)).toEqual([1n]);
    lessor.demote();
    expect(lessor.expired(99_000, 1, 60_000)).toEqual([]);
    lessor.promote(100_000, 0);
    expect(lessor.renew(1n, 100_001)).toBe(10);
    expect(lessor.expired(110_001, 1, 60_000)).toEqual([1n]);
  });

  test('from 1,000 leases on, no second holds more than 750 ends; below, nothing is moved', () => {
    for (const [count, lastMs] of [
      [999, 10_000],
      [1_000, 11_000],
      [3_000, 13_000],
    ] as const) {
      const lessor = new Lessor(OPTIONS);
      for (let id = 1; id <= count; id++) lessor.grant(BigInt(id), 10, 0);
      lessor.promote(0, 0);
      expect(lessor.expired(9_999, 10_000, 1e9)).toEqual([]);
      const first = lessor.expired(10_000, 10_000, 1e9).length;
      expect(first).toBe(count < 1_000 ? count : 750);
      expect(lessor.expired(lastMs - 1, 10_000, 1e9).length + first).toBeLessThanOrEqual(count);
      const left = lessor.ids().filter((id) => (lessor.view(id, lastMs)?.remaining ?? 1) > 0);
      expect(left).toEqual([]);
    }
  });

  test('spreading keeps the order of deadlines and never moves one forward', () => {
    const seed = Number(process.env['SEED'] ?? 20_260_801);
    const random = new Random(seed);
    const lessor = new Lessor(OPTIONS);
    const ttls = new Map<bigint, number>();
    for (let i = 1; i <= 5_000; i++) {
      const ttl = 2 + random.below(4);
      ttls.set(BigInt(i), ttl);
      lessor.grant(BigInt(i), ttl, 0);
    }
    lessor.promote(0, 1_000);
    const ends: number[] = [];
    for (let now = 0; now <= 20_000; now += 250) {
      for (const id of lessor.expired(now, 10_000, 1e9)) {
        if (now < (ttls.get(id) as number) * 1_000 + 1_000) throw new Error(`early, seed ${seed}`);
        ends.push(now);
      }
    }
    expect(ends.length).toBe(5_000);
    for (let i = 750; i < ends.length; i++) {
      expect((ends[i] as number) - (ends[i - 750] as number)).toBeGreaterThanOrEqual(1_000);
    }
  });
});

describe('checkpoints (spec 2.8)', () => {
  const MINUTE = 60_000;

  /** Leads from time 0 with a checkpoint due every 5 minutes. */
  function checkpointing(): Lessor {
    const lessor = new Lessor(OPTIONS);
    lessor.promote(0, 0, 5 * MINUTE);
    return lessor;
  }

  test('are due every interval, for leases that outlive the next one, rounded up', () => {
    const lessor = checkpointing();
    lessor.grant(1n, 3_600, 0);
    lessor.grant(2n, 300, 0);
    expect(lessor.dueCheckpoints(5 * MINUTE - 1, 10)).toEqual([]);
    const first = lessor.dueCheckpoints(5 * MINUTE + 1, 10);
    expect(first).toEqual([{ id: 1n, remaining: 3_300 }]);
    expect(lessor.dueCheckpoints(10 * MINUTE, 10)).toEqual([]);
    expect(lessor.dueCheckpoints(10 * MINUTE + 1, 10)).toEqual([{ id: 1n, remaining: 3_000 }]);
  });

  test('none are due without an interval, on a follower, or for a lease that went', () => {
    const off = primary();
    off.grant(1n, 3_600, 0);
    expect(off.dueCheckpoints(60 * MINUTE, 10)).toEqual([]);
    const lessor = checkpointing();
    lessor.grant(1n, 3_600, 0);
    lessor.grant(2n, 3_600, 0);
    lessor.revoke(1n);
    expect(lessor.dueCheckpoints(6 * MINUTE, 10).map((due) => due.id)).toEqual([2n]);
    lessor.demote();
    expect(lessor.dueCheckpoints(60 * MINUTE, 10)).toEqual([]);
  });

  test('at most `max` a time; the rest are due right after', () => {
    const lessor = checkpointing();
    for (let id = 1n; id <= 5n; id++) lessor.grant(id, 3_600, 0);
    expect(lessor.dueCheckpoints(6 * MINUTE, 3).length).toBe(3);
    expect(lessor.dueCheckpoints(6 * MINUTE, 3).length).toBe(2);
    expect(lessor.dueCheckpoints(6 * MINUTE, 3).length).toBe(0);
  });

  test('a look at many leases that have nothing to record goes over several passes', () => {
    const lessor = new Lessor(OPTIONS);
    for (let id = 1n; id <= 500n; id++) lessor.grant(id, 3_600, 0);
    // More time than the TTL is left of each: an extension of ten minutes is not used up.
    lessor.promote(0, 10 * MINUTE, 5 * MINUTE);
    const looks = jest.spyOn(DeadlineHeap.prototype, 'peek');
    try {
      expect(lessor.dueCheckpoints(5 * MINUTE + 1, 10)).toEqual([]);
      expect(looks.mock.calls.length).toBeLessThanOrEqual(100);
    } finally {
      looks.mockRestore();
    }
    expect(lessor.dueCheckpoints(11 * MINUTE, 10).length).toBe(10);
  });

  test('a next primary gives what the checkpoint left, and one election timeout more', () => {
    const lessor = new Lessor(OPTIONS);
    lessor.grant(1n, 3_600, 0);
    expect(lessor.checkpoint(1n, 600, 0, 1)).toBe(true);
    expect(lessor.checkpoint(9n, 600, 0, 1)).toBe(false);
    lessor.promote(1_000_000, 1_000);
    expect(lessor.view(1n, 1_000_000)).toMatchObject({ ttl: 3_600, remaining: 601 });
    expect(lessor.expired(1_600_999, 10, 1_000)).toEqual([]);
    expect(lessor.expired(1_601_000, 10, 1_000)).toEqual([1n]);
  });

  test('a lease with a checkpoint, or one on its way, is renewed only after a reset', () => {
    const lessor = checkpointing();
    lessor.grant(1n, 3_600, 0, 10);
    expect(lessor.renew(1n, 1_000)).toBe(3_600);
    expect(lessor.dueCheckpoints(6 * MINUTE, 10).length).toBe(1);
    expect([lessor.renew(1n, 6 * MINUTE), lessor.needsReset(1n)]).toEqual(['checkpointed', true]);
    lessor.checkpoint(1n, 3_300, 10, 11);
    expect(lessor.renew(1n, 6 * MINUTE)).toBe('checkpointed');
    lessor.checkpoint(1n, 0, 11, 12);
    expect([lessor.renew(1n, 6 * MINUTE), lessor.needsReset(1n)]).toEqual([3_600, false]);
    expect(lessor.view(1n, 6 * MINUTE)?.remaining).toBe(3_600);
  });

  test('a checkpoint measured before the reset does not count, wherever it stands', () => {
    const lessor = checkpointing();
    lessor.grant(1n, 3_600, 0, 10);
    lessor.checkpoint(1n, 0, 11, 12);
    expect(lessor.checkpoint(1n, 3_000, 11, 13)).toBe(false);
    expect(lessor.view(1n, 0)?.checkpointed).toBe(0);
    expect(lessor.checkpoint(1n, 3_000, 12, 14)).toBe(true);
  });
});

describe('against a naive model', () => {
  test('random grants, renewals, revokes, attachments and changes of leader agree', () => {
    const seed = Number(process.env['SEED'] ?? 20_260_802);
    const random = new Random(seed);
    const lessor = new Lessor(OPTIONS);
    const model = new Map<bigint, { ttl: number; end: number; keys: Set<string>; told: number }>();
    const holder = new Map<string, bigint>();
    let leads = false;
    let now = 0;
    for (let step = 0; step < 20_000; step++) {
      now += random.below(300);
      const id = BigInt(1 + random.below(40));
      const lease = model.get(id);
      const kind = random.below(100);
      if (kind < 25) {
        const ttl = random.below(30) - 5;
        const result = lessor.grant(id, ttl, now);
        expect(result.ok).toBe(lease === undefined);
        const granted = Math.max(2, ttl);
        if (lease === undefined) {
          model.set(id, { ttl: granted, end: now + granted * 1_000, keys: new Set(), told: -1 });
        }
      } else if (kind < 45) {
        const expected = !leads
          ? 'not-primary'
          : lease === undefined
            ? 'not-found'
            : lease.end <= now
              ? 'expired'
              : lease.ttl;
        expect(lessor.renew(id, now)).toBe(expected);
        if (typeof expected === 'number' && lease) lease.end = now + lease.ttl * 1_000;
      } else if (kind < 55) {
        const keys = lessor.revoke(id);
        expect(keys).toEqual(lease === undefined ? null : [...lease.keys].sort());
        for (const key of keys ?? []) {
          holder.delete(key);
          lessor.move(key, id, 0n);
        }
        model.delete(id);
      } else if (kind < 85) {
        const key = `k${random.below(30)}`;
        const from = holder.get(key) ?? 0n;
        const to = lease === undefined || random.chance(0.3) ? 0n : id;
        lessor.move(key, from, to);
        model.get(from)?.keys.delete(key);
        if (to === 0n) holder.delete(key);
        else {
          holder.set(key, to);
          lease?.keys.add(key);
        }
      } else if (kind < 98) {
        const due = [...model]
          .filter(([, l]) => leads && l.end <= now && (l.told < l.end || l.told + 700 <= now))
          .sort((a, b) => due2(a) - due2(b) || Number(a[0] - b[0]))
          .map(([i]) => i);
        const told = lessor.expired(now, 3, 700);
        expect(told).toEqual(due.slice(0, 3));
        for (const i of told) (model.get(i) as { told: number }).told = now;
      } else if (leads) {
        lessor.demote();
        leads = false;
      } else {
        lessor.promote(now, 500);
        leads = true;
        for (const l of model.values()) {
          l.end = now + l.ttl * 1_000 + 500;
          l.told = -1;
        }
      }
      expect(lessor.size).toBe(model.size);
    }
    function due2([, l]: [bigint, { end: number; told: number }]): number {
      return l.told >= l.end ? l.told + 700 : l.end;
    }
  });

  test('100,000 leases: grant, renew all, promote and expire in well under a second each', () => {
    const lessor = primary();
    const n = 100_000;
    for (let i = 1; i <= n; i++) lessor.grant(BigInt(i), 60, 0);
    for (let i = 1; i <= n; i++) lessor.renew(BigInt((i * 7_919) % n || n), i);
    lessor.promote(1_000_000, 1_000);
    let total = 0;
    for (let now = 1_000_000; total < n && now < 1_400_000; now += 500) {
      const ids = lessor.expired(now, 500, 60_000);
      for (const id of ids) lessor.revoke(id);
      total += ids.length;
    }
    expect(total).toBe(n);
  });
});
