/**
 * Directories for tests, removed afterwards, and promises over callback ports.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { DiskDone } from '@conclave/base';

const made: string[] = [];

export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-storage-'));
  made.push(directory);
  return directory;
}

export function removeTemporary(): void {
  for (const directory of made.splice(0)) fs.rmSync(directory, { recursive: true, force: true });
}

/** Resolves with the error's code, or `ok`. */
export function outcome(start: (done: DiskDone) => void): Promise<string> {
  return new Promise((resolve) => start((failure) => resolve(failure?.code ?? 'ok')));
}

/** Flips one bit of a real file. */
export function flipBit(file: string, offset: number, mask = 1): void {
  const fd = fs.openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, offset);
  byte[0] = (byte[0] as number) ^ mask;
  fs.writeSync(fd, byte, 0, 1, offset);
  fs.closeSync(fd);
}
