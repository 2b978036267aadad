import { writeSync } from 'node:fs';
import { Failpoints } from './failpoints.js';
import { type Seams, failpointSeams } from './seams.js';
import { serveFailpoints } from './server.js';

/** A Go process that panics ends with this. */
const PANIC_EXIT_CODE = 2;

/**
 * Reads GOFAIL_FAILPOINTS (`name=terms;...`) and serves GOFAIL_HTTP (`host:port`), as gofail does. Throws
 * one clear line if either cannot be.
 */
export async function openFailpoints(environment: NodeJS.ProcessEnv): Promise<Seams> {
  const failpoints = new Failpoints({
    random: () => Math.random(),
    sleep: blockFor,
    panic,
    print: (line) => void writeSync(2, `${line}\n`),
  });
  const set = environment['GOFAIL_FAILPOINTS'] ?? '';
  if (!failpoints.enableAll(set)) throw new Error(`fail to parse failpoint: ${set}`);
  const address = environment['GOFAIL_HTTP'] ?? '';
  if (address !== '') await serveFailpoints(failpoints, address);
  return failpointSeams(failpoints);
}

/** The whole process waits: it has one thread. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Ends the process there and then: nothing is flushed, nobody is told. */
function panic(message: string): never {
  try {
    writeSync(2, `panic: ${message}\n`);
  } finally {
    process.exit(PANIC_EXIT_CODE);
  }
}
