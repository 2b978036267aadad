/**
 * How every room reports what it does: metrics and log lines, as data through one port (traces: `trace.ts`).
 * `telemetry` implements it; a test passes `NO_PROBE`. Names come from one catalogue there.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null>>;

export interface Probe {
  /** Adds to a counter; `labels` must be among the catalogue's label values. */
  count(name: string, by?: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** One observation of a histogram, in the unit of its name (seconds, bytes). */
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

export const NO_PROBE: Probe = Object.freeze({
  count() {},
  gauge() {},
  observe() {},
  log() {},
});
