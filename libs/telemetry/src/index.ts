export {
  GATEWAY_CATALOGUE,
  METRIC_CATALOGUE,
  NODE_CATALOGUE,
  PROCESS_CATALOGUE,
} from './catalogue.js';
export { formatFloat } from './exposition.js';
export { LOG_LEVELS, type LogFormat } from './log-format.js';
export { type SinkFile } from './log-sink.js';
export { Logger, type LoggerOptions } from './logger.js';
export { KNOWN_MESSAGES } from './messages.js';
export { counter, exponential, gauge, histogram, type MetricSpec } from './metric-spec.js';
export {
  type Labels,
  type MetricPoint,
  type MetricReading,
  MetricRegistry,
  type Series,
} from './registry.js';
export {
  type Life,
  type Loaded,
  type ProcessPort,
  type Program,
  runProgram,
} from './process-life.js';
export { SilentTelemetry } from './silent-telemetry.js';
export { tracedHandler } from './traced-handler.js';
export { Telemetry, type TelemetryOptions } from './telemetry.js';
