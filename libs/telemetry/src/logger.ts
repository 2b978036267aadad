/**
 * Log lines with a level, to any number of outputs.
 */
import { assert, type LogFields, type LogLevel } from '@conclave/base';

import { formatLine, LOG_LEVELS, type LogFormat } from './log-format.js';
import { LogSink, openOutput, type SinkFile } from './log-sink.js';
import { DEFAULT_CALLER, KNOWN_MESSAGES } from './messages.js';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** `stderr`, `stdout`, `default`, or paths of files to append to. */
  readonly outputs: readonly string[];
  readonly wallMs?: () => number;
  /** Opens an output; replaced in tests. */
  readonly open?: (output: string) => SinkFile;
  /** Told how many lines were lost. */
  readonly dropped?: (lines: number) => void;
}

const NO_FIELDS: LogFields = Object.freeze({});
const OUTPUTS_MAX = 16;

export class Logger {
  readonly #sinks: readonly LogSink[];
  readonly #format: LogFormat;
  readonly #wallMs: () => number;
  #levelIndex: number;

  /** Throws a `ConclaveError` with code `log-output` if an output cannot be opened. */
  constructor(options: LoggerOptions) {
    assert(options.outputs.length <= OUTPUTS_MAX, 'a few outputs at most');
    this.#format = options.format;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#levelIndex = LOG_LEVELS.indexOf(options.level);
    const open = options.open ?? openOutput;
    const dropped = options.dropped ?? ((): void => undefined);
    // `default` and `stderr` are one file; a line goes to it once.
    const outputs = new Set(options.outputs.map((o) => (o === 'default' ? 'stderr' : o)));
    this.#sinks = [...outputs].map((output) => new LogSink(open(output), dropped));
  }

  get level(): LogLevel {
    return LOG_LEVELS[this.#levelIndex] as LogLevel;
  }

  set level(level: LogLevel) {
    this.#levelIndex = LOG_LEVELS.indexOf(level);
  }

  /** True if a line of this level is written: to save building its fields. */
  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#levelIndex;
  }

  /** A `caller` among the fields replaces the one the catalogue of messages knows. */
  log(level: LogLevel, message: string, fields: LogFields = NO_FIELDS): void {
    if (!this.enabled(level)) return;
    const given = fields['caller'];
    const known = KNOWN_MESSAGES.get(message) ?? DEFAULT_CALLER;
    const caller = typeof given === 'string' ? given : known;
    const line = formatLine(this.#format, this.#wallMs(), level, caller, message, fields);
    for (const sink of this.#sinks) sink.line(line);
  }

  /** Everything written out (or its reader gone), then `done`. */
  close(done: () => void): void {
    let open = this.#sinks.length;
    if (open === 0) setImmediate(done);
    for (const sink of this.#sinks) {
      sink.close(() => {
        if (--open === 0) done();
      });
    }
  }

  /** For the last moment of a process that is stopping at once. */
  flushSync(): void {
    for (const sink of this.#sinks) sink.flushSync();
  }
}
