/**
 * The process under the fault shim: `log` or `engine`, and a directory. One line on standard output for each
 * promise made, so that whoever started it can hold it to them.
 *
 *     acknowledged 17     entry 17 is durable in the log
 *     flushed 12          batch 12 is durable in the engine
 *     failed EIO          the first failure; then the process ends with status 1
 */
import * as fs from 'node:fs';
import { type EngineOp, encodeUtf8 } from '@conclave/base';
import { RocksEngine } from '../rocks-engine.js';
import { dataOf, openAt } from './log-driver.js';

function say(line: string): void {
  fs.writeSync(1, `${line}\n`);
}

function runLog(directory: string, count: number): void {
  const result = openAt(directory);
  if (!result.ok) {
    say(`failed ${result.code}`);
    process.exit(1);
  }
  const { log } = result;
  const timer = setInterval(() => log.tick(performance.now()), 5);
  const end = log.lastIndex + count;
  const append = (index: number): void => {
    const entries = [{ index, term: 1, type: 0 as const, data: dataOf(index) }];
    log.append({ entries, hardState: { term: 1, vote: 2n, commit: 0 } }, (failure) => {
      if (failure !== null) {
        say(`failed ${failure.code}`);
        process.exit(1);
      }
      say(`acknowledged ${index}`);
      if (index < end) append(index + 1);
      else {
        clearInterval(timer);
        log.close(() => say('done'));
      }
    });
  };
  append(log.lastIndex + 1);
}

/** Batch n writes the rows `n/0` to `n/9`, and `last`. */
export function batchOf(n: number): EngineOp[] {
  const put = (key: string, value: string): EngineOp => ({
    type: 'put',
    key: encodeUtf8(key),
    value: encodeUtf8(value),
  });
  const ops = Array.from({ length: 10 }, (_, i) => put(`${n}/${i}`, 'v'.repeat(300)));
  return [...ops, put('last', `${n}`)];
}

async function runEngine(directory: string, count: number): Promise<void> {
  const engine = await RocksEngine.open(directory);
  const last = await new Promise<number>((resolve) =>
    engine.get([encodeUtf8('last')], (_failure, [value]) =>
      resolve(value ? Number(Buffer.from(value).toString()) : 0),
    ),
  );
  const fail = (code: string): never => {
    say(`failed ${code}`);
    return process.exit(1);
  };
  const step = (n: number): void => {
    engine.write(batchOf(n), (failure) => {
      if (failure !== null) fail(failure.code);
      engine.flush((unflushed) => {
        if (unflushed !== null) fail(unflushed.code);
        say(`flushed ${n}`);
        if (n < last + count) step(n + 1);
        else engine.close(() => say('done'));
      });
    });
  };
  step(last + 1);
}

const [what, directory, count] = process.argv.slice(2);
if (what === 'log') runLog(directory ?? '', Number(count));
if (what === 'engine') {
  runEngine(directory ?? '', Number(count)).catch((error: unknown) => {
    say(`failed ${(error as { code?: string }).code ?? String(error)}`);
    process.exit(1);
  });
}
