import { type Holding, judgeBounds } from './bounds.js';

const QUEUE: Holding = { who: 'm1', what: 'bytes for a watcher', amount: 300, max: 300 };

test('what is within its bound has no findings, one more than the bound is found (I25)', () => {
  expect(judgeBounds([QUEUE, { ...QUEUE, amount: 0 }])).toEqual([]);
  const text = 'm1 holds 301 bytes for a watcher, 300 are allowed';
  expect(judgeBounds([QUEUE, { ...QUEUE, amount: 301 }])).toEqual([{ rule: 'I25', text }]);
});
