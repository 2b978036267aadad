import { type GatewayConfig, loadConfig, usage } from './config.js';
import { GATEWAY_FLAGS } from './flag-table.js';

function config(args: string[], env: Record<string, string> = {}): GatewayConfig {
  const loaded = loadConfig(args, env);
  if (loaded.type !== 'run') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

test('without arguments it serves the default port from the default member', () => {
  expect(config([])).toMatchObject({
    endpoints: ['http://localhost:2380'],
    listenClientUrls: ['http://localhost:2379'],
    keepaliveIntervalMs: 7_200_000,
    electionTimeoutMs: 1_000,
    logLevel: 'info',
  });
});

test.each([
  [['--name', 'a']],
  [['--name=a']],
  [['-name', 'a']],
  [['-name=a']],
  [['--name', 'b', '--name', 'a']],
])('flags take Go’s syntax and the last one wins: %j', (args) => {
  expect(config(args).name).toBe('a');
});

test('the environment sets flags, and the command line wins over it', () => {
  const env = {
    CONCLAVE_GATEWAY_ENDPOINTS: 'http://a:1,http://b:2',
    CONCLAVE_GATEWAY_NAME: 'env',
  };
  expect(config(['--name', 'flag'], env)).toMatchObject({
    name: 'flag',
    endpoints: ['http://a:1', 'http://b:2'],
  });
});

test('an unknown variable of the environment only warns', () => {
  const loaded = loadConfig([], { CONCLAVE_GATEWAY_NOPE: '1', OTHER: '2' });
  expect(loaded).toMatchObject({
    type: 'run',
    warnings: ['unrecognized environment variable CONCLAVE_GATEWAY_NOPE'],
  });
});

test.each([
  [['--endpoinst', 'x'], 2, 'flag provided but not defined: -endpoinst (did you mean -endpoints?)'],
  [['--name'], 2, 'flag needs an argument: -name'],
  [['serve'], 1, "'serve' is not a valid flag. See 'conclave-gateway --help'."],
  [['--shutdown-grace', '2x'], 2, 'invalid value "2x" for flag -shutdown-grace: parse error'],
  [['--max-request-bytes=-1'], 2, 'invalid value "-1" for flag -max-request-bytes: parse error'],
  [['--endpoints', 'https://a:1'], 1, '--endpoints: TLS is not supported yet: https://a:1'],
  [['--endpoints', 'ftp://a'], 1, '--endpoints: ftp://a does not have the form http://host:port'],
  [['--endpoints='], 1, '--endpoints names no member'],
  [
    ['--endpoints', 'http://a:1', '--listen-client-urls', 'http://a:1'],
    1,
    '--endpoints: http://a:1 is this gateway itself',
  ],
])('%j ends with one clear line', (args, exitCode, text) => {
  const loaded = loadConfig(args as string[], {});
  expect(loaded).toMatchObject({ type: 'fault', exitCode, text });
});

test('an endpoint without a scheme is http, and durations are Go’s', () => {
  const loaded = config(['--endpoints', '10.0.0.1:2380', '--grpc-keepalive-interval', '1m30s']);
  expect(loaded.endpoints).toEqual(['http://10.0.0.1:2380']);
  expect(loaded.keepaliveIntervalMs).toBe(90_000);
});

test('a discovery token takes the place of the endpoints', () => {
  expect(config(['--discovery', 'http://d:8087/0123456789abcdef'])).toMatchObject({
    endpoints: [],
    discovery: { url: 'http://d:8087/0123456789abcdef' },
  });
  expect(config(['--discovery-token', 't', '--discovery-endpoints', 'h:2379'])).toMatchObject({
    endpoints: [],
    discovery: { token: 't', endpoints: ['http://h:2379'] },
  });
});

test.each([
  [
    ['--discovery', 'http://d:1/t', '--discovery-token', 't', '--discovery-endpoints', 'h:1'],
    '--discovery and --discovery-token exclude each other',
  ],
  [['--discovery', 'http://d:1/'], 'has no token'],
  [['--discovery', 'x'], '--discovery: x is no http or https URL'],
  [['--discovery-token', 't'], 'both --discovery-token and --discovery-endpoints must be set'],
])('%j is refused', (args, text) => {
  const loaded = loadConfig(args, {});
  expect(loaded).toMatchObject({ type: 'fault', exitCode: 1 });
  expect((loaded as { text: string }).text).toContain(text);
});

test('--version and --help win over everything behind them', () => {
  expect(loadConfig(['--version', '--nope'], {})).toEqual({ type: 'show', what: 'version' });
  expect(loadConfig(['-h'], {})).toEqual({ type: 'show', what: 'help' });
  for (const flag of GATEWAY_FLAGS) expect(usage()).toContain(`--${flag.name} `);
});

test('a gateway takes the same flags for the change feed as a member', () => {
  expect(config([]).feed).toBeNull();
  const args = ['--feed-nats', 'a:4222', '--feed-key-prefix', '/registry/'];
  expect(config(args).feed).toMatchObject({ servers: ['a:4222'], keyPrefix: '/registry/' });
  const bad = loadConfig(['--feed-nats', 'a:4222', '--feed-prefix', 'a.>'], {});
  expect(bad).toMatchObject({ type: 'fault', exitCode: 1 });
});

test('members may be named besides a discovery token: a token may know none after a restore', () => {
  const loaded = config(['--discovery', 'http://d:1/t', '--endpoints', 'http://a:1']);
  expect(loaded.endpoints).toEqual(['http://a:1']);
  expect(loaded.discovery.url).toBe('http://d:1/t');
});
