/** Traces and metrics to an OTLP receiver. Start at README.md. */
export {
  NO_TRACING_FLAGS,
  type OtlpSettings,
  otlpSettings,
  type Sampling,
  type TracingFlags,
} from './settings.js';
export { type Otlp, type OtlpPorts, type OtlpProcess, startOtlp } from './start-otlp.js';
