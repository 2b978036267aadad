import { EntryType } from '@conclave/wire';
import { PROPOSAL_BYTES_MAX, ProposalTable } from './proposal-table.js';
import type { PendingProposal } from './proposal-table.js';
import type { ProposalResult } from './types.js';

const BYTES = new Uint8Array(0);
const OK = { ok: true, revision: 2, body: BYTES } as const;

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
    done: (result) => answers.push(result),
    ...more,
  };
}

describe('ProposalTable', () => {
  test('a proposal is answered once, by whatever comes first', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers));
    table.applied(1n, OK, 3);
    table.applied(1n, OK, 3);
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

  test('a cancelled proposal is forgotten', () => {
    const table = new ProposalTable();
    const answers: ProposalResult[] = [];
    table.add(pending(1n, answers))();
    table.applied(1n, OK, 3);
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
