import { Random } from '@conclave/base';
import { KeyIndex } from './key-index.js';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('KeyIndex', () => {
  it(`keeps keys in bytewise order through insertions and removals (SEED=${seed})`, () => {
    const random = new Random(seed);
    const index = new KeyIndex();
    const keys = new Set<string>();
    const text = (): string => String.fromCharCode(random.below(256), random.below(256));
    for (let i = 0; i < 6_000; i++) {
      const key = random.chance(0.5) ? text() : `k${i}`;
      if (keys.has(key) && random.chance(0.7)) {
        index.remove(key);
        keys.delete(key);
      } else {
        index.obtain(key);
        keys.add(key);
      }
    }
    for (const key of [...keys].filter(() => random.chance(0.6))) {
      index.remove(key);
      keys.delete(key);
    }
    const lo = text();
    const hi = random.chance(0.2) ? null : text();
    const inside = [...keys].sort().filter((key) => key >= lo && (hi === null || key < hi));
    const seen: string[] = [];
    let from: string | null = lo;
    while (from !== null) {
      from = index.walk(from, hi, 1 + random.below(50), (history) => seen.push(history.key) > 0);
    }
    expect(seen).toEqual(inside);
    expect(index.size).toBe(keys.size);
    for (const key of keys) expect(index.get(key)?.key).toBe(key);
  });

  it(`restored in any order it answers as ever, however far the map is (SEED=${seed})`, () => {
    const random = new Random(seed);
    const index = new KeyIndex();
    const keys = new Set<string>();
    // Ascending but for some that come late or again, as keys of a log do.
    for (let i = 0; i < 3_000; i++) {
      const key = random.chance(0.8) ? `k${10_000 + i}` : `k${10_000 + random.below(3_000)}`;
      const before = index.size;
      index.restore(key);
      expect(index.size - before).toBe(keys.has(key) ? 0 : 1);
      keys.add(key);
    }
    expect(index.isMapped).toBe(false);
    for (let round = 0; !index.isMapped && round < 10_000; round++) {
      for (let i = 0; i < 10; i++) {
        const key = `k${10_000 + random.below(4_000)}`;
        expect(index.get(key)?.key).toBe(keys.has(key) ? key : undefined);
        if (!random.chance(0.3)) continue;
        if (keys.delete(key)) index.remove(key);
        else {
          index.obtain(key);
          keys.add(key);
        }
      }
      expect(index.size).toBe(keys.size);
    }
    expect(index.isMapped).toBe(true);
    for (const key of keys) expect(index.get(key)?.key).toBe(key);
    const seen: string[] = [];
    index.walk('', null, 10_000, (history) => seen.push(history.key) > 0);
    expect(seen).toEqual([...keys].sort());
  });

  it('a walk ends where its visitor says so', () => {
    const index = new KeyIndex();
    for (const key of ['a', 'b', 'c']) index.obtain(key);
    const seen: string[] = [];
    expect(index.walk('', null, 9, (h) => seen.push(h.key) < 2)).toBeNull();
    expect(seen).toEqual(['a', 'b']);
  });
});
