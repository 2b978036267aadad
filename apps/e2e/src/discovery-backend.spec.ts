/**
 * Two discovery services on one backend (a stock etcd): together they are one registry, also while they
 * race, while the backend is away, and when a token's time is over.
 */
import { etcdctl } from './testing/cluster.js';
import { DiscoveryWorld, healthy, http } from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { httpGet, until } from './testing/process.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

const SIZE = '_config/size';

describe('two services on one backend', () => {
  let world: DiscoveryWorld;
  let backend: ReferenceEtcd;
  let one = '';
  let two = '';

  beforeEach(async () => {
    world = new DiscoveryWorld();
    backend = await ReferenceEtcd.start();
    const [a = 0, b = 0] = await freePorts(2);
    one = `http://127.0.0.1:${a}`;
    two = `http://127.0.0.1:${b}`;
    const flags = ['--backend', `http://${backend.endpoint}`, '--token-ttl', '3s'];
    await world.startDiscovery(a, flags);
    await world.startDiscovery(b, [...flags, '--token-ttl', '1h']);
  });

  afterEach(async () => {
    await world.stop();
    await backend.stop();
  });

  it('a stock cluster forms, each member by another service', async () => {
    const path = new URL((await httpGet(`${two}/new?size=2`)).body).pathname;
    // The URL is the salt of the ids, so members of one cluster share it; a browser and a
    // program see the same on both.
    const flags = ['--discovery', `${one}${path}`];
    const first = await world.startMember('etcd', 'n1', flags);
    await until('the other service sees the first', async () => {
      return (await httpGet(`${two}${path}`)).body.includes('n1=');
    });
    const waiting = http('GET', `${two}${path}?recursive=true&wait=true`);
    const second = await world.startMember('etcd', 'n2', flags);
    expect((await waiting).body).toContain('n2=');
    await healthy([first, second]);
  }, 60_000);

  it('of two that register one id, one wins; of two that make one token, one does', async () => {
    const make = (base: string): ReturnType<typeof http> =>
      http('PUT', `${base}/race-for-it/${SIZE}`, 'value=5');
    const made = await Promise.all([make(one), make(two), make(one), make(two)]);
    expect(made.map((m) => m.status).sort()).toEqual([201, 412, 412, 412]);
    const join = (base: string, id: number): ReturnType<typeof http> =>
      http('PUT', `${base}/race-for-it/${id}?prevExist=false`, `value=n${id}=http://h:${id}`);
    for (let id = 1; id <= 5; id++) {
      const joined = await Promise.all([join(one, id), join(two, id), join(one, id)]);
      expect(joined.map((m) => m.status).sort()).toEqual([201, 412, 412]);
    }
    expect((await http('GET', `${one}/race-for-it`)).body).toBe(
      (await http('GET', `${two}/race-for-it`)).body,
    );
    expect((await http('DELETE', `${one}/race-for-it/3`)).status).toBe(200);
    expect((await http('GET', `${two}/race-for-it/3`)).status).toBe(404);
    expect((await http('DELETE', `${two}/v1/clusters/race-for-it`)).status).toBe(204);
    const left = await etcdctl(backend.endpoint, ['get', '--prefix', '/_etcd', '--keys-only']);
    expect(left.stdout.trim()).toBe('');
    expect((await etcdctl(backend.endpoint, ['lease', 'list'])).stdout).not.toMatch(/[0-9a-f]{16}/);
  }, 60_000);

  it('a backend with users is asked under one of them', async () => {
    const as = (...args: string[]): ReturnType<typeof etcdctl> => etcdctl(backend.endpoint, args);
    await as('user', 'add', 'root:secret');
    await as('user', 'grant-role', 'root', 'root');
    expect((await as('auth', 'enable')).code).toBe(0);
    expect((await httpGet(`${one}/new`)).body).toBe('unable to generate token\n');
    const [port = 0] = await freePorts(1);
    const flags = ['--backend', backend.endpoint, '--backend-user', 'root:secret'];
    await world.startDiscovery(port, flags);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=3`)).body;
    expect((await http('PUT', `${url}/1?prevExist=false`, 'value=n=http://h:1')).status).toBe(201);
    const waiting = http('GET', `${url}?recursive=true&wait=true`);
    await until('the second is taken', async () => {
      return (await http('PUT', `${url}/2`, 'value=m=http://h:2')).status < 300;
    });
    expect((await waiting).body).toContain('m=http://h:2');
  }, 60_000);

  it('a token ends with its lease, as a whole', async () => {
    const path = new URL((await httpGet(`${one}/new?size=3`)).body).pathname;
    expect((await http('PUT', `${two}${path}/1`, 'value=n=http://h:1')).status).toBe(201);
    await until('the token is gone', async () => (await httpGet(`${two}${path}`)).status === 404);
    const left = await etcdctl(backend.endpoint, ['get', '--prefix', '/_etcd', '--keys-only']);
    expect(left.stdout.trim()).toBe('');
  }, 60_000);

  it('while the backend stands still, answers say to come back, and nothing is lost', async () => {
    const path = new URL((await httpGet(`${two}/new?size=3`)).body).pathname;
    backend.process.kill('SIGSTOP');
    expect((await http('GET', `${one}${path}`)).status).toBe(503);
    expect((await http('GET', `${one}/healthz`)).status).toBe(503);
    backend.process.kill('SIGCONT');
    await until('it is back', async () => (await httpGet(`${one}/healthz`)).status === 200);
    const waiting = http('GET', `${one}${path}?recursive=true&wait=true`);
    await until('a registration is taken', async () => {
      return (await http('PUT', `${two}${path}/1`, 'value=n=http://h:1')).status < 300;
    });
    expect((await waiting).body).toContain('http://h:1');
  }, 60_000);
});
