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

  it('a walk ends where its visitor says so', () => {
    const index = new KeyIndex();
    for (const key of ['a', 'b', 'c']) index.obtain(key);
    const seen: string[] = [];
    expect(index.walk('', null, 9, (h) => seen.push(h.key) < 2)).toBeNull();
    expect(seen).toEqual(['a', 'b']);
  });
});
