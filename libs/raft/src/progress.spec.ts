import { Inflights } from './inflights.js';
import { Progress } from './progress.js';

function peer(match: number, next: number, window = new Inflights(3, 1000)): Progress {
  const progress = new Progress(2, next, false, window);
  progress.match = match;
  return progress;
}

describe('the window', () => {
  test('is full by messages or by bytes, and freed up to an index', () => {
    const window = new Inflights(3, 100);
    window.add(1, 10);
    window.add(5, 10);
    expect(window.full).toBe(false);
    window.add(9, 10);
    expect(window.full).toBe(true);
    window.freeTo(5);
    expect(window.count).toBe(1);
    window.add(10, 500);
    expect(window.full).toBe(true);
    window.freeTo(10);
    expect([window.count, window.full]).toEqual([0, false]);
  });

  test('goes round its ring for ever', () => {
    const window = new Inflights(10, 1e9);
    for (let i = 1; i < 500; i++) {
      if (window.full) window.freeTo(i - 7);
      window.add(i, 1);
      expect(window.count).toBeLessThanOrEqual(10);
    }
  });
});

describe('progress', () => {
  test('a probe is one append; an answer lets the next go', () => {
    const p = peer(0, 5);
    p.sent(7, 3, 30);
    expect([p.isPaused, p.next]).toEqual([true, 5]);
    expect(p.refuse(4, 2)).toBe(true);
    expect([p.isPaused, p.next]).toEqual([false, 3]);
  });

  test('an old refusal is ignored: of another probe, or of what is acknowledged', () => {
    const p = peer(3, 6);
    expect(p.refuse(2, 1)).toBe(false);
    p.becomeReplicate();
    p.sent(8, 5, 50);
    expect(p.refuse(3, 1)).toBe(false);
    expect(p.refuse(7, 5)).toBe(true);
    expect([p.state, p.next]).toEqual(['probe', 4]);
  });

  test('next never falls to match or below, whatever the hint', () => {
    const p = peer(3, 9);
    expect(p.refuse(8, 0)).toBe(true);
    expect(p.next).toBe(4);
  });

  test('leaving replicate empties the window', () => {
    const p = peer(3, 4);
    p.becomeReplicate();
    for (const last of [4, 5, 6]) p.sent(last, 1, 1);
    expect(p.isPaused).toBe(true);
    p.becomeProbe();
    expect([p.isPaused, p.inflights.count, p.next]).toEqual([false, 0, 4]);
    p.becomeSnapshot();
    expect(p.isPaused).toBe(true);
  });
});
