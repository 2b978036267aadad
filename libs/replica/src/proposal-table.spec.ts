import { type Entry, EntryType } from '@conclave/wire';
import { PROPOSAL_BYTES_MAX, ProposalTable } from './proposal-table.js';
import type { PendingProposal } from './proposal-table.js';
import type { ProposalResult } from './types.js';

const BYTES = new Uint8Array(0);
const OK = { ok: true, revision: 2, body: BYTES } as const;

function entry(index: number, term: number): Entry {
  return { index, term, type: EntryType.NORMAL, data: BYTES };
}

function pending(
  id: bigint,
  answers: ProposalResult[],
  more: Partial<PendingProposal> = {},
): PendingProposal {
  return {
    requestId: id,
    type: EntryType.NORMAL,
    data: BYTES,
    startMs: 0,
    deadlineMs: 100,
    repeatable: false,
    proposedTerm: 0,
    index: 0,
    span: null,
    done: (result) => answers.push(result),
    ...more,
  };
}

describe('ProposalTable', () => {
  test('a proposal is answered once, by whatever comes first', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers));
    table.applied(entry(7, 3), 1n, OK, 3);
    table.applied(entry(7, 3), 1n, OK, 3);
    table.expire(1_000, () => 'timeout');
    expect(answers).toEqual([{ ok: true, result: OK, term: 3 }]);
  });

  test('a deadline fails it with the reason given', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers));
    table.expire(99, () => 'timeout');
    expect(answers).toEqual([]);
    table.expire(100, () => 'timeout-connection-lost');
    expect(answers).toEqual([{ ok: false, code: 'timeout-connection-lost' }]);
  });

  test('only what no leader took, and what may be repeated, is proposed again', () => {
    const table = new ProposalTable();
    table.add(pending(1n, []));
    table.add(pending(2n, [], { proposedTerm: 2 }));
    table.add(pending(3n, [], { proposedTerm: 2, repeatable: true }));
    table.add(pending(4n, [], { proposedTerm: 3, repeatable: true }));
    const again: bigint[] = [];
    table.forEachToPropose(3, (p) => again.push(p.requestId));
    expect(again).toEqual([1n, 3n]);
  });

  test('an entry of our own is known by its index and term, one of another leader there is not ours', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers, { proposedTerm: 2, index: 7 }));
    table.applied(entry(7, 3), 5n, OK, 3);
    table.applied(entry(8, 2), 5n, OK, 3);
    expect(answers).toEqual([]);
    table.applied(entry(7, 2), 1n, OK, 3);
    expect(answers).toEqual([{ ok: true, result: OK, term: 3 }]);
    expect(table.size).toBe(0);
  });

  test('one whose entry another of ours has overwritten waits on, and is found by its id', () => {
    const table = new ProposalTable();
    const first: ProposalResult[] = [];
    const second: ProposalResult[] = [];
    table.add(pending(1n, first, { proposedTerm: 2, index: 7 }));
    table.add(pending(2n, second, { proposedTerm: 4, index: 7 }));
    expect(table.size).toBe(2);
    table.applied(entry(7, 4), 2n, OK, 4);
    expect([first.length, second.length]).toEqual([0, 1]);
    table.applied(entry(9, 4), 1n, OK, 4);
    expect(first.length).toBe(1);
    expect(table.size).toBe(0);
  });

  test('one proposed again is found where it is now, and no more where it was', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    const again = pending(1n, answers, { proposedTerm: 2, index: 7, repeatable: true });
    table.add(again);
    table.proposed(again, 3, 9);
    table.applied(entry(7, 2), 1n, OK, 3);
    expect(answers).toEqual([]);
    table.proposed(again, 4, 0);
    table.applied(entry(9, 3), 6n, OK, 4);
    expect(answers).toEqual([]);
    table.applied(entry(12, 4), 1n, OK, 4);
    expect(answers.length).toBe(1);
    table.proposed(again, 5, 13);
    expect(table.size).toBe(0);
  });

  test('a cancelled proposal is forgotten', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers))();
    table.applied(entry(7, 3), 1n, OK, 3);
    expect(answers).toEqual([]);
    expect(table.size).toBe(0);
  });

  test('it is full at so many bytes, whoever holds them; one alone is always let in', () => {
    const table = new ProposalTable();
    expect(table.isFull(PROPOSAL_BYTES_MAX + 1)).toBe(false);
    const data = new Uint8Array(PROPOSAL_BYTES_MAX - 10);
    const answers: ProposalResult[] = [];
    const cancel = table.add(pending(1n, answers, { data }));
    table.add(pending(2n, answers, { data: new Uint8Array(10) }));
    expect(table.isFull(1)).toBe(true);
    cancel();
    cancel();
    expect(table.isFull(PROPOSAL_BYTES_MAX - 10)).toBe(false);
    expect(table.isFull(PROPOSAL_BYTES_MAX - 9)).toBe(true);
    table.failAll('stopped');
    table.add(pending(3n, answers));
    expect(table.isFull(PROPOSAL_BYTES_MAX)).toBe(false);
  });
});
