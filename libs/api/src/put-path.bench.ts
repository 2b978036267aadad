/**
 * CPU per request of everything behind the edge: api, replica, raft, log, state machine, store, engine.
 *
 *     npx esbuild libs/api/src/put-path.bench.ts --bundle --platform=node --target=node20 \
 *       --conditions=@conclave/source --external:rocksdb-native --outfile=node_modules/.put-path.cjs \
 *       && UV_THREADPOOL_SIZE=16 node --expose-gc node_modules/.put-path.cjs
 *
 * Environment: `MEMBERS` (1; of 3 all run in this process), `TMPDIR` (where log and RocksDB are), `OPS`
 * (100,000), `DEPTH` (1,000 calls under way), `ROUNDS` (3; the best is told), `ONLY` (names of loads, comma
 * separated). Told for each load: microseconds of CPU per call of the whole process (all threads, all
 * members), time the event loop was not idle, the share of that spent collecting garbage, bytes
 * allocated on the heap per call (0 without --expose-gc), and calls per second.
 */
import { EMPTY_METADATA, type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import {
  CompareResult,
  CompareTarget,
  METHODS_BY_PATH,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '@conclave/wire';
import { PerformanceObserver } from 'node:perf_hooks';
import type { Api } from './index.js';
import { BenchCluster } from './testing/bench-member.js';

const MEMBERS = Number(process.env['MEMBERS'] ?? 1);
const OPS = Number(process.env['OPS'] ?? 100_000);
const DEPTH = Number(process.env['DEPTH'] ?? 1_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const ONLY = (process.env['ONLY'] ?? '').split(',').filter((name) => name !== '');
const KEYS = 10_000;
/** Calls whose allocations are counted: few enough that no collection falls among them. */
const COUNTED = 1_000;

interface Load {
  readonly name: string;
  readonly method: string;
  readonly requests: readonly Uint8Array[];
}

/** One client: sends its next request once the one before is answered. */
class Caller implements ServerCall {
  readonly head;
  readonly #run: Run;
  events: ServerCallEvents | null = null;

  constructor(method: string, run: Run) {
    this.head = { method, metadata: EMPTY_METADATA, timeoutMs: null, peer: 'bench' };
    this.#run = run;
  }

  send(): boolean {
    return true;
  }

  end(code: number, message: string): void {
    if (code !== Status.OK) throw new Error(`${this.head.method}: ${code} ${message}`);
    this.#run.ended(this);
  }

  pauseInput(): void {}

  resumeInput(): void {}
}

/** `ops` calls of one load, `DEPTH` of them under way; answers free their callers for the next turn. */
class Run {
  readonly #api: Api;
  readonly #load: Load;
  readonly #done: () => void;
  #left: number;
  #open = 0;
  #free: Caller[] = [];
  #asked = false;
  #next = 0;

  constructor(api: Api, load: Load, ops: number, done: () => void) {
    this.#api = api;
    this.#load = load;
    this.#left = ops;
    this.#done = done;
    for (let i = 0; i < DEPTH; i++) this.#free.push(new Caller(load.method, this));
    this.#turn();
  }

  ended(caller: Caller): void {
    this.#open--;
    this.#free.push(caller);
    if (this.#open === 0 && this.#left === 0) this.#done();
    else if (!this.#asked && this.#left > 0) {
      this.#asked = true;
      setImmediate(() => this.#turn());
    }
  }

  #turn(): void {
    this.#asked = false;
    const free = this.#free;
    this.#free = [];
    const { requests } = this.#load;
    for (const caller of free) {
      if (this.#left === 0) return;
      this.#left--;
      this.#open++;
      const events = this.#api.open(caller);
      events.message(requests[this.#next++ % requests.length] as Uint8Array);
      events.halfClosed();
    }
  }
}

let gcMs = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) gcMs += entry.duration;
});
observer.observe({ entryTypes: ['gc'] });

const run = (api: Api, load: Load, ops: number): Promise<void> =>
  new Promise((resolve) => new Run(api, load, ops, resolve));

async function allocated(api: Api, load: Load): Promise<number> {
  if (globalThis.gc === undefined) return 0;
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  await run(api, load, COUNTED);
  return (process.memoryUsage().heapUsed - before) / COUNTED;
}

async function measure(api: Api, load: Load): Promise<string> {
  await run(api, load, Math.min(OPS, 50_000));
  let best = { cpu: Number.POSITIVE_INFINITY, main: 0, gc: 0, rate: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    gcMs = 0;
    const begin = performance.now();
    const cpu = process.cpuUsage();
    const loop = performance.eventLoopUtilization();
    await run(api, load, OPS);
    const { active } = performance.eventLoopUtilization(loop);
    const { user, system } = process.cpuUsage(cpu);
    const ms = performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const mine = (user + system) / OPS;
    if (mine < best.cpu) {
      best = {
        cpu: mine,
        main: (active * 1_000) / OPS,
        gc: gcMs / active,
        rate: OPS / (ms / 1_000),
      };
    }
  }
  const heap = await allocated(api, load);
  return (
    `${load.name.padEnd(14)} ${best.cpu.toFixed(2).padStart(7)} us CPU  ` +
    `${best.main.toFixed(2).padStart(7)} us loop  ${(best.gc * 100).toFixed(0).padStart(3)} % gc  ` +
    `${heap.toFixed(0).padStart(6)} B  ${best.rate.toFixed(0).padStart(7)}/s\n`
  );
}

const value = new Uint8Array(256).fill(120);
const keys = Array.from({ length: KEYS }, (_, i) =>
  Buffer.from(String((i * 7919) % KEYS).padStart(8, '0')),
);

function transaction(key: Uint8Array): Uint8Array {
  return TxnRequest.encode(
    TxnRequest.create({
      compare: [
        {
          result: CompareResult.GREATER,
          target: CompareTarget.MOD,
          key,
          rangeEnd: new Uint8Array(0),
          targetUnion: { $case: 'modRevision', modRevision: 0 },
        },
      ],
      success: [
        { request: { $case: 'requestPut', requestPut: PutRequest.create({ key, value }) } },
      ],
      failure: [],
    }),
  );
}

const LOADS: readonly Load[] = [
  {
    name: 'put',
    method: '/etcdserverpb.KV/Put',
    requests: keys.map((key) => PutRequest.encode(PutRequest.create({ key, value }))),
  },
  {
    name: 'get',
    method: '/etcdserverpb.KV/Range',
    requests: keys.map((key) => RangeRequest.encode(RangeRequest.create({ key }))),
  },
  {
    name: 'get-serial',
    method: '/etcdserverpb.KV/Range',
    requests: keys.map((key) =>
      RangeRequest.encode(RangeRequest.create({ key, serializable: true })),
    ),
  },
  { name: 'txn', method: '/etcdserverpb.KV/Txn', requests: keys.map(transaction) },
];

async function main(): Promise<void> {
  const cluster = await BenchCluster.start(MEMBERS);
  process.stdout.write(`members ${MEMBERS}, ${OPS} calls, ${DEPTH} under way\n`);
  for (const load of LOADS) {
    if (!METHODS_BY_PATH.has(load.method)) throw new Error(load.method);
    if (ONLY.length > 0 && !ONLY.includes(load.name)) continue;
    process.stdout.write(await measure(cluster.leader.api, load));
  }
  await cluster.stop();
}

void main();
