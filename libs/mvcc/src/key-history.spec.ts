import { Random } from '@conclave/base';
import { KeyHistory } from './key-history.js';
import type { Version } from './types.js';

/** The worked example of key-history.ts. */
function example(): KeyHistory {
  const history = new KeyHistory('k');
  history.put(2, 0, 0n);
  history.put(3, 0, 0n);
  history.tombstone(4, 0);
  history.put(6, 0, 5n);
  history.put(7, 0, 0n);
  return history;
}

const restore = (h: KeyHistory, v: Version): boolean =>
  h.restore(v.main, v.sub, v.create, v.version, v.lease, v.tombstone);

const text = (h: KeyHistory): string =>
  Array.from({ length: h.length }, (_, i) => {
    const v = h.version(i);
    return `${v.main}.${v.sub}:${v.create}/${v.version}${v.tombstone ? 't' : ''}${v.lease || ''}`;
  }).join(' ');

describe('KeyHistory', () => {
  it('counts versions inside a generation and begins again behind a tombstone', () => {
    expect(text(example())).toBe('2.0:2/1 3.0:2/2 4.0:0/0t 6.0:6/15 7.0:6/2');
  });

  it('a read sees the newest entry at or below its revision, nothing if that is a tombstone', () => {
    const seen = [1, 2, 3, 4, 5, 6, 7, 8].map((revision) => example().aliveAt(revision));
    expect(seen).toEqual([-1, 0, 1, -1, -1, 3, 4, 4]);
  });

  it.each([
    [1, '2.0:2/1 3.0:2/2 4.0:0/0t 6.0:6/15 7.0:6/2'],
    [3, '3.0:2/2 4.0:0/0t 6.0:6/15 7.0:6/2'],
    [4, '4.0:0/0t 6.0:6/15 7.0:6/2'],
    [5, '6.0:6/15 7.0:6/2'],
    [7, '7.0:6/2'],
  ])('compaction at %i leaves what the worked example says', (revision, expected) => {
    const history = example();
    history.cut(history.droppedBy(revision));
    expect(text(history)).toBe(expected);
  });

  it('keeps all that was written at the compacted revision', () => {
    const history = new KeyHistory('k');
    history.put(2, 0, 0n);
    history.put(3, 1, 0n);
    history.tombstone(3, 4);
    expect([history.droppedBy(3), history.droppedBy(4)]).toEqual([1, 3]);
    expect([history.exact(3, 1), history.exact(3, 4), history.exact(3, 2)]).toEqual([1, 2, -1]);
  });

  it.each([
    ['of an earlier revision', 6, 0, 3, false],
    ['of the same revision and sub', 7, 0, 3, false],
    ['that skips a version', 8, 0, 4, false],
    ['that begins a generation inside one', 8, 0, 1, false],
  ])('refuses to restore a version %s', (_what, main, sub, version, tombstone) => {
    const history = example();
    expect(history.restore(main, sub, 6, version, 0n, tombstone)).toBe(false);
    expect(text(history)).toBe(text(example()));
  });

  it('refuses to restore a tombstone behind a tombstone', () => {
    const history = new KeyHistory('k');
    expect(history.restore(4, 0, 0, 0, 0n, true)).toBe(true);
    expect(history.restore(5, 0, 0, 0, 0n, true)).toBe(false);
    expect(history.restore(5, 0, 5, 2, 0n, false)).toBe(false);
    expect(history.restore(5, 0, 5, 1, 0n, false)).toBe(true);
    expect(text(history)).toBe('4.0:0/0t 5.0:5/1');
  });

  it('equals itself restored from its versions, however it was cut (random)', () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const history = new KeyHistory('k');
      let alive = false;
      for (let main = 2, n = random.below(30); n > 0; n--, main += 1 + random.below(3)) {
        if (alive && random.chance(0.3)) history.tombstone(main, 0);
        else history.put(main, 0, random.chance(0.2) ? 3n : 0n);
        alive = history.aliveAt(main) >= 0;
      }
      history.cut(history.droppedBy(random.below(40)));
      const again = new KeyHistory('k');
      for (let i = 0; i < history.length; i++) restore(again, history.version(i));
      if (text(again) !== text(history)) throw new Error(`SEED=${seed}: ${text(history)}`);
    }
  });
});
