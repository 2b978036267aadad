import { type StatusCode, Status, encodeUtf8 } from '@conclave/base';
import {
  type KeyValue,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  RangeResponse,
  ResponseHeader,
  TxnResponse,
} from '@conclave/wire';
import { type Answered, Claim } from './claim.js';

const LEASE = 77n;

class Bench {
  nowMs = 0;
  readonly asked: { method: string; done: Answered }[] = [];
  readonly told: string[] = [];
  readonly claim: Claim;

  constructor() {
    this.claim = new Claim(
      { key: '_own/claim', owner: 'me', ttlS: 6, pollMs: 500 },
      {
        nowMs: () => this.nowMs,
        call: (method, _request, done) => {
          this.asked.push({ method: method.slice(method.lastIndexOf('/') + 1), done });
        },
        won: () => this.told.push('won'),
        lost: (why) => this.told.push(`lost: ${why}`),
        observed: () => undefined,
      },
    );
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    this.claim.tick();
  }

  /** The open question is `method`; answers it. */
  answer(method: string, response: Uint8Array | null, code: StatusCode = Status.OK): void {
    const { done, ...open } = this.asked.shift() ?? { method: 'nothing', done: () => undefined };
    expect(open).toEqual({ method });
    done(code, '', response);
  }

  win(): void {
    this.claim.campaign();
    this.tick(0);
    this.answer('Range', range(null));
    this.answer(
      'LeaseGrant',
      LeaseGrantResponse.encode({ header: null, ID: LEASE, TTL: 6, error: '' }),
    );
    this.answer('Txn', txn(true));
  }
}

function range(kv: Partial<KeyValue> | null): Uint8Array {
  const empty = { key: encodeUtf8('k'), value: encodeUtf8('other'), lease: 1n };
  const rest = { createRevision: 1, modRevision: 1, version: 1 };
  const kvs = kv === null ? [] : [{ ...empty, ...rest, ...kv }];
  const header = ResponseHeader.create({ revision: 5 });
  return RangeResponse.encode({ header, kvs, more: false, count: kvs.length });
}

function txn(succeeded: boolean): Uint8Array {
  return TxnResponse.encode({ header: null, succeeded, responses: [] });
}

const keepAlive = (TTL: number): Uint8Array =>
  LeaseKeepAliveResponse.encode({ header: null, ID: LEASE, TTL });

test('takes a free claim under a lease, and keeps it alive at a third of its time', () => {
  const bench = new Bench();
  bench.win();
  expect([bench.told, bench.claim.isHeld]).toEqual([['won'], true]);
  bench.tick(2_000);
  bench.answer('LeaseKeepAlive', keepAlive(6));
  bench.nowMs = 7_999;
  expect(bench.claim.isHeld).toBe(true);
  bench.nowMs = 8_000;
  expect(bench.claim.isHeld).toBe(false);
});

test('does not ask for a claim that another has, nor before it is wanted', () => {
  const bench = new Bench();
  bench.tick(0);
  bench.answer('Range', range(null));
  bench.claim.campaign();
  bench.tick(500);
  bench.answer('Range', range({}));
  expect(bench.asked).toEqual([]);
});

test('gives the lease back when another was faster, or nobody knows', () => {
  for (const code of [Status.OK, Status.UNAVAILABLE]) {
    const bench = new Bench();
    bench.claim.campaign();
    bench.tick(0);
    bench.answer('Range', range(null));
    bench.answer(
      'LeaseGrant',
      LeaseGrantResponse.encode({ header: null, ID: LEASE, TTL: 6, error: '' }),
    );
    bench.answer('Txn', code === Status.OK ? txn(false) : null, code);
    bench.answer('LeaseRevoke', null);
    expect(bench.told).toEqual([]);
  }
});

test('after a pause longer than the lease the claim is lost before anything else', () => {
  const bench = new Bench();
  bench.win();
  bench.tick(60_000);
  expect(bench.told).toEqual(['won', 'lost: the lease ran out']);
});

test('loses the claim with its lease, and when the key is another’s', () => {
  const gone = new Bench();
  gone.win();
  gone.tick(2_000);
  gone.answer('LeaseKeepAlive', keepAlive(0));
  expect(gone.told).toEqual(['won', 'lost: the lease is gone']);
  const taken = new Bench();
  taken.win();
  taken.tick(600);
  taken.answer('Range', range({ lease: 99n }));
  expect(taken.told).toEqual(['won', 'lost: the claim was taken away']);
});

test('resigning gives the lease back at once', () => {
  const bench = new Bench();
  bench.win();
  let done = false;
  bench.claim.resign(() => (done = true));
  expect(bench.told).toEqual(['won', 'lost: resigned']);
  bench.answer('LeaseRevoke', null);
  expect(done).toBe(true);
});
