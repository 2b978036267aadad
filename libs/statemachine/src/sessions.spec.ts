import { EMPTY_BYTES, type EngineOp } from '@conclave/base';
import { SESSION_LIMITS, type SessionLimits, Sessions } from './sessions.js';
import type { ApplyResult } from './types.js';

const done = (revision: number, body = EMPTY_BYTES): ApplyResult => ({ ok: true, revision, body });

/** Feeds sessions as apply does; answers what became of a write. */
class Feed {
  readonly sessions: Sessions;
  index = 0;

  constructor(limits: Partial<SessionLimits> = {}) {
    this.sessions = new Sessions({ ...SESSION_LIMITS, ...limits });
  }

  open(id: bigint): void {
    this.sessions.open(id, ++this.index);
  }

  write(id: bigint, sequence: number, lowest: number, body = EMPTY_BYTES): string {
    const index = ++this.index;
    const admission = this.sessions.admit(id, sequence, lowest, index);
    if (admission.type === 'refused') return admission.code;
    if (admission.type === 'answered') return 'answered';
    this.sessions.keep(id, sequence, index, done(index, body));
    return 'applied';
  }

  rows(): EngineOp[] {
    const ops: EngineOp[] = [];
    this.sessions.takeOps(ops);
    return ops;
  }
}

test('sequences may come in any order at or above the mark, each once', () => {
  const feed = new Feed();
  feed.open(1n);
  expect([7, 5, 6].map((s) => feed.write(1n, s, 5))).toEqual(['applied', 'applied', 'applied']);
  expect([5, 6, 7].map((s) => feed.write(1n, s, 5))).toEqual(['answered', 'answered', 'answered']);
  expect(feed.write(1n, 4, 4)).toBe('sequence-too-low');
});

test('the mark never falls: an old copy with an old mark is refused', () => {
  const feed = new Feed();
  feed.open(1n);
  feed.write(1n, 3, 1);
  feed.write(1n, 9, 9);
  expect(feed.write(1n, 3, 1)).toBe('sequence-too-low');
  expect(feed.write(1n, 9, 1)).toBe('answered');
});

test('a sequence beyond the window pushes the mark along', () => {
  const feed = new Feed({ windowMax: 4 });
  feed.open(1n);
  for (const sequence of [1, 2, 3, 4]) feed.write(1n, sequence, 1);
  expect(feed.write(1n, 5, 1)).toBe('applied');
  expect(feed.write(1n, 1, 1)).toBe('sequence-too-low');
  expect(feed.write(1n, 2, 1)).toBe('answered');
  expect(feed.write(1n, Number.MAX_SAFE_INTEGER, 1)).toBe('applied');
  expect(feed.write(1n, 5, 1)).toBe('sequence-too-low');
});

test('above the bound the session least recently used by log index goes', () => {
  const feed = new Feed({ sessionsMax: 2 });
  feed.open(1n);
  feed.open(2n);
  feed.write(1n, 1, 1);
  feed.open(3n);
  expect(feed.write(2n, 1, 1)).toBe('session-unknown');
  expect(feed.write(1n, 2, 1)).toBe('applied');
});

test('the order of use is that of the log after a restart', () => {
  const feed = new Feed({ sessionsMax: 2 });
  feed.open(1n);
  feed.open(2n);
  feed.write(1n, 1, 1);
  const again = new Feed({ sessionsMax: 2 });
  for (const row of feed.sessions.rows()) expect(again.sessions.restore(row)).toBeNull();
  again.sessions.restored();
  again.index = feed.index;
  again.open(9n);
  expect(again.write(2n, 1, 1)).toBe('session-unknown');
  expect(again.write(1n, 1, 1)).toBe('answered');
});

test('there is one row for a session and batch, and none when nothing changed', () => {
  const feed = new Feed();
  feed.open(1n);
  for (let s = 1; s < 50; s++) feed.write(1n, s, s);
  expect(feed.rows()).toHaveLength(1);
  expect(feed.rows()).toHaveLength(0);
  feed.sessions.close(1n);
  expect(feed.rows()).toMatchObject([{ type: 'delete' }]);
});

test('kept bytes are bounded for a session and for all', () => {
  const feed = new Feed({ sessionBytesMax: 10, totalBytesMax: 12, answerBytesMax: 8 });
  const body = new Uint8Array(6);
  const bodyOf = (id: bigint, sequence: number): number | null | undefined => {
    const admission = feed.sessions.admit(id, sequence, 1, ++feed.index);
    if (admission.type !== 'answered' || !admission.result.ok) return undefined;
    return admission.result.body === null ? null : admission.result.body.length;
  };
  feed.open(1n);
  feed.open(2n);
  feed.open(3n);
  feed.write(1n, 1, 1, body);
  feed.write(1n, 2, 1, body);
  feed.write(2n, 1, 1, body);
  feed.write(3n, 1, 1, body);
  expect([bodyOf(1n, 1), bodyOf(1n, 2), bodyOf(2n, 1), bodyOf(3n, 1)]).toEqual([6, null, 6, null]);
  feed.sessions.close(1n);
  feed.write(3n, 2, 1, body);
  expect(bodyOf(3n, 2)).toBe(6);
});
