import { NO_PROBE } from '@conclave/base';
import { CompactionRequest, RequestField } from '@conclave/wire';
import { AutoCompaction, type AutoCompactionPolicy } from './auto-compaction.js';
import type { Machine } from '@conclave/statemachine';
import type { Proposal, ProposalResult } from './types.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A member whose revision grows by one a second; `asked` tells when which revision was compacted. */
class World {
  readonly asked: [number, number][] = [];
  readonly lines: string[] = [];
  nowMs = 0;
  isLeader = true;
  revision = 1;
  grows = true;
  answer: ProposalResult = {
    ok: true,
    term: 2,
    result: { ok: true, revision: 1, body: new Uint8Array(0) },
  };
  readonly compaction: AutoCompaction;

  constructor(policy: AutoCompactionPolicy) {
    const self = this;
    const replica = {
      get isLeader(): boolean {
        return self.isLeader;
      },
      get machine(): Machine {
        return { store: { revision: self.revision } } as unknown as Machine;
      },
      propose: (p: Proposal, _timeoutMs: number, done: (result: ProposalResult) => void) => {
        expect(p.field).toBe(RequestField.COMPACTION);
        this.asked.push([this.nowMs, CompactionRequest.decode(p.body).revision]);
        done(this.answer);
        return () => undefined;
      },
    };
    const probe = { ...NO_PROBE, log: (_: unknown, line: string) => void this.lines.push(line) };
    this.compaction = new AutoCompaction(policy, { replica, probe }, 0);
  }

  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs += 1_000;
      if (this.grows) this.revision++;
      this.compaction.poll(this.nowMs);
    }
  }
}

describe('periodic (spec 2.6)', () => {
  test('first after the period, then every period, to what the revision was a period ago', () => {
    const world = new World({ mode: 'periodic', periodMs: 10 * MINUTE });
    world.pass(31 * MINUTE);
    expect(world.asked).toEqual([
      [10 * MINUTE, 1],
      [20 * MINUTE, 601],
      [30 * MINUTE, 1_201],
    ]);
    expect(world.lines.slice(0, 2)).toEqual([
      'starting auto periodic compaction',
      'completed auto periodic compaction',
    ]);
  });

  test('a period of more than an hour: first after it, then every hour', () => {
    const world = new World({ mode: 'periodic', periodMs: 3 * HOUR });
    world.pass(5 * HOUR + MINUTE);
    expect(world.asked).toEqual([
      [3 * HOUR, 1],
      [4 * HOUR, 3_601],
      [5 * HOUR, 7_201],
    ]);
  });

  test('only the leader compacts, but a new one knows what the revision was', () => {
    const world = new World({ mode: 'periodic', periodMs: 10 * MINUTE });
    world.isLeader = false;
    world.pass(25 * MINUTE);
    expect(world.asked).toEqual([]);
    world.isLeader = true;
    world.pass(MINUTE);
    expect(world.asked).toEqual([[26 * MINUTE, 961]]);
  });

  test('an unchanged revision is not compacted again; a failure is tried at the next sample', () => {
    const world = new World({ mode: 'periodic', periodMs: 10 * MINUTE });
    world.answer = { ok: false, code: 'timeout' };
    world.pass(11 * MINUTE);
    expect(world.asked.map(([at]) => at)).toEqual([10 * MINUTE, 11 * MINUTE]);
    expect(world.lines).toContain('failed auto periodic compaction');
    // Somebody else has compacted further: that will do.
    const result = { ok: false, code: 'compacted', revision: 1 } as const;
    world.answer = { ok: true, term: 2, result };
    world.grows = false;
    world.pass(HOUR);
    const revisions = world.asked.map(([, revision]) => revision);
    expect(revisions.slice(2)).toEqual([121, 661]);
  });
});

describe('revision (spec 2.6)', () => {
  test('every five minutes to the present revision less what is kept', () => {
    const world = new World({ mode: 'revision', keep: 400 });
    world.pass(15 * MINUTE);
    expect(world.asked).toEqual([
      [10 * MINUTE, 201],
      [15 * MINUTE, 501],
    ]);
    world.grows = false;
    world.pass(HOUR);
    expect(world.asked.length).toBe(2);
  });
});
