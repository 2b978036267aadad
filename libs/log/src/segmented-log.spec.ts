import type { DiskFailure } from '@conclave/base';
import type { Entry } from '@conclave/wire';
import { CONF, LogHarness, OPTIONS, entry, text } from './testing/log-harness.js';

const EIO: DiskFailure = { code: 'EIO', message: 'input/output error' };

function range(lo: number, hi: number, term: number, size = 100): Entry[] {
  const out: Entry[] = [];
  for (let i = lo; i < hi; i++) out.push(entry(i, term, `${i}`.padEnd(size, '.')));
  return out;
}

test('what was appended is read back after a restart', () => {
  const h = new LogHarness();
  h.append([entry(1, 1), entry(2, 1)], { term: 1, vote: 0x22n, commit: 1 });
  h.append([entry(3, 2)], { term: 2, vote: 0n, commit: 2 });
  const result = h.restart();
  expect(result).toMatchObject({
    ok: true,
    recovered: { lastIndex: 3, lastTerm: 2, tornBytes: 0 },
  });
  expect(h.log.hardState).toEqual({ term: 2, vote: 0n, commit: 2 });
  expect(h.all()).toEqual(['1:1:entry 1', '2:1:entry 2', '3:2:entry 3']);
  expect([h.log.term(1), h.log.term(3), h.log.term(4)]).toEqual([1, 2, null]);
});

test('an append answers in a later turn, after its write and in order', () => {
  const h = new LogHarness();
  const answers: number[] = [];
  h.log.append({ entries: [entry(1, 1)], hardState: null }, () => answers.push(1));
  h.log.append({ entries: [entry(2, 1)], hardState: null }, () => answers.push(2));
  expect(answers).toEqual([]);
  expect(h.log.lastIndex).toBe(0);
  h.turns.run();
  expect(answers).toEqual([1, 2]);
  expect(h.log.lastIndex).toBe(2);
});

test('requests that arrive while a write is in flight form one group', () => {
  const h = new LogHarness();
  h.pass(500);
  const before = h.disk.writes;
  for (let i = 1; i <= 50; i++) h.log.append({ entries: [entry(i, 1)], hardState: null }, () => {});
  h.turns.run();
  expect(h.disk.writes - before).toBe(2);
  expect(h.log.lastIndex).toBe(50);
});

test('appends made inside callbacks are written together', () => {
  const h = new LogHarness();
  h.pass(500);
  h.log.append({ entries: [entry(1, 1)], hardState: null }, () => {
    h.log.append({ entries: [entry(2, 1)], hardState: null }, () => {});
    h.log.append({ entries: [entry(3, 1)], hardState: null }, () => {});
  });
  const before = h.disk.writes;
  h.turns.run();
  expect(h.disk.writes - before).toBe(2);
  expect(h.log.lastIndex).toBe(3);
});

test('an entry at or below the last one overwrites what stands behind it, also after a restart', () => {
  const h = new LogHarness();
  h.append(range(1, 200, 1));
  h.append([entry(50, 2), entry(51, 2)]);
  const check = (): void => {
    expect(h.log.lastIndex).toBe(51);
    expect(h.all().slice(-2)).toEqual(['50:2:entry 50', '51:2:entry 51']);
    expect([h.log.term(49), h.log.term(50), h.log.term(52)]).toEqual([1, 2, null]);
  };
  check();
  h.restart();
  check();
  h.append([entry(52, 3)]);
  h.restart();
  expect(h.log.lastIndex).toBe(52);
});

test('a log goes on over many segments and removes those below its cut', () => {
  const h = new LogHarness();
  for (let i = 1; i < 1000; i += 10) h.append(range(i, i + 10, 1));
  expect(h.segments().length).toBeGreaterThan(8);
  h.cutTo(900);
  h.pass(200);
  expect(h.segments().length).toBeLessThan(5);
  expect([h.log.firstIndex, h.log.term(900), h.log.term(899)]).toEqual([901, 1, null]);
  const before = h.all();
  expect(before).toHaveLength(100);
  expect(h.restart()).toMatchObject({ ok: true, recovered: { firstIndex: 901, lastIndex: 1000 } });
  expect(h.all()).toEqual(before);
  expect(h.log.cut).toEqual({ index: 900, term: 1, confState: CONF });
});

test('the cut can take the whole log, and vote and term outlive every segment that held them', () => {
  const h = new LogHarness();
  h.append([], { term: 7, vote: 0x23n, commit: 0 });
  for (let i = 1; i < 1000; i += 10) h.append(range(i, i + 10, 7));
  h.cutTo(1000);
  h.append([entry(1001, 7)]);
  h.cutTo(1001);
  h.restart();
  expect(h.log.hardState).toEqual({ term: 7, vote: 0x23n, commit: 1001 });
  expect([h.log.firstIndex, h.log.lastIndex, h.log.term(1001)]).toEqual([1002, 1001, 7]);
  h.append([entry(1002, 7)]);
  expect(h.all()).toEqual(['1002:7:entry 1002']);
});

