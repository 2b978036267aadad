/**
 * What sends, put together: spans by our own batches over the SDK's transport, metrics by the SDK's reader.
 * The only file that loads the SDK; `start-otlp.ts` imports this one when there is something to send. The
 * queue is bounded: 2,048 spans wait at most (`OTEL_BSP_MAX_QUEUE_SIZE`), one request is under way, what
 * comes on top is dropped.
 */
import type { Tracer } from '@conclave/base';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { type Resource, detectResources, envDetector } from '@opentelemetry/resources';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { MetricSource } from './metric-source.js';
import { OtlpTracer } from './otlp-tracer.js';
import type { SpanSink } from './recorded-span.js';
import type { OtlpSettings, Sampling, Signal } from './settings.js';
import { type SpanBatch, SpanBatches } from './span-batches.js';
import { requestHead, spanJson } from './span-json.js';
import type { OtlpPorts, OtlpProcess } from './start-otlp.js';
import { TraceIds } from './trace-ids.js';
import { ExportWatch, watched } from './watched-exporter.js';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;
const CLOCK_SLACK_MS = 2;
/** How often the wall clock is looked at whether it was set. */
const CLOCK_CHECK_MS = 1_000;
/** OpenTelemetry's figures for batches of spans. */
const SPANS_MAX = 2_048;
const BATCH_SPANS_MAX = 512;
const BATCH_DELAY_MS = 5_000;

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
  const exporter = spanExporter(url);
  const watch = new ExportWatch(ports.probe, 'traces');
  const spansMax = positive('OTEL_BSP_MAX_QUEUE_SIZE', SPANS_MAX);
  const limits = {
    spansMax,
    batchSpansMax: Math.min(positive('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', BATCH_SPANS_MAX), spansMax),
    delayMs: positive('OTEL_BSP_SCHEDULE_DELAY', BATCH_DELAY_MS),
    timeoutMs: positive('OTEL_BSP_EXPORT_TIMEOUT', TIMEOUT_MS),
  };
  const batches = new SpanBatches(limits, {
    head: () => requestHead(resource.attributes, 'conclave'),
    send: (batch, done) => {
      exporter.export(batch, (result) => {
        watch.ended(result);
        done(result);
      });
    },
    after: (ms, task) => {
      const timer = setTimeout(task, ms).unref();
      return () => clearTimeout(timer);
    },
    dropped: (spans) => ports.probe.count('conclave_otlp_spans_dropped_total', spans),
  });
  const sink: SpanSink = {
    nowMs: wallClock(),
    ids: new TraceIds(Math.random),
    ended: (span) => {
      if (batches.takes()) batches.add(spanJson(span));
    },
  };
  const shutdown = async (): Promise<void> => {
    await new Promise<void>((done) => batches.close(done));
    await exporter.shutdown();
  };
  return { tracer: new OtlpTracer(sink, sampling, Math.random), shutdown };
}

/** The SDK's transport (retries, TLS, headers, compression) for bodies that are made already. */
function spanExporter(url: string | null) {
  const options = convertLegacyHttpOptions(url === null ? {} : { url }, 'TRACES', 'v1/traces', {
    'Content-Type': 'application/json',
  });
  return createOtlpHttpExportDelegate<SpanBatch, unknown>(
    options,
    // Of a partial success there is nothing to be done about.
    { serializeRequest: ({ body }) => body, deserializeResponse: () => ({}) },
    'otlp_http_json_span_exporter',
    { name: 'span', countItems: ({ spans }) => spans },
    undefined,
  );
}

/** The wall clock in fractions of a millisecond: the monotonic one, set right when the two differ. */
function wallClock(): () => number {
  let offsetMs = performance.timeOrigin;
  let checkMs = 0;
  return () => {
    const monotonicMs = performance.now();
    if (monotonicMs >= checkMs) {
      checkMs = monotonicMs + CLOCK_CHECK_MS;
      const wallMs = Date.now();
      if (Math.abs(wallMs - offsetMs - monotonicMs) > CLOCK_SLACK_MS)
        offsetMs = wallMs - monotonicMs;
    }
    return offsetMs + monotonicMs;
  };
}

function openMetrics({ url }: Signal, resource: Resource, ports: OtlpPorts): () => Promise<void> {
  const exporter = new OTLPMetricExporter(url === null ? {} : { url });
  const intervalMs = positive('OTEL_METRIC_EXPORT_INTERVAL', INTERVAL_MS);
  const timeoutMs = positive('OTEL_METRIC_EXPORT_TIMEOUT', TIMEOUT_MS);
  const reader = new PeriodicExportingMetricReader({
    exporter: watched(exporter, new ExportWatch(ports.probe, 'metrics')),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    metricProducers: [new MetricSource(ports.readings, Date.now)],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return () => provider.shutdown();
}

/** A variable that is a positive whole number; else `fallback`. */
function positive(variable: string, fallback: number): number {
  const value = Number(process.env[variable]);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}
