import { Random } from '@conclave/base';
import { IntervalTree } from './interval-tree.js';

test('finds exactly the ranges that hold a key, whatever was set and deleted before', () => {
  const random = new Random(Number(process.env['SEED'] ?? 20_260_811));
  const tree = new IntervalTree<string>();
  const model = new Map<string, { lo: string; hi: string | null }>();
  const key = (): string => String.fromCharCode(97 + random.below(12));
  for (let step = 0; step < 4_000; step++) {
    const lo = key();
    const hi = random.chance(0.15) ? null : lo + key();
    const name = `${lo}..${hi}`;
    if (random.chance(0.55)) {
      tree.set(lo, hi, name);
      model.set(name, { lo, hi });
    } else {
      tree.delete(lo, hi);
      model.delete(name);
    }
    expect(tree.find(lo, hi)?.value).toBe(model.has(name) ? name : undefined);
    expect(tree.size).toBe(model.size);
    tree.verify();
    const probe = key() + (random.chance(0.5) ? key() : '');
    const found: string[] = [];
    tree.visit(probe, (value) => found.push(value));
    const expected = [...model]
      .filter(([, r]) => r.lo <= probe && (r.hi === null || probe < r.hi))
      .map(([n]) => n);
    expect(found.sort()).toEqual(expected.sort());
  }
});

test('stays flat when ranges come in order', () => {
  const tree = new IntervalTree<number>();
  for (let i = 0; i < 10_000; i++) tree.set(String(i).padStart(6, '0'), null, i);
  expect(tree.verify()).toBeLessThanOrEqual(20);
});
