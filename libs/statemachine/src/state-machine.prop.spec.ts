/**
 * Apply is a function of (state, entry): members that differ in cache, clock, moments of their batches
 * and restarts reach the same state, results and events from the same random log.
 *
 * SEED=n replays one run.
 */
import { Random, encodeUtf8 } from '@conclave/base';
import {
  type Entry,
  LeaseExpire,
  PutRequest,
  RequestField,
  type RequestOp,
  TxnRequest,
} from '@conclave/wire';
import type { Applied } from './index.js';
import { LogWriter, Member } from './testing/member.js';
import { SESSION_LIMITS } from './sessions.js';

const RUNS = 12;
const ENTRIES = 250;
const LIMITS = {
  ...SESSION_LIMITS,
  sessionsMax: 3,
  windowMax: 8,
  answerBytesMax: 24,
  sessionBytesMax: 60,
  totalBytesMax: 100,
};

class RandomLog {
  readonly log = new LogWriter();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  next(revision: number): Entry {
    const { log } = this;
    const random = this.#random;
    if (random.chance(0.02)) log.term++;
    const id = BigInt(random.below(6));
    switch (random.below(16)) {
      case 0:
        return log.grant(id, random.below(100));
      case 1:
        return log.revoke(id);
      case 2:
        return log.compact(random.below(revision + 2));
      case 3:
        return log.alarm(random.below(4), id, random.chance(0.7) ? 1 : random.below(4));
      case 4:
        return log.openSession(id);
      case 5:
        return this.#membership(id);
      case 6: {
        const expire = { leaseID: [id, id + 1n], term: log.term - (random.chance(0.3) ? 1 : 0) };
        return log.message(RequestField.LEASE_EXPIRE, LeaseExpire, expire);
      }
      case 7:
        return log.delete(this.#key());
      case 8:
      case 9:
        return log.request(RequestField.TXN, this.#txn(), this.#header());
      default:
        return this.#put();
    }
  }

  #put(): Entry {
    const random = this.#random;
    const request = PutRequest.create({
      key: encodeUtf8(this.#key()),
      value: new Uint8Array(random.below(40)).fill(random.below(256)),
      lease: random.chance(0.4) ? BigInt(random.below(6)) : 0n,
      prevKv: random.chance(0.5),
    });
    return this.log.request(RequestField.PUT, PutRequest.encode(request), this.#header());
  }

  #header(): object {
    const random = this.#random;
    if (random.chance(0.4)) return {};
    const sequence = 1 + random.below(20);
    const lowestUnanswered = 1 + random.below(sequence + 1);
    return { session: BigInt(random.below(6)), sequence, lowestUnanswered };
  }

  #membership(id: bigint): Entry {
    const { log } = this;
    const random = this.#random;
    const kind = random.below(4);
    if (kind === 0) return log.add(id + 1n, `http://h${random.below(9)}:1`);
    if (kind === 1) return log.addLearner(id + 1n, random.below(3), `http://h${random.below(9)}:1`);
    return kind === 2 ? log.promote(id + 1n) : log.remove(id + 1n);
  }

  #key(): string {
    return `k${this.#random.below(8)}`;
  }

  #txn(): Uint8Array {
    const ops: RequestOp[] = [];
    for (let i = this.#random.below(4); i > 0; i--) {
      const requestPut = PutRequest.create({
        key: encodeUtf8(`t${i}`),
        value: encodeUtf8('x'),
        lease: BigInt(this.#random.below(3)),
      });
      ops.push({ request: { $case: 'requestPut', requestPut } });
    }
    return TxnRequest.encode(TxnRequest.create({ success: ops }));
  }
}

function outline(applied: Applied): unknown {
  return { ...applied, result: { ...applied.result } };
}

function run(seed: number): void {
  const random = new Random(seed);
  const source = new RandomLog(random.fork());
  const steady = new Member({ sessions: LIMITS });
  const restless = new Member({ sessions: LIMITS, cacheBytesMax: 1, compactionBatchRows: 1 });
  const written: Entry[] = [];
  for (let i = 0; i < ENTRIES; i++) {
    const entry = source.next(steady.machine.store.revision);
    written.push(entry);
    steady.nowMs = i;
    restless.nowMs = 1e9 - i * 1_000;
    const expected = steady.apply(entry);
    expect(outline(restless.apply(entry))).toEqual(outline(expected));
    if (random.chance(0.05)) steady.write();
    if (random.chance(0.3)) {
      restless.machine.store.compactionStep();
      restless.write();
    }
    if (random.chance(0.05)) {
      const machine = restless.load();
      for (const again of written.slice(machine.appliedIndex)) restless.apply(again);
    }
  }
  steady.compactAll();
  restless.compactAll();
  expect(restless.hash()).toBe(steady.hash());
  restless.write();
  restless.load();
  expect(restless.hash()).toBe(steady.hash());
  expect(restless.machine.appliedIndex).toBe(ENTRIES);
}

const given = process.env['SEED'];
const seeds =
  given === undefined
    ? Array.from({ length: RUNS }, () => Math.floor(Math.random() * 2 ** 31))
    : [Number(given)];

test.each(seeds)('members with other settings, batches and restarts agree (SEED=%d)', (seed) => {
  run(seed);
});
