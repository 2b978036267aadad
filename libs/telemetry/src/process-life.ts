/**
 * The life of one of our processes, the same for each: flags, telemetry, start, signals, end.
 *
 * A signal stops what was started, the last first, and then ends the process as the signal does without
 * a handler, so that whoever waits for it sees why; as process 1, which such a signal does not end, with
 * code 0. A stop that takes too long ends with code 1, and so does whatever is broken, also in the
 * middle of a stop: it must not go on. Nothing is written after the last log line.
 *
 * Invariant: one end. Signals behind the first one, and ends behind an end, change nothing.
 */
import { writeSync } from 'node:fs';
import type { Telemetry } from './telemetry.js';

/** What the flags say; `loaded` of a `Program`. */
export type Loaded<Config> =
  | { readonly type: 'run'; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly type: 'show'; readonly what: 'version' | 'help' }
  | { readonly type: 'fault'; readonly text: string; readonly exitCode: number };

/** One of our processes, by what only it knows. */
export interface Program<Config> {
  load(args: readonly string[], env: NodeJS.ProcessEnv): Loaded<Config>;
  /** Text of `--version` and of `--help`. */
  show(what: 'version' | 'help'): string;
  /** Throws what is to be told when an output of the log cannot be opened. */
  telemetry(config: Config): Telemetry;
  /** Throws why it cannot start. */
  start(config: Config, life: Life): Promise<void>;
  /** A stop that takes longer ends the process with code 1. */
  readonly stopMsMax: number;
}

/** What a program does with its process while it runs. */
export interface Life {
  readonly telemetry: Telemetry;
  /** To be done when the process is told to stop; what was said last is done first. */
  atStop(stop: () => Promise<void>): void;
  /** It is broken: one line, and the end with code 1. */
  fatal(message: string, cause?: unknown): void;
  /** It ends by itself in `ms`, with `code`; false: it ends already. */
  endSoon(code: number, ms: number): boolean;
}

/** The process as far as its life needs it; for tests another one than this. */
export interface ProcessPort {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  exitCode: number | string | null | undefined;
  on(event: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void): unknown;
  on(event: 'uncaughtException', listener: (error: Error) => void): unknown;
  removeAllListeners(event: string): unknown;
  kill(pid: number, signal: string): unknown;
  exit(code: number): unknown;
}

/** How long the end of the process waits for a slow reader of its log. */
const FLUSH_MS = 250;

/** Whoever started us with a pipe may be gone: that is no reason to fail. */
function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, `${text}\n`);
  } catch {
    // Nobody reads.
  }
}

/** Runs the program as this process; `port`: as another one. */
export function runProgram<Config>(program: Program<Config>, port: ProcessPort = process): void {
  const loaded = program.load(port.argv.slice(2), port.env);
  switch (loaded.type) {
    case 'fault':
      print(2, loaded.text);
      port.exitCode = loaded.exitCode;
      return;
    case 'show':
      print(1, program.show(loaded.what));
      return;
    case 'run':
      void run(program, loaded.config, loaded.warnings, port);
  }
}

async function run<Config>(
  program: Program<Config>,
  config: Config,
  warnings: readonly string[],
  port: ProcessPort,
): Promise<void> {
  let telemetry: Telemetry;
  try {
    telemetry = program.telemetry(config);
  } catch (error) {
    print(2, (error as Error).message);
    port.exit(1);
    return;
  }
  const life = new RunningProcess(telemetry, program.stopMsMax, port);
  for (const warning of warnings) telemetry.log('warn', warning);
  try {
    await program.start(config, life);
  } catch (error) {
    life.cannotStart(error as Error & { readonly code?: unknown });
  }
}

class RunningProcess implements Life {
  readonly telemetry: Telemetry;
  readonly #stopMsMax: number;
  readonly #port: ProcessPort;
  readonly #stops: (() => Promise<void>)[] = [];
  /** No signal is listened to any more. */
  #isEnding = false;
  #isBroken = false;

  constructor(telemetry: Telemetry, stopMsMax: number, port: ProcessPort) {
    this.telemetry = telemetry;
    this.#stopMsMax = stopMsMax;
    this.#port = port;
    port.on('uncaughtException', (error) => {
      this.fatal(`internal fault: ${error.message}`, error);
    });
    port.on('SIGINT', (signal) => void this.#stop(signal));
    port.on('SIGTERM', (signal) => void this.#stop(signal));
  }

  atStop(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  fatal(message: string, cause?: unknown): void {
    const stack = cause instanceof Error && cause.stack ? { stack: cause.stack } : {};
    this.#broken(message, stack);
  }

  cannotStart(error: Error & { readonly code?: unknown }): void {
    const code = typeof error.code === 'string' ? { code: error.code } : {};
    this.#broken(`cannot start: ${error.message}`, code);
  }

  #broken(message: string, fields: Record<string, string>): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#isEnding = true;
    this.telemetry.log('fatal', message, fields);
    this.#exit(1);
  }

  endSoon(code: number, ms: number): boolean {
    if (this.#isEnding) return false;
    this.#isEnding = true;
    setTimeout(() => this.#exit(code), ms);
    return true;
  }

  #exit(code: number): void {
    this.telemetry.logger.flushSync();
    this.#port.exit(code);
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.telemetry.log('info', 'received signal; shutting down', { signal });
    const late = setTimeout(() => {
      const text = `the stop took longer than ${this.#stopMsMax} ms: ended in the middle of it`;
      this.telemetry.log('error', text);
      this.#exit(1);
    }, this.#stopMsMax);
    late.unref();
    for (const stop of this.#stops.reverse()) await stop();
    await this.#flushed();
    clearTimeout(late);
    const port = this.#port;
    if (port.pid === 1) {
      port.exit(0);
      return;
    }
    port.removeAllListeners(signal);
    port.kill(port.pid, signal);
  }

  /** Ends telemetry; a reader of our log that takes nothing more gets a moment, then what fits at once. */
  #flushed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.telemetry.logger.flushSync();
        resolve();
      }, FLUSH_MS);
      this.telemetry.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
