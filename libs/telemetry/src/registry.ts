/**
 * The numbers behind the metrics, and their Prometheus text.
 *
 * A metric without labels has one series from the start, at 0. A labelled one gets a series with
 * its first use; `touch` makes one at 0 beforehand. A frozen label object is remembered by identity,
 * so callers that keep theirs pay one WeakMap lookup and build no string.
 *
 * Invariant: at most `SERIES_MAX` series a metric, whatever labels outside input brings.
 */
import { assert, assertDefined } from '@conclave/base';

import { formatFloat, formatLabels } from './exposition.js';
import type { MetricSpec } from './metric-spec.js';

export type Labels = Readonly<Record<string, string>>;

const SERIES_MAX = 4096;
const LABEL_CHARS_MAX = 256;
const NO_LABELS: Labels = Object.freeze({});
const SEPARATOR = '\u0000';

/** One time series; a handle to keep for hot paths. */
export class Series {
  /** Counter or gauge: its value. Histogram: the sum. */
  value = 0;
  /** Observations so far; only of histograms. */
  count = 0;
  readonly labels: string;
  /** The same, as they were given. */
  readonly values: Labels;
  /** Observations a bucket, not cumulated; the last is +Inf. */
  readonly #counts: Float64Array | null;
  readonly #bounds: readonly number[];

  constructor(labels: string, values: Labels, bounds: readonly number[] | null) {
    this.labels = labels;
    this.values = values;
    this.#bounds = bounds ?? [];
    this.#counts = bounds === null ? null : new Float64Array(bounds.length + 1);
  }

  add(by: number): void {
    assert(by >= 0, 'a counter never falls');
    this.value += by;
  }

  set(value: number): void {
    this.value = value;
  }

  observe(value: number): void {
    const counts = assertDefined(this.#counts, 'only a histogram observes');
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    counts[i] = (counts[i] as number) + 1;
    this.value += value;
    this.count++;
  }

  /** Observations a bucket, not cumulated, the last being +Inf; borrowed, empty if no histogram. */
  get bucketCounts(): ArrayLike<number> {
    return this.#counts ?? [];
  }

  /** The lines of a histogram: cumulated buckets, sum, count. */
  histogramLines(name: string): string {
    const counts = assertDefined(this.#counts, 'only a histogram has buckets');
    let total = 0;
    let out = '';
    for (let i = 0; i < counts.length; i++) {
      total += counts[i] as number;
      const bound = i === counts.length - 1 ? '+Inf' : formatFloat(this.#bounds[i] as number);
      const labels = this.labels === '' ? `le="${bound}"` : `${this.labels},le="${bound}"`;
      out += `${name}_bucket{${labels}} ${formatFloat(total)}\n`;
    }
    const braces = this.labels === '' ? '' : `{${this.labels}}`;
    out += `${name}_sum${braces} ${formatFloat(this.value)}\n`;
    return `${out}${name}_count${braces} ${formatFloat(this.count)}\n`;
  }
}

class Metric {
  readonly spec: MetricSpec;
  readonly single: Series | null;
  readonly #byKey = new Map<string, Series>();
  #byObject = new WeakMap<Labels, Series>();

  constructor(spec: MetricSpec) {
    this.spec = spec;
    this.single = spec.labels.length === 0 ? this.#newSeries('', NO_LABELS) : null;
  }

  #newSeries(labels: string, values: Labels): Series {
    return new Series(labels, values, this.spec.type === 'histogram' ? this.spec.buckets : null);
  }

  /** Null if there are too many series already. */
  series(labels: Labels): Series | null {
    const known = this.#byObject.get(labels);
    if (known !== undefined) return known;
    let key = '';
    for (const name of this.spec.labels) key += (labels[name] ?? '') + SEPARATOR;
    let series = this.#byKey.get(key);
    if (series === undefined) {
      this.#check(labels);
      if (this.#byKey.size >= SERIES_MAX) return null;
      const text = formatLabels(this.spec.labels, labels, LABEL_CHARS_MAX);
      series = this.#newSeries(text, cutValues(labels));
      this.#byKey.set(key, series);
    }
    if (Object.isFrozen(labels)) this.#byObject.set(labels, series);
    return series;
  }

  /** Drops every series, for gauges whose label is the value (versions). */
  clear(): void {
    this.#byKey.clear();
    this.#byObject = new WeakMap();
  }

  #check(labels: Labels): void {
    for (const [name, value] of Object.entries(labels)) {
      assert(this.spec.labels.includes(name), 'the catalogue knows the label');
      const values = this.spec.values[name];
      assert(values === undefined || values.includes(value), 'the catalogue knows the label value');
    }
    for (const name of this.spec.labels)
      assert(Object.hasOwn(labels, name), 'every label is given');
  }

  get all(): Series[] {
    return this.single === null ? [...this.#byKey.values()] : [this.single];
  }

  text(): string {
    const { name, type, help } = this.spec;
    const { all } = this;
    if (all.length === 0) return '';
    all.sort((a, b) => (a.labels < b.labels ? -1 : a.labels > b.labels ? 1 : 0));
    let out = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    for (const series of all) {
      if (type === 'histogram') out += series.histogramLines(name);
      else if (series.labels === '') out += `${name} ${formatFloat(series.value)}\n`;
      else out += `${name}{${series.labels}} ${formatFloat(series.value)}\n`;
    }
    return out;
  }
}

/** One metric as of now, for exports other than the text. */
export interface MetricReading {
  readonly spec: MetricSpec;
  readonly points: readonly MetricPoint[];
}

export interface MetricPoint {
  readonly labels: Labels;
  /** Of a histogram: the sum. */
  readonly value: number;
  /** Observations; 0 unless it is a histogram. */
  readonly count: number;
  /** Observations a bucket, not cumulated, the last being +Inf; empty unless it is a histogram. */
  readonly counts: readonly number[];
}

function cutValues(labels: Labels): Labels {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels))
    values[name] = value.slice(0, LABEL_CHARS_MAX);
  return values;
}

/** All metrics of a process. */
export class MetricRegistry {
  readonly #metrics = new Map<string, Metric>();

  constructor(catalogue: readonly MetricSpec[]) {
    for (const spec of [...catalogue].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      assert(!this.#metrics.has(spec.name), 'a name is in the catalogue once');
      this.#metrics.set(spec.name, new Metric(spec));
    }
  }

  has(name: string): boolean {
    return this.#metrics.has(name);
  }

  /** The series of `labels`, made now if it is new; null if there are too many of the metric. */
  series(name: string, labels: Labels | undefined): Series | null {
    const metric = this.#metrics.get(name);
    if (metric === undefined) assert(false, `the catalogue has no metric ${name}`);
    const found = metric as Metric;
    if (found.single !== null) return found.single;
    return found.series(assertDefined(labels, 'a labelled metric is given its labels'));
  }

  clear(name: string): void {
    this.#metrics.get(name)?.clear();
  }

  /** Every metric that has a series. */
  readings(): MetricReading[] {
    const readings: MetricReading[] = [];
    for (const metric of this.#metrics.values()) {
      const points = metric.all.map((series) => ({
        labels: series.values,
        value: series.value,
        count: series.count,
        counts: Array.from(series.bucketCounts),
      }));
      if (points.length > 0) readings.push({ spec: metric.spec, points });
    }
    return readings;
  }

  /** The whole exposition in Prometheus' text format 0.0.4, sorted by name. */
  text(): string {
    let out = '';
    for (const metric of this.#metrics.values()) out += metric.text();
    return out;
  }
}
