/**
 * What a metric is: name, type, help, labels, buckets. The unit is the end of the name, as in
 * Prometheus. Catalogues are lists of these; nothing that is not in one can be reported.
 */
import { assertLt } from '@conclave/base';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface MetricSpec {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** In alphabetical order, as they are printed. */
  readonly labels: readonly string[];
  /** Values a label may have, where they are known; a label not named here is free. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds, ascending, without +Inf; only of histograms. */
  readonly buckets: readonly number[];
}

/** `count` bounds, each `factor` times the one before. */
export function exponential(start: number, factor: number, count: number): readonly number[] {
  assertLt(0, count, 'one bucket at least');
  const bounds: number[] = [];
  let bound = start;
  for (let i = 0; i < count; i++) {
    bounds.push(bound);
    bound *= factor;
  }
  return bounds;
}

type Values = Readonly<Record<string, readonly string[] | null>>;

function spec(
  type: MetricType,
  name: string,
  help: string,
  labels: Values,
  buckets: readonly number[],
): MetricSpec {
  const values: Record<string, readonly string[]> = {};
  for (const [label, known] of Object.entries(labels)) if (known !== null) values[label] = known;
  return { name, type, help, labels: Object.keys(labels).sort(), values, buckets };
}

/** `labels`: each label's known values, or null for a free one. */
export function counter(name: string, help: string, labels: Values = {}): MetricSpec {
  return spec('counter', name, help, labels, []);
}

export function gauge(name: string, help: string, labels: Values = {}): MetricSpec {
  return spec('gauge', name, help, labels, []);
}

export function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: Values = {},
): MetricSpec {
  return spec('histogram', name, help, labels, buckets);
}