test('an entry larger than a segment is written and found again', () => {
  const h = new LogHarness();
  h.append(range(1, 5, 1));
  h.append([entry(5, 1, 'x'.repeat(100_000)), entry(6, 1)]);
  h.append(range(7, 300, 2));
  const before = h.all();
  expect(h.restart().ok).toBe(true);
  expect(h.all()).toEqual(before);
  expect(h.log.lastIndex).toBe(299);
});

test('a read answers as many entries as fit, one at least, across segments', () => {
  const h = new LogHarness();
  for (let i = 1; i <= 400; i += 10) h.append(range(i, i + 10, 1));
  const read = (lo: number, hi: number, bytesMax: number): number => {
    let found: readonly Entry[] = [];
    h.log.read(lo, hi, bytesMax, (failure, entries) => {
      expect(failure).toBeNull();
      found = entries;
    });
    h.turns.run();
    h.log.tick(h.nowMs);
    found.forEach((e, k) =>
      expect(text(e)).toBe(text(entry(lo + k, 1, `${lo + k}`.padEnd(100, '.')))),
    );
    return found.length;
  };
  expect(read(1, 401, 1)).toBe(1);
  expect(read(1, 401, 126 * 10)).toBe(10);
  expect(read(1, 401, 1 << 20)).toBe(400);
  expect(read(400, 401, 1 << 20)).toBe(1);
  expect(read(400, 402, 1 << 20)).toBe(0);
});

test('a segment stays until the reads from it are done', () => {
  const h = new LogHarness();
  for (let i = 1; i <= 400; i += 10) h.append(range(i, i + 10, 1));
  let found = 0;
  h.log.read(1, 20, 1 << 20, (failure, entries) => {
    expect(failure).toBeNull();
    found = entries.length;
  });
  h.log.cutTo(390, CONF, () => {});
  h.turns.run();
  expect(found).toBe(19);
  expect(h.segments().length).toBeLessThan(5);
});

test('a bit that flipped since is found by the read and never handed out', () => {
  const h = new LogHarness();
  h.append(range(1, 10, 1));
  h.disk.flip(h.segments()[0] as string, 4096 + 32 + 60, 4);
  let answer: DiskFailure | null = null;
  h.log.read(1, 10, 1 << 20, (failure, entries) => {
    answer = failure;
    expect(entries).toEqual([]);
  });
  h.turns.run();
  expect(answer).toMatchObject({ code: 'ECORRUPT' });
});

test('the first failed write is final: no later callback reports success', () => {
  const h = new LogHarness();
  const answers: (string | null)[] = [];
  const note = (failure: DiskFailure | null): void => {
    answers.push(failure?.code ?? null);
  };
  h.append([entry(1, 1)]);
  h.disk.inject = (operation) => (operation === 'write' ? EIO : null);
  h.log.append({ entries: [entry(2, 1)], hardState: null }, note);
  h.log.append({ entries: [entry(3, 1)], hardState: null }, note);
  h.disk.inject = null;
  h.turns.run();
  h.log.append({ entries: [entry(4, 1)], hardState: null }, note);
  h.log.cutTo(1, CONF, note);
  h.turns.run();
  h.log.tick(1000);
  h.turns.run();
  expect(answers).toEqual(['EIO', 'EIO', 'EIO', 'EIO']);
  expect(h.log.lastIndex).toBe(1);
});

test.each(['create', 'remove', 'write'] as const)(
  'a failed %s in the background is final',
  (what) => {
    const h = new LogHarness();
    for (let i = 1; i <= 400; i += 10) h.append(range(i, i + 10, 1));
    h.disk.inject = (operation, name) =>
      operation === what && (what !== 'write' || name === 'mark') ? EIO : null;
    if (what === 'create')
      for (let i = 401; i <= 700; i += 50) {
        h.log.append({ entries: range(i, i + 50, 1), hardState: null }, () => {});
      }
    if (what === 'remove') h.log.cutTo(390, CONF, () => {});
    h.turns.run();
    h.pass(200);
    let answer: DiskFailure | null = null;
    h.log.append({ entries: [], hardState: { term: 9, vote: 0n, commit: 0 } }, (f) => (answer = f));
    h.turns.run();
    h.log.tick(5000);
    expect(answer).toEqual(EIO);
  },
);

