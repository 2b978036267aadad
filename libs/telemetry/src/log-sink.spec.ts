import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LogSink, openOutput, type SinkFile } from './log-sink.js';

type Done = (error: NodeJS.ErrnoException | null, written: number) => void;

/** A file whose writes wait for the test to finish them. */
class SlowFile implements SinkFile {
  readonly writes: { text: string; done: Done }[] = [];
  readonly sync: string[] = [];
  isClosed = false;

  write(bytes: Uint8Array, done: Done): void {
    this.writes.push({ text: new TextDecoder().decode(bytes), done });
  }

  writeSync(bytes: Uint8Array): number {
    this.sync.push(new TextDecoder().decode(bytes));
    return bytes.length;
  }

  close(): void {
    this.isClosed = true;
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

test('the first line leaves at once, those that come during its write leave together', () => {
  const file = new SlowFile();
  const sink = new LogSink(file, () => undefined);
  for (const line of ['a\n', 'b\n', 'c\n']) sink.line(line);
  expect(file.writes.map((write) => write.text)).toEqual(['a\n']);
  file.writes[0]?.done(null, 2);
  expect(file.writes[1]?.text).toBe('b\nc\n');
});

test('a short write goes on where it stopped', () => {
  const file = new SlowFile();
  const sink = new LogSink(file, () => undefined);
  sink.line('abc\n');
  file.writes[0]?.done(null, 1);
  expect(file.writes[1]?.text).toBe('bc\n');
});

test('a reader that stops costs lines beyond the bound, and the next line says how many', () => {
  const file = new SlowFile();
  let dropped = 0;
  const sink = new LogSink(file, (lines) => (dropped += lines), 10);
  sink.line('first\n');
  for (let i = 0; i < 7; i++) sink.line('12345\n');
  expect(dropped).toBe(6);
  file.writes[0]?.done(null, 6);
  expect(file.writes[1]?.text).toContain('"log lines were lost","count":6');
});

test('a reader that is gone ends the sink in silence', () => {
  const file = new SlowFile();
  const sink = new LogSink(file, () => undefined);
  sink.line('a\n');
  sink.line('b\n');
  file.writes[0]?.done(failure('EPIPE'), 0);
  sink.line('c\n');
  expect(file.writes.length).toBe(1);
  sink.flushSync();
  expect(file.sync).toEqual([]);
});

test('a close waits for what is written and then closes the file', async () => {
  const file = new SlowFile();
  const sink = new LogSink(file, () => undefined);
  sink.line('a\n');
  let isClosed = false;
  sink.close(() => (isClosed = true));
  expect([isClosed, file.isClosed]).toEqual([false, false]);
  file.writes[0]?.done(null, 2);
  expect([isClosed, file.isClosed]).toEqual([true, true]);
  await new Promise<void>((done) => sink.close(done));
});

test('the last lines of a dying process are written without the event loop', () => {
  const file = new SlowFile();
  const sink = new LogSink(file, () => undefined);
  sink.line('in flight\n');
  sink.line('last\n');
  sink.flushSync();
  expect(file.sync).toEqual(['last\n']);
});

test('a file is appended to, and one that cannot be opened is a named error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-log-'));
  const path = join(folder, 'out.log');
  for (const line of ['one\n', 'two\n']) {
    const sink = new LogSink(openOutput(path), () => undefined);
    sink.line(line);
    await new Promise<void>((done) => sink.close(done));
  }
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(() => openOutput(join(folder, 'no', 'such'))).toThrow('cannot open log output');
  expect(() => openOutput('systemd/journal')).toThrow('not supported');
  rmSync(folder, { recursive: true });
});

/** A named pipe and a descriptor that can read it. */
function pipe(): { path: string; reader: number; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-log-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // Opened for both, so that opening waits for nobody.
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  return { path, reader, remove: () => rmSync(folder, { recursive: true }) };
}

test('a pipe nobody reads does not hold the event loop up, and nothing is lost within the bound', async () => {
  const { path, reader, remove } = pipe();
  const sink = new LogSink(openOutput(path), () => undefined);
  const line = `${'x'.repeat(999)}\n`;
  for (let i = 0; i < 500; i++) sink.line(line);
  // A pipe holds 64 KiB: the write is stuck now, and turns of the event loop go on.
  for (let turn = 0; turn < 100; turn++) await new Promise((next) => setImmediate(next));
  let isClosed = false;
  sink.close(() => (isClosed = true));
  const part = Buffer.alloc(64 * 1024);
  let got = 0;
  while (!isClosed || got < 500 * line.length) {
    await new Promise((next) => setImmediate(next));
    try {
      got += readSync(reader, part);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
    }
  }
  expect(got).toBe(500 * line.length);
  closeSync(reader);
  remove();
});

test('a pipe whose reader has gone is no error', async () => {
  const { path, reader, remove } = pipe();
  const sink = new LogSink(openOutput(path), () => undefined);
  closeSync(reader);
  sink.line('to nobody\n');
  await new Promise<void>((done) => sink.flush(done));
  sink.line('still to nobody\n');
  await new Promise<void>((done) => sink.close(done));
  remove();
});
