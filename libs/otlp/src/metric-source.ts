/**
 * Our registry as OpenTelemetry's metric data. Names, help and buckets stay those of the catalogue, so
 * a dashboard finds the same names whether a metric was scraped or pushed.
 */
import type { MetricReading } from '@conclave/telemetry';
import { type HrTime, ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';

const MS_PER_S = 1_000;
const NS_PER_MS = 1e6;
const SCOPE = { name: 'conclave', version: '' };

export class MetricSource implements MetricProducer {
  readonly #read: () => readonly MetricReading[];
  readonly #wallMs: () => number;
  readonly #startTime: HrTime;

  constructor(read: () => readonly MetricReading[], wallMs: () => number) {
    this.#read = read;
    this.#wallMs = wallMs;
    this.#startTime = hrTime(wallMs());
  }

  collect(): Promise<CollectionResult> {
    const endTime = hrTime(this.#wallMs());
    const metrics = this.#read().map((reading) => this.#metric(reading, endTime));
    const scopeMetrics = [{ scope: SCOPE, metrics }];
    return Promise.resolve({
      resourceMetrics: { resource: emptyResource(), scopeMetrics },
      errors: [],
    });
  }

  #metric({ spec, points }: MetricReading, endTime: HrTime): MetricData {
    const base = {
      descriptor: {
        name: spec.name,
        description: spec.help,
        unit: unitOf(spec.name),
        valueType: ValueType.DOUBLE,
      },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const time = { startTime: this.#startTime, endTime };
    if (spec.type === 'histogram') {
      const dataPoints = points.map(({ labels, value, count, counts }) => ({
        ...time,
        attributes: labels,
        value: {
          count,
          sum: value,
          buckets: { boundaries: [...spec.buckets], counts: [...counts] },
        },
      }));
      return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
    const dataPoints = points.map(({ labels, value }) => ({ ...time, attributes: labels, value }));
    if (spec.type === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
    return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  }
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / MS_PER_S);
  return [seconds, Math.round((ms - seconds * MS_PER_S) * NS_PER_MS)];
}

/** From the end of the name, as Prometheus has it; UCUM's words. */
export function unitOf(name: string): string {
  const base = name.replace(/_total$/, '');
  if (base.endsWith('_milliseconds')) return 'ms';
  if (base.endsWith('_seconds')) return 's';
  if (base.endsWith('_bytes')) return 'By';
  return '1';
}