test('an idle log seals itself once after 50 ms, and its mark follows within 100 ms', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.pass(25);
  let before = h.disk.writes;
  h.pass(50);
  expect(h.disk.writes - before).toBe(1);
  before = h.disk.writes;
  h.pass(10_000);
  expect(h.disk.writes - before).toBe(1);
});

test('close seals and marks, and a closed log opens without a torn byte', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  let closed = false;
  h.log.append({ entries: [entry(2, 1)], hardState: null }, () => {});
  h.log.close((failure) => (closed = failure === null));
  h.turns.run();
  expect(closed).toBe(true);
  expect(h.restart()).toMatchObject({ ok: true, recovered: { lastIndex: 2, tornBytes: 0 } });
});

test.each([
  ['a gap', [entry(3, 1)], 'append leaves no gap'],
  ['entries out of order', [entry(2, 1), entry(4, 1)], 'contiguous'],
  ['a falling term', [entry(2, 0)], 'do not fall'],
  ['an overwritten commit', [entry(1, 2)], 'nothing committed'],
])('%s is a broken invariant', (_what, entries, message) => {
  const h = new LogHarness();
  h.append([entry(1, 1)], { term: 1, vote: 0n, commit: 1 });
  expect(() => h.log.append({ entries, hardState: null }, () => {})).toThrow(message);
});

test('rules that a start enforces are asserted over what is queued, before it is written', () => {
  const h = new LogHarness();
  h.append([entry(1, 1), entry(2, 1), entry(3, 1)], { term: 1, vote: 0n, commit: 1 });
  const append = (entries: Entry[], term: number, commit: number): void =>
    h.log.append({ entries, hardState: { term, vote: 0n, commit } }, () => {});
  append([entry(4, 2)], 2, 2);
  expect(() => append([], 1, 2)).toThrow('the term of the log does not fall');
  expect(() => append([], 2, 5)).toThrow('commit is within the log');
  expect(() => append([entry(2, 3)], 3, 2)).toThrow('nothing committed');
  h.log.cutTo(2, CONF, () => {});
  expect(() => h.log.cutTo(2, CONF, () => {})).toThrow('the cut goes forward');
  h.turns.run();
  expect(h.restart()).toMatchObject({ ok: true, recovered: { firstIndex: 3, lastIndex: 4 } });
});

test('a reset is nothing before it is published and everything after', () => {
  for (const published of [false, true]) {
    const h = new LogHarness();
    h.append(range(1, 300, 3), { term: 3, vote: 0x22n, commit: 200 });
    const cut = { index: 5000, term: 3, confState: CONF };
    h.log.reset(
      cut,
      (firstSegment, done) => {
        if (!published) return;
        h.firstSegment = firstSegment;
        done(null);
      },
      () => {},
    );
    h.turns.run();
    const result = h.restart();
    if (!result.ok) throw new Error(result.message);
    expect(h.log.hardState.vote).toBe(0x22n);
    if (published) {
      expect(h.log.cut).toEqual(cut);
      expect(h.log.hardState.commit).toBe(5000);
      expect(h.all()).toEqual([]);
      expect(h.segments()).toHaveLength(2);
    } else expect(h.log.lastIndex).toBe(299);
    const next = h.log.lastIndex + 1;
    h.append([entry(next, 4)]);
    h.restart();
    expect(h.log.lastIndex).toBe(next);
  }
});

test('appends during a reset wait, and only their entries behind the cut are kept', () => {
  const h = new LogHarness();
  h.append(range(1, 20, 1), { term: 1, vote: 0n, commit: 5 });
  let publish: (() => void) | null = null;
  let answers = 0;
  const cut = { index: 100, term: 1, confState: CONF };
  h.log.reset(
    cut,
    (_first, done) => (publish = () => done(null)),
    () => answers++,
  );
  h.turns.run();
  const hardState = { term: 2, vote: 0x23n, commit: 5 };
  h.log.append({ entries: range(99, 105, 2), hardState }, () => answers++);
  h.turns.run();
  expect(answers).toBe(0);
  (publish as unknown as () => void)();
  h.turns.run();
  expect(answers).toBe(2);
  expect([h.log.firstIndex, h.log.lastIndex]).toEqual([101, 104]);
  expect(h.log.hardState).toEqual({ term: 2, vote: 0x23n, commit: 100 });
});

test('options out of range are named', () => {
  const { checkLogOptions } = jest.requireActual<typeof import('./open.js')>('./open.js');
  expect(checkLogOptions({ ...OPTIONS, segmentBytes: 1 })).toContain('log segment size');
  expect(checkLogOptions({ ...OPTIONS, segmentBytes: 16 * 1024 + 1 })).toContain('multiple');
});
