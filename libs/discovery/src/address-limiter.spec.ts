import { AddressLimiter } from './address-limiter.js';

test('a burst is let through, then the rate, each address for itself', () => {
  const limiter = new AddressLimiter(2, 4);
  const taken = (address: string, nowMs: number): number => {
    let count = 0;
    while (limiter.take(address, nowMs)) count++;
    return count;
  };
  expect(taken('a', 0)).toBe(4);
  expect(taken('b', 0)).toBe(4);
  expect(taken('a', 1_000)).toBe(2);
  expect(taken('a', 60_000)).toBe(4);
});

test('no rate is no limit', () => {
  const limiter = new AddressLimiter(0, 0);
  for (let i = 0; i < 10_000; i++) expect(limiter.take('a', 0)).toBe(true);
});
