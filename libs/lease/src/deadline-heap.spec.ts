import { Random } from '@conclave/base';
import { DeadlineHeap } from './deadline-heap.js';

test('any order of scheduling, moving and removing keeps the heap ordered and its slots right', () => {
  const random = new Random(Number(process.env['SEED'] ?? 20_260_803));
  const heap = new DeadlineHeap();
  const items = Array.from({ length: 60 }, (_, i) => ({ id: BigInt(i), dueMs: 0, slot: -1 }));
  for (let step = 0; step < 5_000; step++) {
    const item = random.pick(items);
    if (random.chance(0.4)) heap.remove(item);
    else heap.schedule(item, random.below(20));
    heap.verify();
  }
  const inside = items.filter((item) => item.slot >= 0);
  expect(heap.size).toBe(inside.length);
  const drained: string[] = [];
  for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
    drained.push(`${top.dueMs}/${top.id}`);
    heap.remove(top);
  }
  inside.sort((a, b) => a.dueMs - b.dueMs || Number(a.id - b.id));
  expect(drained).toEqual(inside.map((item) => `${item.dueMs}/${item.id}`));
});
