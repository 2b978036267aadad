// The life of a process, on one that is only written down.
import { type Life, type Loaded, type ProcessPort, runProgram } from './process-life.js';
import { Telemetry } from './telemetry.js';

/** What a process does, in order; signals come by `signal`. */
class Fake implements ProcessPort {
  readonly argv = ['node', 'main.js', '--flag'];
  readonly env = {};
  readonly pid: number;
  readonly done: string[] = [];
  exitCode: number | string | null | undefined = 0;
  readonly #listeners = new Map<string, (what: never) => void>();

  constructor(pid = 77) {
    this.pid = pid;
  }

  on(event: string, listener: (what: never) => void): void {
    this.#listeners.set(event, listener);
  }

  removeAllListeners(event: string): void {
    this.#listeners.delete(event);
    this.done.push(`deaf to ${event}`);
  }

  kill(pid: number, signal: string): void {
    this.done.push(`kill ${pid} ${signal}`);
  }

  exit(code: number): void {
    this.done.push(`exit ${code}`);
  }

  signal(event: string, what: unknown = event): void {
    this.#listeners.get(event)?.(what as never);
  }

  /** Resolves once it is over. */
  async over(): Promise<void> {
    const isOver = (): boolean => this.done.some((line) => /^(kill|exit)/.test(line));
    for (let turns = 0; turns < 1_000 && !isOver(); turns++) await turn();
    expect(isOver()).toBe(true);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const RUN: Loaded<string> = { type: 'run', config: 'c', warnings: ['mind the gap'] };

/** Runs a program on `port`; its log lines go where the rest of its doings go. */
function program(
  port: Fake,
  start: (life: Life) => Promise<void>,
  loaded: Loaded<string> = RUN,
): void {
  runProgram<string>(
    {
      load: () => loaded,
      show: (what) => what,
      stopMsMax: 4_500,
      telemetry: () =>
        new Telemetry({
          strict: true,
          log: {
            level: 'info',
            format: 'json',
            outputs: ['stderr'],
            open: () => ({
              write(bytes, done) {
                note(port, bytes);
                setImmediate(() => done(null, bytes.length));
              },
              writeSync(bytes) {
                note(port, bytes);
                return bytes.length;
              },
              close() {},
            }),
          },
        }),
      start: (_config, life) => start(life),
    },
    port,
  );
}

function note(port: Fake, bytes: Uint8Array): void {
  for (const line of new TextDecoder().decode(bytes).trim().split('\n')) {
    const { msg, code } = JSON.parse(line) as { msg: string; code?: string };
    port.done.push(code === undefined ? msg : `${msg} (${code})`);
  }
}

/** Two parts, the second one opened behind the first. */
function twoParts(port: Fake): (life: Life) => Promise<void> {
  return (life) => {
    for (const part of ['first', 'second']) {
      life.atStop(async () => {
        await turn();
        port.done.push(`${part} stopped`);
      });
    }
    return Promise.resolve();
  };
}

test('a signal stops what was started, the last first, and ends as the signal does', async () => {
  const port = new Fake();
  program(port, twoParts(port));
  await turn();
  port.signal('SIGTERM');
  port.signal('SIGTERM');
  port.signal('SIGINT');
  await port.over();
  expect(port.done).toEqual([
    'mind the gap',
    'received signal; shutting down',
    'second stopped',
    'first stopped',
    'deaf to SIGTERM',
    'kill 77 SIGTERM',
  ]);
});

test('process 1 ends with code 0: a signal without a handler would not end it', async () => {
  const port = new Fake(1);
  program(port, twoParts(port));
  port.signal('SIGINT');
  await port.over();
  expect(port.done.at(-1)).toBe('exit 0');
});

test('what cannot start says why, with its code, and ends with 1', async () => {
  const port = new Fake();
  program(port, () => Promise.reject(Object.assign(new Error('no room'), { code: 'full' })));
  await port.over();
  expect(port.done).toEqual(['mind the gap', 'cannot start: no room (full)', 'exit 1']);
});

test('what breaks in the middle of a stop ends at once, with 1 and one line', async () => {
  const port = new Fake();
  let end: () => void = () => undefined;
  program(port, (life) => {
    life.atStop(() => new Promise((resolve) => (end = resolve)));
    return Promise.resolve();
  });
  await turn();
  port.signal('SIGTERM');
  port.signal('uncaughtException', new Error('a bug'));
  port.signal('uncaughtException', new Error('another'));
  const told = port.done.filter((line) => line.startsWith('internal fault'));
  expect([told, port.done.at(-1)]).toEqual([['internal fault: a bug'], 'exit 1']);
  end();
});

test('one that ends by itself is not stopped by signals; one that stops does not end by itself', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const port = new Fake();
    const answers: boolean[] = [];
    program(port, (life) => {
      answers.push(life.endSoon(0, 1_000), life.endSoon(3, 10));
      return Promise.resolve();
    });
    await turn();
    port.signal('SIGTERM');
    jest.advanceTimersByTime(999);
    expect(port.done).toEqual(['mind the gap']);
    jest.advanceTimersByTime(1);
    expect([port.done.at(-1), answers]).toEqual(['exit 0', [true, false]]);
  } finally {
    jest.useRealTimers();
  }
});

test('a stop that hangs ends with 1 in its time, and says so', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const port = new Fake();
    program(port, (life) => {
      life.atStop(() => new Promise(() => undefined));
      return Promise.resolve();
    });
    await turn();
    port.signal('SIGTERM');
    jest.advanceTimersByTime(4_499);
    expect(port.done.at(-1)).not.toBe('exit 1');
    jest.advanceTimersByTime(1);
    const text = 'the stop took longer than 4500 ms: ended in the middle of it';
    expect(port.done.slice(-2)).toEqual([text, 'exit 1']);
  } finally {
    jest.useRealTimers();
  }
});

test('a fault of the flags is the exit code, and nothing starts', () => {
  const port = new Fake();
  program(port, () => Promise.reject(new Error('never')), {
    type: 'fault',
    text: 'this is the fault',
    exitCode: 2,
  });
  expect([port.exitCode, port.done]).toEqual([2, []]);
});
