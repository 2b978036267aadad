/**
 * Append latency and throughput on the real disk, groups of 4 KiB:
 *
 *     npx esbuild libs/log/src/log.bench.ts --bundle --platform=node --conditions=@conclave/source \
 *       --external:rocksdb-native --outfile=/tmp/log-bench.js && node /tmp/log-bench.js [directory]
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { FileLogDisk } from '@conclave/storage';
import { EntryType } from '@conclave/wire';
import { createLogSync, openLog } from './open.js';
import type { DurableLog, LogOptions } from './types.js';

const OPTIONS: LogOptions = {
  clusterId: 1n,
  memberId: 2n,
  incarnation: 3n,
  segmentBytes: 64 * 1024 * 1024,
  entryBytesMax: 1024 * 1024,
};
const CONF = {
  voters: [2n],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

let index = 0;

/** `depth` appends of `bytes` in flight, `count` in all; answers sorted latencies and the time. */
function run(log: DurableLog, depth: number, bytes: number, count: number, done: () => void): void {
  const data = new Uint8Array(bytes).fill(97);
  const latencies: number[] = [];
  const begin = performance.now();
  let started = 0;
  const next = (): void => {
    if (started === count) return;
    started++;
    index++;
    const at = performance.now();
    const entries = [{ index, term: 1, type: EntryType.NORMAL, data }];
    log.append({ entries, hardState: null }, (failure) => {
      if (failure !== null) throw new Error(failure.message);
      latencies.push(performance.now() - at);
      if (latencies.length === count) finish();
      else next();
    });
  };
  const finish = (): void => {
    const seconds = (performance.now() - begin) / 1000;
    latencies.sort((a, b) => a - b);
    const at = (q: number): string =>
      `${((latencies[Math.floor(q * count)] as number) * 1000).toFixed(0)} us`;
    const rate = (count / seconds).toFixed(0);
    const megabytes = ((count * bytes) / seconds / 1e6).toFixed(1);
    process.stdout.write(
      `${bytes} B, ${depth} in flight: p50 ${at(0.5)}, p99 ${at(0.99)}, ${rate}/s, ${megabytes} MB/s\n`,
    );
    done();
  };
  for (let i = 0; i < depth; i++) next();
}

function main(): void {
  const directory = fs.mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'log-bench-'));
  let begin = performance.now();
  createLogSync(
    new FileLogDisk(directory),
    OPTIONS,
    { term: 1, vote: 0n, commit: 0 },
    { index: 0, term: 0, confState: CONF },
  );
  process.stdout.write(`birth: ${(performance.now() - begin).toFixed(0)} ms\n`);
  const opened = openLog(new FileLogDisk(directory), OPTIONS, 1);
  if (!opened.ok) throw new Error(opened.message);
  const { log } = opened;
  const timer = setInterval(() => log.tick(performance.now()), 25);
  const cases: [number, number, number][] = [
    [1, 4000, 5_000],
    [1, 300, 5_000],
    [64, 300, 100_000],
    [1000, 300, 300_000],
  ];
  const step = (): void => {
    const next = cases.shift();
    if (next !== undefined) {
      run(log, ...next, step);
      return;
    }
    clearInterval(timer);
    log.close(() => {
      begin = performance.now();
      const again = openLog(new FileLogDisk(directory), OPTIONS, 1);
      if (!again.ok) throw new Error(again.message);
      const size = fs.readdirSync(directory).filter((name) => name.endsWith('.log')).length;
      process.stdout.write(
        `start: ${index} entries, ${size} segments in ${(performance.now() - begin).toFixed(0)} ms\n`,
      );
      again.log.close(() => fs.rmSync(directory, { recursive: true }));
    });
  };
  setTimeout(step, 2000);
}

main();
