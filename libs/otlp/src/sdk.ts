/**
 * OpenTelemetry's SDK, put together. The only file that loads it; `start-otlp.ts` imports this one when
 * there is something to send. Queues are the SDK's and bounded: 2,048 spans wait at most
 * (`OTEL_BSP_MAX_QUEUE_SIZE`), one export is under way, what comes on top is dropped.
 */
import type { Tracer } from '@conclave/base';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, detectResources, envDetector } from '@opentelemetry/resources';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { MetricSource } from './metric-source.js';
import { OtlpTracer } from './otlp-tracer.js';
import type { SpanSink } from './recorded-span.js';
import type { OtlpSettings, Sampling, Signal } from './settings.js';
import type { OtlpPorts, OtlpProcess } from './start-otlp.js';
import { ExportWatch, watched } from './watched-exporter.js';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;
const CLOCK_SLACK_MS = 2;

export interface Sdk {
  readonly tracer: Tracer | null;
  /** Sends what waits and ends; may take as long as an export may. */
  shutdown(): Promise<void>;
}

export function openSdk(settings: OtlpSettings, self: OtlpProcess, ports: OtlpPorts): Sdk {
  const resource = resourceOf(settings, self);
  const ends: (() => Promise<void>)[] = [];
  let tracer: Tracer | null = null;
  const { traces, metrics } = settings;
  if (traces !== null) {
    const opened = openTraces(traces, resource, ports);
    tracer = opened.tracer;
    ends.push(opened.shutdown);
  }
  if (metrics !== null) ends.push(openMetrics(metrics, resource, ports));
  return {
    tracer,
    shutdown: async () => void (await Promise.allSettled(ends.map((end) => end()))),
  };
}

function resourceOf(settings: OtlpSettings, self: OtlpProcess): Resource {
  const own = resourceFromAttributes({
    'service.name': settings.serviceName,
    'service.version': self.version,
    'service.instance.id': settings.instanceId ?? self.name,
  });
  // OTEL_RESOURCE_ATTRIBUTES adds to it and may name the instance; the service's name is decided.
  const name = resourceFromAttributes({ 'service.name': settings.serviceName });
  return own.merge(detectResources({ detectors: [envDetector] })).merge(name);
}

function openTraces(
  { url, sampling }: Signal & { readonly sampling: Sampling },
  resource: Resource,
  ports: OtlpPorts,
): { tracer: Tracer; shutdown: () => Promise<void> } {
  const exporter = new OTLPTraceExporter(url === null ? {} : { url });
  const processor = new BatchSpanProcessor(
    watched(exporter, new ExportWatch(ports.probe, 'traces')),
  );
  const sink: SpanSink = {
    resource,
    scope: { name: 'conclave' },
    nowMs: wallClock(),
    chance: Math.random,
    ended: (span) => processor.onEnd(span),
  };
  return { tracer: new OtlpTracer(sink, sampling), shutdown: () => processor.shutdown() };
}

/** The wall clock in fractions of a millisecond: the monotonic one, set right when the two differ. */
function wallClock(): () => number {
  let offsetMs = performance.timeOrigin;
  return () => {
    const monotonicMs = performance.now();
    const wallMs = Date.now();
    if (Math.abs(wallMs - offsetMs - monotonicMs) > CLOCK_SLACK_MS) offsetMs = wallMs - monotonicMs;
    return offsetMs + monotonicMs;
  };
}

function openMetrics({ url }: Signal, resource: Resource, ports: OtlpPorts): () => Promise<void> {
  const exporter = new OTLPMetricExporter(url === null ? {} : { url });
  const intervalMs = milliseconds('OTEL_METRIC_EXPORT_INTERVAL', INTERVAL_MS);
  const timeoutMs = milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', TIMEOUT_MS);
  const reader = new PeriodicExportingMetricReader({
    exporter: watched(exporter, new ExportWatch(ports.probe, 'metrics')),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    metricProducers: [new MetricSource(ports.readings, Date.now)],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return () => provider.shutdown();
}

function milliseconds(variable: string, fallback: number): number {
  const value = Number(process.env[variable]);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
