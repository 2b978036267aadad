/**
 * A discovery service whose registry is in a stock etcd that speaks TLS only and asks for a certificate
 * of its clients: with the right files it serves, with wrong ones it says what is wrong.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority, type Certificate } from './testing/certificates.js';
import { DiscoveryWorld, healthy, http } from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { TestProcess, bundle, httpGet, run, startApp, until } from './testing/process.js';

jest.setTimeout(60_000);

let world: DiscoveryWorld;
let authority: Authority;
let client: Certificate;
let otherKey: string;
let etcd: TestProcess;
let backend: string;

beforeAll(async () => {
  world = new DiscoveryWorld();
  authority = await Authority.make(world.directory, 'authority');
  const server = await authority.sign('server');
  client = await authority.sign('client');
  otherKey = server.key;
  const [clientPort, peerPort] = await freePorts(2);
  backend = `https://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  etcd = new TestProcess('etcd', [
    ...['--name', 'secure', '--data-dir', join(world.directory, 'secure')],
    ...['--listen-client-urls', backend, '--advertise-client-urls', backend],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', `secure=${peer}`],
    ...['--cert-file', server.cert, '--key-file', server.key],
    ...['--client-cert-auth', '--trusted-ca-file', authority.cert],
  ]);
  await until('etcd serves', () => etcd.output.includes('ready to serve client requests'));
});

afterAll(async () => {
  await world.stop();
  await etcd.stop('SIGKILL');
});

function files(ca: string, own: Certificate | null): string[] {
  const flags = ['--backend', backend, '--backend-cacert', ca];
  return own === null ? flags : [...flags, '--backend-cert', own.cert, '--backend-key', own.key];
}

/** Starts a service that will not reach its backend; answers what it says of it. */
async function trouble(flags: readonly string[]): Promise<string> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const service = startApp('discovery', ['--listen-client-urls', url, ...flags]);
  try {
    await until('it serves', () => service.output.includes('ready to serve client requests'));
    expect((await http('GET', `${url}/healthz`)).status).toBe(503);
    expect((await httpGet(`${url}/new?size=1`)).body).toBe('unable to generate token\n');
    await until('it says why', () => service.output.includes('"error":'));
    return service.output;
  } finally {
    await service.stop('SIGKILL');
  }
}

test('with the right files a stock cluster forms through it', async () => {
  const [port = 0] = await freePorts(1);
  await world.startDiscovery(port, files(authority.cert, client));
  const token = (await httpGet(`http://127.0.0.1:${port}/new?size=2`)).body;
  const first = await world.startMember('etcd', 'n1', ['--discovery', token]);
  const second = await world.startMember('etcd', 'n2', ['--discovery', token]);
  await healthy([first, second]);
});

test('a backend signed by somebody else is not believed', async () => {
  const other = await Authority.make(world.directory, 'other');
  expect(await trouble(files(other.cert, client))).toMatch(/certificate/);
});

test('without a certificate of its own the backend sends it away', async () => {
  expect(await trouble(files(authority.cert, null))).toMatch(/certificate|closed|lost/);
});

test('without an authority the backend is not believed either', async () => {
  expect(await trouble(['--backend', backend])).toMatch(/certificate/);
});

test.each([
  ['is not there', (dir: string) => ['--backend-cacert', join(dir, 'none')], 'cannot read /'],
  [
    'is no certificate',
    (dir: string) => ['--backend-cacert', join(dir, 'text')],
    'text is no cert',
  ],
  [
    'is the key of another certificate',
    () => ['--backend-cert', client.cert, '--backend-key', otherKey],
    '--backend-cert, --backend-key: ',
  ],
])('a file that %s ends the start with one line', async (_what, flags, text) => {
  writeFileSync(join(world.directory, 'text'), '-----BEGIN CERTIFICATE-----\nno\n');
  const args = ['--backend', backend, ...flags(world.directory)];
  const ran = await run(process.execPath, [bundle('discovery'), ...args]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(text);
  expect(ran.stderr.trim().split('\n')).toHaveLength(1);
});
