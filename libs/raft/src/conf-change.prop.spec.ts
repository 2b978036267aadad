/**
 * Chains of random changes: every configuration keeps its invariants, every two that follow each
 * other cannot decide apart, and a joint path ends where the simple steps would.
 */
import { type Random } from '@conclave/base';
import { ConfChangeTransition } from '@conclave/wire';
import { assertConfState, changeConf, isJoint, type SlotChange } from './conf-change.js';
import type { SlotConfState } from './ready.js';
import { withSeeds } from './testing/seed.js';

function born(r: Random): SlotConfState {
  const voters = [1, 2, 3, 4].slice(0, 1 + r.below(4));
  const learners = r.chance(0.3) ? [6] : [];
  return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
}

function someChanges(r: Random, most: number): SlotChange[] {
  return Array.from({ length: r.below(most + 1) }, () => ({
    type: r.pick([0, 1, 2] as const),
    slot: 1 + r.below(7),
  }));
}

/** Every pair of quorums, one of either configuration, shares a member. */
function quorumsMeet(a: SlotConfState, b: SlotConfState): boolean {
  const all = [...new Set([...a.voters, ...a.votersOutgoing, ...b.voters, ...b.votersOutgoing])];
  const decides = (c: SlotConfState, mask: number) =>
    [c.voters, c.votersOutgoing].every((half) => {
      const yes = half.filter((slot) => (mask & (1 << all.indexOf(slot))) !== 0).length;
      return half.length === 0 || yes * 2 > half.length;
    });
  const everybody = (1 << all.length) - 1;
  for (let mask = 0; mask <= everybody; mask++) {
    // If a set decides in `a`, those outside it must not decide in `b`.
    if (decides(a, mask) && decides(b, everybody & ~mask)) return false;
  }
  return true;
}

test('every change keeps the invariants, and quorums before and after it meet', () => {
  withSeeds(process.env['SEED'], 300, (r) => {
    let conf = born(r);
    for (let n = 0; n < 12; n++) {
      const transition = r.pick([0, 1, 2] as const);
      const result = changeConf(conf, { transition, changes: someChanges(r, 4) });
      if (!result.ok) continue;
      assertConfState(result.confState);
      expect(result.confState.voters.length).toBeGreaterThan(0);
      expect(quorumsMeet(conf, result.confState)).toBe(true);
      conf = result.confState;
    }
  });
});

test('a joint change, once left, is what its simple steps would have made', () => {
  withSeeds(process.env['SEED'], 500, (r) => {
    const start = born(r);
    const changes = someChanges(r, 5);
    if (changes.length === 0) return;
    let simple: SlotConfState | null = start;
    for (const change of changes) {
      const transition = ConfChangeTransition.AUTO;
      const result = changeConf(simple, { transition, changes: [change] });
      if (!result.ok) {
        // A step may pass through no voters where the joint change does not.
        expect(result.code).toBe('no-voters');
        simple = null;
        break;
      }
      simple = result.confState;
    }
    const entered = changeConf(start, { transition: 1, changes });
    if (!entered.ok) {
      expect(entered.code).toBe('no-voters');
      return;
    }
    expect(entered.confState.autoLeave).toBe(true);
    const left = changeConf(entered.confState, { transition: 0, changes: [] });
    expect(left.ok).toBe(true);
    if (left.ok && simple !== null) expect(left.confState).toEqual(simple);
  });
});

test('a sole voter replaces any configuration; nothing else is said that way', () => {
  const confs = [
    { voters: [1, 2], learners: [3], votersOutgoing: [], learnersNext: [], autoLeave: false },
    { voters: [1, 2], learners: [], votersOutgoing: [1, 3], learnersNext: [3], autoLeave: true },
  ];
  const alone = { votersOutgoing: [], learnersNext: [], autoLeave: false, learners: [] };
  for (const conf of confs) {
    const sole = changeConf(conf, { transition: 3, changes: [{ type: 0, slot: 3 }] });
    expect(sole).toEqual({ ok: true, confState: { ...alone, voters: [3] } });
    for (const changes of [[], [{ type: 1 as const, slot: 3 }]]) {
      expect(changeConf(conf, { transition: 3, changes })).toEqual({
        ok: false,
        code: 'no-voters',
      });
    }
  }
});

test('a joint configuration takes no change but its end; one that is not has no end', () => {
  const conf = {
    voters: [1, 2],
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  expect(changeConf(conf, { transition: 0, changes: [] })).toEqual({
    ok: false,
    code: 'not-joint',
  });
  const joint = changeConf(conf, { transition: 2, changes: [{ type: 0, slot: 3 }] });
  if (!joint.ok) throw new Error(joint.code);
  expect(isJoint(joint.confState)).toBe(true);
  for (const transition of [0, 1, 2] as const) {
    const again = changeConf(joint.confState, { transition, changes: [{ type: 1, slot: 1 }] });
    expect(again).toEqual({ ok: false, code: 'already-joint' });
  }
  const all = [1, 2].map((slot) => ({ type: 1 as const, slot }));
  expect(changeConf(conf, { transition: 1, changes: all })).toEqual({
    ok: false,
    code: 'no-voters',
  });
  const bad = changeConf(conf, { transition: 0, changes: [{ type: 0, slot: 0 }] });
  expect(bad).toEqual({ ok: false, code: 'bad-slot' });
});
