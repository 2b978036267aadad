import type { ProbeSeries } from '@conclave/base';
import { Telemetry } from './telemetry.js';

const NO_SERIES: ProbeSeries = Object.freeze({ add() {}, observe() {} });

/**
 * Telemetry that keeps no metric: log lines alone. Only a build that shows what metrics cost has it
 * (`tools/bundle.mjs --no-telemetry`); its `/metrics` stays at zero.
 */
export class SilentTelemetry extends Telemetry {
  override count(): void {}

  override gauge(): void {}

  override observe(): void {}

  override series(): ProbeSeries {
    return NO_SERIES;
  }

  override watchEventLoop(): void {}
}
