import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './load-config.js';
import type { NodeConfig } from './node-config.js';

function config(args: string[]): NodeConfig {
  const loaded = loadConfig(args, {});
  if (loaded.type !== 'run') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

function faults(args: string[]): string {
  const loaded = loadConfig(args, {});
  if (loaded.type !== 'fault') throw new Error('expected a fault');
  expect(loaded.exitCode).toBe(1);
  return loaded.text;
}

const TOKEN_URL = 'http://127.0.0.1:8087/0123456789abcdef';
const V3 = ['--discovery-token', 'tok', '--discovery-endpoints', 'h1:2379,https://h2:2379'];
const CONFLICT =
  'multiple discovery or bootstrap flags are set. Choose one of "initial-cluster", ' +
  '"discovery" or "discovery-srv"';

test('with --discovery the whole URL is the salt of the ids, as in etcd', () => {
  const { bootstrap, initialClusterToken, initialCluster } = config([
    ...['--discovery', TOKEN_URL, '--name', 'a'],
    ...['--initial-advertise-peer-urls', 'http://10.0.0.1:2380'],
  ]);
  expect(bootstrap).toEqual({ type: 'v2', url: TOKEN_URL, proxy: null });
  expect(initialClusterToken).toBe(TOKEN_URL);
  expect(initialCluster).toEqual([{ name: 'a', peerURLs: ['http://10.0.0.1:2380'] }]);
});

test('with v3 discovery the token is the salt, and endpoints without a scheme are http', () => {
  const c = config([...V3, '--discovery-user', 'root:a:b', '--discovery-dial-timeout', '1s']);
  expect(c.initialClusterToken).toBe('tok');
  expect(c.bootstrap).toMatchObject({
    type: 'v3',
    endpoints: ['http://h1:2379', 'https://h2:2379'],
    dialTimeoutMs: 1_000,
    requestTimeoutMs: 5_000,
    user: { name: 'root', password: 'a:b' },
  });
});

test('with --discovery-srv the salt stays --initial-cluster-token', () => {
  const c = config(['--discovery-srv', 'example.org.', '--discovery-srv-name', 'x']);
  expect(c.bootstrap).toEqual({ type: 'srv', domain: 'example.org', serviceName: 'x' });
  expect(c.initialClusterToken).toBe('etcd-cluster');
});

test.each([
  [['--discovery', TOKEN_URL, '--initial-cluster', 'default=http://localhost:2380'], CONFLICT],
  [['--discovery', TOKEN_URL, '--discovery-srv', 'example.org'], CONFLICT],
  [[...V3, '--discovery', TOKEN_URL], CONFLICT],
  [['--discovery-token', 'x'], 'both --discovery-token and --discovery-endpoints must be set'],
  [['--discovery-endpoints', 'x:1'], 'both --discovery-token and --discovery-endpoints must be'],
  [['--discovery-token', 'x', '--discovery-endpoints', 'a:1,'], 'must not contain empty endpoints'],
  [[...V3, '--discovery-proxy', 'http://p:1'], 'both v2 discovery settings (discovery, discovery-'],
  [[...V3, '--discovery-cert', 'c'], 'both --discovery-cert and --discovery-key must be set'],
  [
    ['--discovery', TOKEN_URL, '--discovery-fallback', 'proxy'],
    'v2 proxy is deprecated, and --discovery-fallback can\'t be configured as "proxy"',
  ],
  [['--discovery', 'nonsense'], '--discovery: nonsense is no http or https URL'],
  [['--discovery', 'http://h:1/'], '--discovery: http://h:1/ has no token'],
])('%j is refused', (args, text) => {
  expect(faults(args)).toContain(text);
});

test('the nested section of the config file names the same settings', () => {
  const directory = mkdtempSync(join(tmpdir(), 'conclave-bootstrap-'));
  const path = join(directory, 'conf.yml');
  const client =
    '{endpoints: [h1:2379], dial-timeout: 3000000000, auth: {username: u, password: p}}';
  writeFileSync(path, `discovery-config:\n  token: tok\n  client: ${client}\n`);
  const c = config(['--config-file', path]);
  expect(c.bootstrap).toMatchObject({
    token: 'tok',
    endpoints: ['http://h1:2379'],
    dialTimeoutMs: 3_000,
    user: { name: 'u', password: 'p' },
  });
  writeFileSync(path, 'discovery-config:\n  client: {secure: {certs: x}}\n');
  expect(faults(['--config-file', path])).toContain(
    'unknown key discovery-config.client.secure.certs',
  );
  rmSync(directory, { recursive: true });
});
