import { NO_TRACING_FLAGS, otlpSettings } from './settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };
const of = (env: Record<string, string>, flags = {}): ReturnType<typeof otlpSettings> =>
  otlpSettings(env, { ...NO_TRACING_FLAGS, ...flags }, 'conclave-node');

test('nothing is sent where nobody named a receiver, or the SDK is disabled', () => {
  expect(of({})).toBeNull();
  expect(of({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull();
  expect(of({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }, { enabled: true })).toBeNull();
});

test('a receiver turns both signals on; each can be turned off, or on alone', () => {
  expect(of(ENDPOINT)).toMatchObject({ traces: { url: null }, metrics: { url: null } });
  expect(of({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' })).toMatchObject({ traces: null });
  expect(of({ ...ENDPOINT, OTEL_METRICS_EXPORTER: 'none' })).toMatchObject({ metrics: null });
  expect(of({ OTEL_METRICS_EXPORTER: 'otlp' })).toMatchObject({ traces: null, metrics: {} });
  const url = 'http://c/v1/traces';
  expect(of({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url })).toMatchObject({ metrics: null });
});

test('without a named sampler only callers decide', () => {
  expect(of(ENDPOINT)?.traces?.sampling).toEqual({ parentBased: true, ratio: 0 });
});

test.each([
  ['always_on', undefined, { parentBased: false, ratio: 1 }],
  ['always_off', undefined, { parentBased: false, ratio: 0 }],
  ['traceidratio', '0.25', { parentBased: false, ratio: 0.25 }],
  ['parentbased_always_on', undefined, { parentBased: true, ratio: 1 }],
  ['parentbased_always_off', undefined, { parentBased: true, ratio: 0 }],
  ['parentbased_traceidratio', '0.01', { parentBased: true, ratio: 0.01 }],
  ['parentbased_traceidratio', undefined, { parentBased: true, ratio: 1 }],
  ['parentbased_traceidratio', '7', { parentBased: true, ratio: 1 }],
  ['nonsense', undefined, { parentBased: true, ratio: 0 }],
])('OTEL_TRACES_SAMPLER=%s %s', (name, argument, sampling) => {
  const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: name };
  const given = argument === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: argument };
  const settings = of({ ...env, ...given });
  expect(settings?.traces?.sampling).toEqual(sampling);
  expect(settings?.warnings.length).toBe(name === 'nonsense' || argument === '7' ? 1 : 0);
});

test("etcd's flags turn traces on, name the receiver and win over variables", () => {
  const flags = {
    enabled: true,
    address: 'collector:4317',
    serviceName: 'etcd-a',
    instanceId: 'i1',
    samplesPerMillion: 2_500,
  };
  const settings = of({ OTEL_SERVICE_NAME: 'other', OTEL_TRACES_SAMPLER: 'always_on' }, flags);
  expect(settings).toMatchObject({
    serviceName: 'etcd-a',
    instanceId: 'i1',
    metrics: null,
    traces: {
      url: 'http://collector:4318/v1/traces',
      sampling: { parentBased: true, ratio: 0.0025 },
    },
  });
  expect(settings?.warnings.join()).toMatch(/collector:4318, not to the gRPC port/);
  expect(of({}, { enabled: true })?.traces?.url).toBeNull();
});

test('a protocol that is not spoken is said to be replaced', () => {
  const settings = of({ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  expect(settings?.warnings.join()).toMatch(/PROTOCOL=grpc: OTLP is sent as http\/json/);
});
