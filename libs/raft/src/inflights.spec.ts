/** The window of one peer: full exactly at its bounds, and freed in order. */
import { Inflights } from './inflights.js';

describe('Inflights', () => {
  test('is full at so many messages', () => {
    const window = new Inflights(3, 1_000);
    for (const index of [5, 6, 8]) {
      expect(window.full).toBe(false);
      window.add(index, 1);
    }
    expect(window.full).toBe(true);
    expect(() => window.add(9, 1)).toThrow('not full');
  });

  test('is full at so many bytes; the message that crosses the bound is let in', () => {
    const exact = new Inflights(8, 10);
    exact.add(1, 9);
    expect(exact.full).toBe(false);
    exact.add(2, 1);
    expect(exact.full).toBe(true);
    const beyond = new Inflights(8, 10);
    beyond.add(1, 500);
    expect([beyond.full, beyond.count]).toEqual([true, 1]);
    beyond.freeTo(1);
    expect([beyond.full, beyond.count]).toEqual([false, 0]);
  });

  test('frees what ends at or below an index, in bytes too, over many rounds', () => {
    const window = new Inflights(20, 1_000);
    let next = 1;
    let freed = 0;
    for (let round = 1; round < 60; round++) {
      const room = 20 - (next - 1 - freed);
      for (let n = 0; n < Math.min(room, 7); n++) window.add(next++, 50);
      freed = Math.min(next - 1, freed + 5);
      window.freeTo(freed);
      expect(window.count).toBe(next - 1 - freed);
      expect(window.full).toBe(next - 1 - freed >= 20);
    }
    expect(() => window.add(next - 1, 1)).toThrow('indexes rise');
    window.clear();
    expect([window.count, window.full]).toEqual([0, false]);
  });

  test('has room for one at least', () => {
    expect(() => new Inflights(0, 1)).toThrow('room for one');
    expect(() => new Inflights(1, 0)).toThrow('room for one');
  });
});
