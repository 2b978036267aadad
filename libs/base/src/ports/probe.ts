/**
 * How every room reports what it does: metrics and log lines, as data through one port (traces: `trace.ts`).
 * `telemetry` implements it; a test passes `NO_PROBE`. Names come from one catalogue there.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null>>;

type Labels = Readonly<Record<string, string>>;

/** One series of a metric, found once and kept, for what happens with every request. */
export interface ProbeSeries {
  /** To a counter; `by` >= 0. */
  add(by: number): void;
  /** One observation of a histogram. */
  observe(value: number): void;
}

export interface Probe {
  /** Adds to a counter; `labels` must be among the catalogue's label values. */
  count(name: string, by?: number, labels?: Labels): void;
  gauge(name: string, value: number, labels?: Labels): void;
  /** One observation of a histogram, in the unit of its name (seconds, bytes). */
  observe(name: string, value: number, labels?: Labels): void;
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /**
   * The series of a counter or histogram, made now if it is new; null if there is none to be had. A probe
   * may do without: ask through `seriesOf`.
   */
  series?(name: string, labels?: Labels): ProbeSeries | null;
}

export const NO_PROBE: Probe = Object.freeze({
  count() {},
  gauge() {},
  observe() {},
  log() {},
});

/** The series of `labels` for a hot path: of the probe, or else by name each time. */
export function seriesOf(probe: Probe, name: string, labels?: Labels): ProbeSeries {
  return probe.series?.(name, labels) ?? new NamedSeries(probe, name, labels);
}

class NamedSeries implements ProbeSeries {
  readonly #probe: Probe;
  readonly #name: string;
  readonly #labels: Labels | undefined;

  constructor(probe: Probe, name: string, labels: Labels | undefined) {
    this.#probe = probe;
    this.#name = name;
    this.#labels = labels;
  }

  add(by: number): void {
    this.#probe.count(this.#name, by, this.#labels);
  }

  observe(value: number): void {
    this.#probe.observe(this.#name, value, this.#labels);
  }
}
