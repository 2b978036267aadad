/** Starts what the settings ask for. Loads the SDK, which takes its time, only then. */
import type { Probe, Tracer } from '@conclave/base';
import type { MetricReading } from '@conclave/telemetry';
import type { OtlpSettings } from './settings.js';

/** Who sends. */
export interface OtlpProcess {
  /** The member's or gateway's name. */
  readonly name: string;
  readonly version: string;
}

export interface OtlpPorts {
  readonly probe: Probe;
  /** All metrics as of now. */
  readonly readings: () => readonly MetricReading[];
}

export interface Otlp {
  /** Null: traces are off. */
  readonly tracer: Tracer | null;
  /** Sends what waits, for `timeoutMs` at most; resolves in any case. */
  close(timeoutMs: number): Promise<void>;
}

const NOTHING: Otlp = Object.freeze({ tracer: null, close: () => Promise.resolve() });

/** `settings` null: nothing is loaded and nothing is sent. */
export async function startOtlp(
  settings: OtlpSettings | null,
  self: OtlpProcess,
  ports: OtlpPorts,
): Promise<Otlp> {
  if (settings === null) return NOTHING;
  for (const warning of settings.warnings) ports.probe.log('warn', warning);
  const { openSdk } = await import('./sdk.js');
  const sdk = openSdk(settings, self, ports);
  ports.probe.log('info', 'sending telemetry by OTLP', {
    service: settings.serviceName,
    traces: settings.traces !== null,
    metrics: settings.metrics !== null,
    'root-sample-ratio': settings.traces?.sampling.ratio ?? 0,
  });
  return {
    tracer: sdk.tracer,
    close: (timeoutMs) => {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        void sdk.shutdown().then(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
