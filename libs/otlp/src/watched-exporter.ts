/**
 * Looks at what comes of each export: counts it, and says once that the collector cannot be reached and
 * once that it is back. Nothing waits for an export; what cannot be sent is lost.
 */
import type { Probe } from '@conclave/base';

/** The SDK's result of an export. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

export const EXPORT_SUCCESS = 0;

export class ExportWatch {
  readonly #probe: Probe;
  readonly #signal: 'traces' | 'metrics';
  #isDown = false;

  constructor(probe: Probe, signal: 'traces' | 'metrics') {
    this.#probe = probe;
    this.#signal = signal;
    for (const result of ['success', 'failure']) this.#count(result, 0);
  }

  ended({ code, error }: ExportResult): void {
    const isDown = code !== EXPORT_SUCCESS;
    this.#count(isDown ? 'failure' : 'success', 1);
    if (isDown === this.#isDown) return;
    this.#isDown = isDown;
    const signal = this.#signal;
    if (!isDown) this.#probe.log('info', 'the OTLP receiver takes telemetry again', { signal });
    else {
      const why = error?.message || String(error ?? 'no reason was given');
      this.#probe.log('warn', 'cannot send telemetry; what cannot be sent is dropped', {
        signal,
        error: why.slice(0, 300),
        advice: 'check OTEL_EXPORTER_OTLP_ENDPOINT and the collector; serving is not affected',
      });
    }
  }

  #count(result: string, by: number): void {
    this.#probe.count('conclave_otlp_exports_total', by, { signal: this.#signal, result });
  }
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
}

/** `exporter` itself, its exports watched from now on. */
export function watched<Batch, E extends Exporter<Batch>>(exporter: E, watch: ExportWatch): E {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) => {
    send(batch, (result) => {
      watch.ended(result);
      done(result);
    });
  };
  return exporter;
}
