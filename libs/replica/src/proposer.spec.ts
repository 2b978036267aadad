import { NO_PROBE } from '@conclave/base';
import type { ProposeResult, RawNode } from '@conclave/raft';
import { APPLY_BACKLOG_MAX, Proposer } from './proposer.js';
import { SlotTable } from './slot-table.js';
import type { ProposalResult } from './types.js';

const RUN = { memberId: 1n, incarnation: 1n, seed: 1, wallMs: 0 };
const FIELD_PUT = 4;

function setUp() {
  const raft = { term: 2, commit: 0, answer: { ok: true, index: 1 } as ProposeResult, taken: 0 };
  const world = { nowMs: 0, stopped: false, failed: 0, raft };
  const proposer = new Proposer(
    {
      raft: {
        get term() {
          return raft.term;
        },
        get commit() {
          return raft.commit;
        },
        propose: () => {
          if (raft.answer.ok) raft.taken++;
          return raft.answer;
        },
      } as unknown as RawNode,
      slots: new SlotTable(),
      probe: { ...NO_PROBE, count: () => void world.failed++ },
      nowMs: () => world.nowMs,
      appliedIndex: () => 0,
      leaderKnown: () => true,
      stopped: () => world.stopped,
      wake: () => undefined,
      timeoutCode: () => 'timeout',
    },
    RUN,
    1_000,
  );
  const answers: ProposalResult[] = [];
  const proposal = (session: bigint, bytes = 10) => ({
    field: FIELD_PUT,
    body: new Uint8Array(bytes),
    session,
    sequence: 1,
    lowestUnanswered: 1,
  });
  const put = (session = 0n, bytes = 10): void =>
    void proposer.propose(proposal(session, bytes), 1_000, (result) => answers.push(result));
  const putOwn = (): void =>
    void proposer.proposeOwn(proposal(0n), 1_000, (result) => answers.push(result));
  return { raft, world, proposer, answers, put, putOwn };
}

const refused = (code: string) => ({ ok: false, code });

test('what no leader has taken is refused when too much is uncommitted', () => {
  const { raft, answers, put, world } = setUp();
  raft.answer = { ok: false, code: 'uncommitted-limit' };
  put();
  expect(answers).toEqual([refused('too-many-requests')]);
  expect(world.failed).toBe(1);
});

test('what an earlier leader has taken is not called refused, for it may have been done', () => {
  const { raft, answers, put, proposer, world } = setUp();
  put(9n);
  expect(raft.taken).toBe(1);
  raft.term = 3;
  raft.answer = { ok: false, code: 'uncommitted-limit' };
  proposer.proposeWaiting();
  expect(answers).toEqual([]);
  raft.answer = { ok: true, index: 2 };
  proposer.proposeWaiting();
  expect(raft.taken).toBe(2);
  world.nowMs = 1_000;
  proposer.expire(1_000);
  expect(answers).toEqual([refused('timeout')]);
});

test('under load clients are refused and the end of leases is not', () => {
  const { raft, answers, put, putOwn } = setUp();
  raft.commit = APPLY_BACKLOG_MAX + 1;
  put();
  expect(answers).toEqual([refused('too-many-requests')]);
  putOwn();
  expect([answers.length, raft.taken]).toEqual([1, 1]);
});

test('a request that is too large is refused before it is proposed, and counted', () => {
  const { raft, answers, put, world } = setUp();
  put(0n, 1_000);
  expect(answers).toEqual([refused('request-too-large')]);
  expect([raft.taken, world.failed]).toEqual([0, 1]);
});

test('what could not be handed over in time was never proposed', () => {
  const { raft, answers, put, proposer } = setUp();
  raft.answer = { ok: false, code: 'no-leader' };
  put();
  proposer.expire(999);
  expect(answers).toEqual([]);
  proposer.expire(1_000);
  expect(answers).toEqual([refused('deadline')]);
});
