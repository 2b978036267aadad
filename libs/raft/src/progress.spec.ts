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

  test.each([
    ['starts over', (p: Progress) => p.reset(9), 9, 0, false, 0],
    ['is probed', (p: Progress) => p.becomeProbe(), 4, 3, true, 6],
    ['is sent a stream', (p: Progress) => p.becomeReplicate(), 4, 3, true, 6],
    ['gets a snapshot', (p: Progress) => p.becomeSnapshot(), 8, 3, true, 6],
  ])(
    'one that %s keeps what is known, and nothing else',
    (_name, act, next, match, active, ack) => {
      const p = peer(3, 8);
      p.recentActive = true;
      p.readAck = 6;
      Object.assign(p, { paused: true, snapshotTick: 5, reading: 4, readIndex: 7, sentCommit: 2 });
      p.inflights.add(7, 1);
      act(p);
      expect([p.next, p.match, p.recentActive, p.readAck]).toEqual([next, match, active, ack]);
      expect([p.paused, p.snapshotTick, p.reading, p.readIndex]).toEqual([false, 0, 0, -1]);
      expect([p.sentCommit, p.inflights.count, p.snapshot]).toEqual([0, 0, null]);
    },
  );

  test('after an announced snapshot the probe begins behind it, or behind what is acknowledged', () => {
    const confState = {
      voters: [],
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    for (const [index, next] of [
      [9, 10],
      [2, 4],
    ] as const) {
      const p = peer(3, 8);
      p.becomeSnapshot();
      p.snapshot = { index, term: 1, confState };
      p.becomeProbe();
      expect(p.next).toBe(next);
    }
  });

  test('an acknowledgement moves match, and next if it is behind; what is known is no news', () => {
    const p = peer(3, 6);
    p.paused = true;
    expect([p.acknowledge(3), p.match, p.next, p.paused]).toEqual([false, 3, 6, true]);
    expect([p.acknowledge(4), p.match, p.next, p.paused]).toEqual([true, 4, 6, false]);
    expect([p.acknowledge(5), p.next]).toEqual([true, 6]);
    expect([p.acknowledge(6), p.next]).toEqual([true, 7]);
    expect([p.acknowledge(9), p.match, p.next]).toEqual([true, 9, 10]);
  });

  test('an append sent moves next and the window, an empty one neither', () => {
    const p = peer(3, 4);
    p.becomeReplicate();
    p.sent(3, 0, 0);
    expect([p.next, p.inflights.count, p.paused]).toEqual([4, 0, false]);
    p.sent(4, 1, 10);
    expect([p.next, p.inflights.count, p.paused]).toEqual([5, 1, false]);
    p.sent(9, 5, 990);
    expect([p.next, p.inflights.count, p.paused]).toEqual([10, 2, true]);
  });

  test('a refusal steps back to behind the hint, by one at least, and lets the next probe go', () => {
    for (const [hint, next] of [
      [9, 7],
      [7, 7],
      [6, 7],
      [5, 6],
      [3, 4],
      [1, 4],
    ] as const) {
      const p = peer(3, 8);
      Object.assign(p, { paused: true, reading: 4 });
      expect([p.refuse(7, hint), p.next, p.paused, p.reading]).toEqual([true, next, false, 0]);
    }
    const p = peer(3, 8);
    p.becomeSnapshot();
    expect([p.refuse(7, 5), p.state]).toEqual([false, 'snapshot']);
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
