/** What clients must never be told, one wrong answer each. */
import { EMPTY_CONF_STATE } from '@conclave/raft';
import { EntryType } from '@conclave/wire';
import { Op, encodeCommand } from '../command.js';
import { HistoryJudge } from './history-judge.js';
import { Oracle } from './oracle.js';
import { RaftJudge } from './raft-judge.js';

/** An oracle in which client 0 has put 10, 20, ... under key 0, at revisions 2, 3, ... */
function after(puts: number): { oracle: Oracle; judge: HistoryJudge } {
  const oracle = new Oracle(2, 2, EMPTY_CONF_STATE);
  for (let index = 1; index <= puts; index++) {
    const base = { op: Op.PUT, client: 0, key: 0, expected: 0 };
    const data = encodeCommand({ ...base, sequence: index, value: index * 10 }, 0);
    oracle.commitEntry({ index, term: 1, type: EntryType.NORMAL, data }, index, 1);
  }
  return { oracle, judge: new HistoryJudge(oracle, new RaftJudge(oracle, 3)) };
}

function asked(sequence: number, answeredBefore = 1, commitBefore = 0) {
  return { client: 0, sequence, key: 0, answeredBefore, commitBefore };
}

function answer(sequence: number) {
  return {
    revision: sequence + 1,
    value: sequence * 10,
    ok: true,
    applied: sequence,
    writes: true,
  };
}

describe('the judge of what clients are told', () => {
  test('accepts right answers', () => {
    const { judge } = after(3);
    judge.writeAnswered(asked(1), answer(1));
    judge.readAnswered(asked(0, 2), 3, 20);
    judge.staleReadAnswered(asked(0), 2, 10);
    expect(judge.answered).toBe(3);
  });

  test('I12: an answer before the write is committed', () => {
    const { judge } = after(1);
    const early = { ...answer(1), applied: 2 };
    expect(() => judge.writeAnswered(asked(1), early)).toThrow(/^I12/);
  });

  test('I13: a read index below what was committed before', () => {
    expect(() => after(3).judge.readConfirmed(asked(0, 1, 3), 2)).toThrow(/^I13/);
  });

  test('I24: an acknowledged write that was never applied, or answered twice', () => {
    expect(() => after(1).judge.writeAnswered(asked(2), answer(1))).toThrow(/^I24.*0 times/);
    const { judge } = after(1);
    judge.writeAnswered(asked(1), answer(1));
    expect(() => judge.writeAnswered(asked(1), answer(1))).toThrow(/^I24.*twice/);
  });

  test('I15: an answer with a revision that its write did not make', () => {
    const late = { ...answer(2), revision: answer(2).revision + 1 };
    expect(() => after(3).judge.writeAnswered(asked(2), late)).toThrow(/^C6: write 0\/2 left/);
  });

  test('C6: a write whose revision lies before what was seen before it was asked', () => {
    const { judge } = after(3);
    expect(() => judge.writeAnswered(asked(2, 3), answer(2))).toThrow(/^C6: write/);
  });

  test('C6: a read that is older than what was seen before it was asked', () => {
    expect(() => after(3).judge.readAnswered(asked(0, 4), 3, 20)).toThrow(/^C6.*seen before/);
  });

  test('C6: a value the key never had at that revision', () => {
    expect(() => after(3).judge.staleReadAnswered(asked(0), 3, 10)).toThrow(/^C6.*reads 10/);
  });

  test('C6: a revision of a time to come', () => {
    expect(() => after(3).judge.staleReadAnswered(asked(0), 9, 30)).toThrow(/does not exist yet/);
  });
});
