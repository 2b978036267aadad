import { type DiscoveryConfig, loadConfig, usage } from './config.js';
import { DISCOVERY_FLAGS } from './flag-table.js';

function config(args: string[], env: Record<string, string> = {}): DiscoveryConfig {
  const loaded = loadConfig(args, env);
  if (loaded.type !== 'run') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

test('without arguments it serves its default port from a directory of its own', () => {
  expect(config([])).toMatchObject({
    listenClientUrls: ['http://localhost:8087'],
    advertiseUrl: null,
    dataDir: 'discovery.conclave',
    backend: [],
    tokenTtlMs: 168 * 3_600_000,
    waitMs: 60_000,
  });
});

test('flags win over the environment, and a backend without a scheme is http', () => {
  const env = { CONCLAVE_DISCOVERY_TOKEN_TTL: '1h', CONCLAVE_DISCOVERY_BACKEND: 'h1:2379,h2:2379' };
  expect(config(['-token-ttl=0', '--advertise-url', 'https://d.example.org/'], env)).toMatchObject({
    tokenTtlMs: 0,
    backend: ['http://h1:2379', 'http://h2:2379'],
    advertiseUrl: 'https://d.example.org',
  });
});

test('an unknown variable of the environment only warns', () => {
  expect(loadConfig([], { CONCLAVE_DISCOVERY_NOPE: '1' })).toMatchObject({
    warnings: ['unrecognized environment variable CONCLAVE_DISCOVERY_NOPE'],
  });
});

test.each([
  [['--data-dri', 'x'], 2, 'flag provided but not defined: -data-dri (did you mean -data-dir?)'],
  [['--backend'], 2, 'flag needs an argument: -backend'],
  [['serve'], 1, "'serve' is not a valid flag. See 'conclave-discovery --help'."],
  [['--token-ttl', 'x'], 2, 'invalid value "x" for flag -token-ttl: parse error'],
  [['--max-tokens', '-1'], 2, 'invalid value "-1" for flag -max-tokens: parse error'],
  [['--max-tokens', '0'], 1, '--max-tokens must be positive'],
  [['--token-ttl', '10ms'], 1, '--token-ttl must be 0 or at least 1s'],
  [['--wait-timeout', '10ms'], 1, '--wait-timeout must be at least 1s'],
  [['--advertise-url', 'x'], 1, '--advertise-url: x is no http or https URL'],
  [['--backend', 'ftp://x'], 1, '--backend: ftp://x is no http or https URL'],
  [['--backend', 'http://localhost:8087'], 1, 'is this service itself'],
  [['--backend-prefix', 'x'], 1, '--backend-prefix must begin with / and be plain text'],
  [['--backend-user', 'x'], 1, '--backend-user must be name:password'],
  [['--backend-cert', 'x'], 1, '--backend-cert and --backend-key belong together'],
  [
    ['--backend', '10.0.0.1:2379', '--backend-cacert', 'ca.crt'],
    1,
    '--backend-cacert, --backend-cert and --backend-key want --backend with https URLs',
  ],
  [['--data-dir='], 1, '--data-dir names no directory'],
  [['--initial-tokens', 'short=3'], 1, '--initial-tokens: short=3 is no token of 8 to 64'],
])('%j ends with one clear line', (args, exitCode, text) => {
  const loaded = loadConfig(args, {});
  expect(loaded).toMatchObject({ type: 'fault', exitCode });
  expect((loaded as { text: string }).text).toContain(text);
});

test('--version and --help win over everything behind them, and the help has every flag', () => {
  expect(loadConfig(['--version', '--nope'], {})).toEqual({ type: 'show', what: 'version' });
  expect(loadConfig(['-h'], {})).toEqual({ type: 'show', what: 'help' });
  for (const flag of DISCOVERY_FLAGS) expect(usage()).toContain(`--${flag.name} `);
});
