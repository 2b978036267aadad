/**
 * Logs a trouble once until it is over: a peer that cannot be reached is dialled ten times a second
 * and must not fill the log. At most `CAUSES_MAX` are remembered; then all are forgotten.
 */
import type { LogFields, LogLevel, Probe } from '@conclave/base';

const CAUSES_MAX = 1_024;

export class LogOnce {
  readonly #probe: Probe;
  readonly #said = new Set<string>();

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  log(cause: string, level: LogLevel, message: string, fields: LogFields): void {
    if (this.#said.has(cause)) return;
    if (this.#said.size >= CAUSES_MAX) this.#said.clear();
    this.#said.add(cause);
    this.#probe.log(level, message, fields);
  }

  /** All causes that begin so are over: the next occurrence is logged again. */
  over(prefix: string): void {
    for (const cause of this.#said) if (cause.startsWith(prefix)) this.#said.delete(cause);
  }
}
