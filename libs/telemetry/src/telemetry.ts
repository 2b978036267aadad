/**
 * `Telemetry`: the one implementation of the port `Probe` in a running process.
 *
 * A name that the catalogue does not know is a programmer's error. In tests (`strict`) it stops the
 * run; in production it is logged once and left out, because a dashboard is no reason to stop serving.
 */
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

import {
  AssertionError,
  type LogFields,
  type LogLevel,
  type Probe,
  type ProbeSeries,
} from '@conclave/base';

import { METRIC_CATALOGUE } from './catalogue.js';
import { Logger, type LoggerOptions } from './logger.js';
import type { MetricSpec } from './metric-spec.js';
import { ProcessMetrics } from './process-metrics.js';
import { type Labels, type MetricReading, MetricRegistry, type Series } from './registry.js';

export interface TelemetryOptions {
  readonly log: LoggerOptions;
  /** What this kind of process may report; everything by default. */
  readonly catalogue?: readonly MetricSpec[];
  /** Metrics beyond the catalogue. */
  readonly metrics?: readonly MetricSpec[];
  /** Unknown names and labels throw instead of being logged once. */
  readonly strict?: boolean;
}

const FAULTS_MAX = 100;
const LAG_SAMPLE_MS = 1000;
const LAG_RESOLUTION_MS = 20;
const NS_PER_S = 1e9;

export class Telemetry implements Probe {
  readonly logger: Logger;
  readonly #registry: MetricRegistry;
  readonly #process: ProcessMetrics;
  readonly #strict: boolean;
  readonly #faults = new Set<string>();
  #lag: IntervalHistogram | null = null;
  #lagTimer: NodeJS.Timeout | null = null;

  /** Throws a `ConclaveError` with code `log-output` if an output of the log cannot be opened. */
  constructor(options: TelemetryOptions) {
    this.#strict = options.strict ?? false;
    this.#registry = new MetricRegistry([
      ...(options.catalogue ?? METRIC_CATALOGUE),
      ...(options.metrics ?? []),
    ]);
    this.#process = new ProcessMetrics(this.#registry, process.version);
    this.logger = new Logger({
      dropped: (lines) => this.count('conclave_log_lines_dropped_total', lines),
      ...options.log,
    });
  }

  /** The series to keep for a hot path; null: too many of the metric, or it is not in the catalogue. */
  series(name: string, labels?: Labels): ProbeSeries | null {
    return this.#find(name, labels);
  }

  #find(name: string, labels: Labels | undefined): Series | null {
    try {
      const series = this.#registry.series(name, labels);
      if (series === null && name !== 'conclave_metric_series_dropped_total') {
        this.count('conclave_metric_series_dropped_total', 1);
      }
      return series;
    } catch (error) {
      if (this.#strict || !(error instanceof AssertionError)) throw error;
      this.#reportFault(name, error.message);
      return null;
    }
  }

  #reportFault(name: string, why: string): void {
    if (this.#faults.has(name) || this.#faults.size >= FAULTS_MAX) return;
    this.#faults.add(name);
    this.log('error', 'metric is not in the catalogue', { metric: name, error: why });
  }

  count(name: string, by = 1, labels?: Labels): void {
    this.#find(name, labels)?.add(by);
  }

  gauge(name: string, value: number, labels?: Labels): void {
    this.#find(name, labels)?.set(value);
  }

  observe(name: string, value: number, labels?: Labels): void {
    this.#find(name, labels)?.observe(value);
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    this.logger.log(level, message, fields);
  }

  /** Sets a gauge whose label is the value, such as a version: the only series left is this one. */
  info(name: string, labels: Labels): void {
    this.#registry.clear(name);
    this.gauge(name, 1, labels);
  }

  /** The body of `/metrics`. */
  exposition(): string {
    this.#process.collect();
    return this.#registry.text();
  }

  /** Every metric as of now, for pushing them. */
  readings(): readonly MetricReading[] {
    this.#process.collect();
    return this.#registry.readings();
  }

  /** Watches how late turns of the event loop begin; the largest delay of each second is observed. */
  watchEventLoop(): void {
    if (this.#lag !== null) return;
    const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
    lag.enable();
    this.#lag = lag;
    this.#lagTimer = setInterval(() => {
      const late = Math.max(0, lag.max / NS_PER_S - LAG_RESOLUTION_MS / 1000);
      this.observe('conclave_event_loop_delay_seconds', late);
      lag.reset();
    }, LAG_SAMPLE_MS);
    this.#lagTimer.unref();
  }

  /** Writes the log out and stops watching; `done` once nothing is left to write. */
  close(done: () => void): void {
    this.#lag?.disable();
    this.#lag = null;
    if (this.#lagTimer !== null) clearInterval(this.#lagTimer);
    this.#lagTimer = null;
    this.logger.close(done);
  }
}
