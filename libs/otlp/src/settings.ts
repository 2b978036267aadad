/**
 * What to send where: from OpenTelemetry's standard variables and etcd's tracing flags. Light: nothing
 * of the SDK is loaded to find out that nothing is to be sent.
 *
 * A flag that was given wins over a variable. A signal is on when an endpoint for it is named, its
 * exporter is named `otlp`, or (traces) etcd's flag asks for it; `OTEL_SDK_DISABLED=true` and an exporter
 * `none` turn it off. Where the sampler is not named, requests whose caller was sampled are traced, and
 * of the others as many as etcd's flag says: none by default.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** etcd's flags (spec 6.2). Null: not given on the command line. */
export interface TracingFlags {
  readonly enabled: boolean;
  /** host:port of an OTLP receiver. */
  readonly address: string | null;
  readonly serviceName: string | null;
  readonly instanceId: string | null;
  readonly samplesPerMillion: number | null;
}

/** Which requests are traced. */
export interface Sampling {
  /** A caller's decision holds; false: only chance counts. */
  readonly parentBased: boolean;
  /** Of requests without a caller's decision, between 0 and 1. */
  readonly ratio: number;
}

export interface Signal {
  /** Null: where the exporter's own variables say. */
  readonly url: string | null;
}

export interface OtlpSettings {
  readonly serviceName: string;
  /** Null: not told; the process' own name is taken. */
  readonly instanceId: string | null;
  readonly traces: (Signal & { readonly sampling: Sampling }) | null;
  readonly metrics: Signal | null;
  /** What was not understood and how it is treated; for the log. */
  readonly warnings: readonly string[];
}

export const NO_TRACING_FLAGS: TracingFlags = Object.freeze({
  enabled: false,
  address: null,
  serviceName: null,
  instanceId: null,
  samplesPerMillion: null,
});

const PER_MILLION = 1e6;
const GRPC_PORT = ':4317';
const HTTP_PORT = ':4318';

/** Null: nothing is to be sent. `serviceName` is what this program is called by default. */
export function otlpSettings(
  env: Environment,
  flags: TracingFlags,
  serviceName: string,
): OtlpSettings | null {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return null;
  const warnings: string[] = [];
  const traces = flags.enabled || isOn(env, 'TRACES', warnings);
  const metrics = isOn(env, 'METRICS', warnings);
  if (!traces && !metrics) return null;
  checkProtocol(env, warnings);
  return Object.freeze({
    serviceName: flags.serviceName ?? nonEmpty(env['OTEL_SERVICE_NAME']) ?? serviceName,
    instanceId: flags.instanceId,
    traces: traces
      ? { url: tracesUrl(env, flags, warnings), sampling: samplingOf(env, flags, warnings) }
      : null,
    metrics: metrics ? { url: null } : null,
    warnings,
  });
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

function isOn(env: Environment, signal: 'TRACES' | 'METRICS', warnings: string[]): boolean {
  const variable = `OTEL_${signal}_EXPORTER`;
  const exporter = nonEmpty(env[variable]);
  if (exporter === 'none') return false;
  if (exporter !== null && exporter !== 'otlp') {
    warnings.push(`${variable}=${exporter} is not supported; only otlp and none are`);
  }
  if (exporter === 'otlp') return true;
  const general = nonEmpty(env['OTEL_EXPORTER_OTLP_ENDPOINT']);
  return (general ?? nonEmpty(env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`])) !== null;
}

function checkProtocol(env: Environment, warnings: string[]): void {
  for (const part of ['', 'TRACES_', 'METRICS_']) {
    const variable = `OTEL_EXPORTER_OTLP_${part}PROTOCOL`;
    const protocol = nonEmpty(env[variable]);
    if (protocol === null || protocol === 'http/json') continue;
    warnings.push(
      `${variable}=${protocol}: OTLP is sent as http/json, to the receiver's HTTP port`,
    );
  }
}

function tracesUrl(env: Environment, flags: TracingFlags, warnings: string[]): string | null {
  const named =
    nonEmpty(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) ??
    nonEmpty(env['OTEL_EXPORTER_OTLP_ENDPOINT']);
  if (!flags.enabled || flags.address === null) return null;
  if (named !== null) warnings.push('--distributed-tracing-address wins over OTEL_EXPORTER_OTLP_*');
  let { address } = flags;
  if (address.endsWith(GRPC_PORT)) {
    // etcd speaks OTLP over gRPC to this port; the same receivers speak HTTP on the next.
    address = address.slice(0, -GRPC_PORT.length) + HTTP_PORT;
    warnings.push(`OTLP is sent over HTTP: traces go to ${address}, not to the gRPC port 4317`);
  }
  return `${address.includes('://') ? '' : 'http://'}${address}/v1/traces`;
}

function samplingOf(env: Environment, flags: TracingFlags, warnings: string[]): Sampling {
  const byFlag = (flags.samplesPerMillion ?? 0) / PER_MILLION;
  const fallback: Sampling = { parentBased: true, ratio: Math.min(1, Math.max(0, byFlag)) };
  const name = nonEmpty(env['OTEL_TRACES_SAMPLER']);
  if (name === null || flags.samplesPerMillion !== null) return fallback;
  const parentBased = name.startsWith('parentbased_');
  switch (parentBased ? name.slice('parentbased_'.length) : name) {
    case 'always_on':
      return { parentBased, ratio: 1 };
    case 'always_off':
      return { parentBased, ratio: 0 };
    case 'traceidratio':
      return { parentBased, ratio: ratioOf(env['OTEL_TRACES_SAMPLER_ARG'], warnings) };
    default:
      warnings.push(
        `OTEL_TRACES_SAMPLER=${name} is unknown; requests sampled by callers are traced`,
      );
      return fallback;
  }
}

/** 1 when it is not given or no number, as the standard says. */
function ratioOf(text: string | undefined, warnings: string[]): number {
  const given = nonEmpty(text);
  if (given === null) return 1;
  const ratio = Number(given);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warnings.push(`OTEL_TRACES_SAMPLER_ARG=${given} is not between 0 and 1; 1 is taken`);
  return 1;
}
