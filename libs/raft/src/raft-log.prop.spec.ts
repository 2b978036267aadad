/** The log against a plain array that forgets nothing. */
import { type Random } from '@conclave/base';
import { type Entry, EntryType } from '@conclave/wire';
import { entryBytes, RaftLog, UNKNOWN_TERM } from './raft-log.js';
import { withSeeds } from './testing/seed.js';

function entries(r: Random, first: number, term: number, count: number): Entry[] {
  let t = term;
  return Array.from({ length: count }, (_, at) => {
    if (r.chance(0.3)) t += r.below(2);
    const type = r.chance(0.1) ? EntryType.CONF_CHANGE : EntryType.NORMAL;
    return { term: t, index: first + at, type, data: new Uint8Array(r.below(20)) };
  });
}

/** Terms by index, from 1; the model keeps all of them. */
class Model {
  terms: number[] = [0];
  confs: boolean[] = [false];

  append(list: readonly Entry[]): void {
    for (const e of list) {
      this.terms.length = e.index;
      this.confs.length = e.index;
      this.terms.push(e.term);
      this.confs.push(e.type === EntryType.CONF_CHANGE);
    }
  }
}

function check(log: RaftLog, model: Model, r: Random): void {
  expect(log.lastIndex).toBe(model.terms.length - 1);
  expect(log.lastTerm).toBe(model.terms.at(-1));
  const terms: number[] = [];
  for (let i = log.cutIndex; i <= log.lastIndex; i++) terms.push(log.term(i));
  expect(terms).toEqual(model.terms.slice(log.cutIndex));
  expect(log.term(log.lastIndex + 1)).toBe(0);
  const unapplied = model.confs.some((conf, i) => conf && i > log.applied && i <= log.commit);
  expect(log.hasUnappliedConfChange).toBe(unapplied);
  // The agreement: the largest index with a term that is not above the one asked for.
  const index = log.cutIndex + r.below(log.lastIndex - log.cutIndex + 1);
  const term = r.below((model.terms.at(-1) as number) + 2);
  let naive = index;
  while (naive > log.cutIndex && (model.terms[naive] as number) > term) naive--;
  expect(log.findAgreement(index, term, log.cutIndex)).toBe(naive);
  // What must be in memory is, and the bounds hold.
  expect(log.memoryFirst).toBeLessThanOrEqual(log.commit + 1);
  if (log.memoryFirst <= log.lastIndex) {
    const all = log.slice(log.memoryFirst, log.lastIndex + 1, Number.MAX_SAFE_INTEGER);
    expect(all.map((e) => e.term)).toEqual(model.terms.slice(log.memoryFirst));
    expect(log.memoryBytes).toBe(all.reduce((sum, e) => sum + entryBytes(e), 0));
  }
}

function step(log: RaftLog, model: Model, r: Random): void {
  switch (r.below(6)) {
    case 0:
    case 1: {
      const list = entries(r, log.lastIndex + 1, log.lastTerm, r.below(5));
      log.append(list);
      model.append(list);
      break;
    }
    case 2: {
      if (log.lastIndex <= log.commit) break;
      const at = log.commit + 1 + r.below(log.lastIndex - log.commit);
      const list = entries(r, at, log.lastTerm + 1, 1 + r.below(3));
      log.truncate(at);
      log.append(list);
      model.append(list);
      break;
    }
    case 3:
      if (log.commit < log.lastIndex)
        log.commitTo(log.commit + 1 + r.below(log.lastIndex - log.commit));
      break;
    case 4: {
      log.applying = log.commit;
      const to = log.applied + r.below(log.commit - log.applied + 1);
      log.appliedTo(to);
      log.evict(log.lastIndex, r.pick([0, 60, 1000]), r.pick([100, 10_000]), r.pick([0, to]));
      break;
    }
    default: {
      if (!r.chance(0.3)) break;
      const at = log.cutIndex + r.below(log.applied - log.cutIndex + 1);
      log.cut(at, model.terms[at] as number);
    }
  }
}

test('the log answers as an array would, through appends, conflicts, cuts and evictions', () => {
  withSeeds(process.env['SEED'], 60, (r) => {
    const log = new RaftLog(0, 0, 0, 0, []);
    const model = new Model();
    for (let n = 0; n < 60; n++) {
      step(log, model, r);
      check(log, model, r);
    }
  });
});

test('after a restart terms that only the disk knows are unknown, and come back with the cut', () => {
  const tail = [5, 6].map((index) => ({
    term: 3,
    index,
    type: EntryType.NORMAL,
    data: new Uint8Array(1),
  }));
  const log = new RaftLog(2, 1, 5, 6, tail);
  expect([2, 3, 4, 5, 6, 7].map((i) => log.term(i))).toEqual([
    1,
    UNKNOWN_TERM,
    UNKNOWN_TERM,
    3,
    3,
    0,
  ]);
  expect(log.findAgreement(4, 1, 2)).toBe(4);
  expect(log.findAgreement(6, 2, 2)).toBe(4);
  log.cut(4, 2);
  expect([3, 4, 5].map((i) => log.term(i))).toEqual([0, 2, 3]);
});

test('committed entries are never replaced: the process stops', () => {
  const log = new RaftLog(0, 0, 0, 0, []);
  log.append([{ term: 1, index: 1, type: EntryType.NORMAL, data: new Uint8Array(0) }]);
  log.commitTo(1);
  expect(() => log.truncate(1)).toThrow('a committed entry is never replaced');
});

test('entries that everybody has leave memory once they are applied, others stay in the cache', () => {
  const tail = Array.from({ length: 10 }, (_, i) => ({
    term: 1,
    index: i + 1,
    type: EntryType.NORMAL,
    data: new Uint8Array(8),
  }));
  const log = new RaftLog(0, 0, 0, 10, tail);
  log.applying = 8;
  log.appliedTo(8);
  log.evict(10, 1 << 20, 1 << 20, 5);
  expect(log.memoryFirst).toBe(6);
  log.evict(10, 1 << 20, 1 << 20, 10);
  expect(log.memoryFirst).toBe(9);
});
