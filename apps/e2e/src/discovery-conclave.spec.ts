/**
 * Our members bootstrap by every way there is: our own service, a stock etcd's v2 keys, v3 discovery with a
 * stock etcd and with our own member, and two services on one backend. Gateways find them by the token.
 */
import { etcdctl } from './testing/cluster.js';
import {
  DiscoveryWorld,
  type Joiner,
  type MemberKind,
  healthy,
  http,
} from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { type TestProcess, httpGet, startApp, until } from './testing/process.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

describe('our members and discovery', () => {
  let world: DiscoveryWorld;

  beforeEach(() => {
    world = new DiscoveryWorld();
  });

  afterEach(() => world.stop());

  async function three(flags: readonly string[], kinds: readonly MemberKind[]): Promise<Joiner[]> {
    const members: Joiner[] = [];
    for (const [i, kind] of kinds.entries()) {
      members.push(await world.startMember(kind, `c${i + 1}`, flags));
    }
    await healthy(members);
    return members;
  }

  const OURS: readonly MemberKind[] = ['conclave', 'conclave', 'conclave'];

  async function writesAndReads(endpoint: string): Promise<void> {
    expect((await etcdctl(endpoint, ['put', 'key', 'value'])).stdout).toBe('OK\n');
    expect((await etcdctl(endpoint, ['get', 'key'])).stdout).toBe('key\nvalue\n');
  }

  async function memberIds(endpoint: string): Promise<string[]> {
    const listed = (await etcdctl(endpoint, ['member', 'list'])).stdout.trim();
    return listed.split('\n').map((row) => (row.split(', ')[0] ?? '').trim());
  }

  it('find each other by our service; a fourth is refused; data outlive the service', async () => {
    const [port = 0] = await freePorts(1);
    const service = await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=3`)).body;
    const flags = ['--discovery', url];
    const members = await three(flags, OURS);
    const [first, second] = members as [Joiner, Joiner, Joiner];
    await writesAndReads(first.clientUrl);
    const registered = JSON.parse((await httpGet(url)).body) as {
      node: { nodes: { key: string }[] };
    };
    const ids = registered.node.nodes.map(({ key }) => key.split('/').at(-1) ?? '');
    expect((await memberIds(first.clientUrl)).sort()).toEqual(ids.sort());
    const late = await world.startMember('conclave', 'c4', flags);
    expect(await late.process.ended).toMatchObject({ code: 1 });
    expect(late.process.output).toContain(
      'failed to join discovery cluster (discovery: cluster is full)',
    );
    expect(late.process.output).toContain('failed to bootstrap; discovery token was already used');
    await service.stop('SIGTERM');
    await second.process.stop('SIGKILL');
    world.restartMember('conclave', second, flags);
    await healthy([second]);
    expect((await etcdctl(second.clientUrl, ['get', 'key'])).stdout).toBe('key\nvalue\n');
  }, 60_000);

  it('stopped or killed while they wait, they go on when started again', async () => {
    const [port = 0] = await freePorts(1);
    await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=2`)).body;
    const flags = ['--discovery', url];
    const first = await world.startMember('conclave', 'c1', flags);
    const isWaiting = async (): Promise<void> => {
      const { process: member } = first;
      await until('it waits', () => member.output.includes('"found-peers":1,"needed":1'));
    };
    await isWaiting();
    expect(await first.process.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    world.restartMember('conclave', first, flags);
    await isWaiting();
    await first.process.stop('SIGKILL');
    world.restartMember('conclave', first, flags);
    await isWaiting();
    const second = await world.startMember('conclave', 'c2', flags);
    await healthy([first, second]);
    await writesAndReads(second.clientUrl);
    // Without its data it must not found the cluster a second time.
    await first.process.stop('SIGKILL');
    const wiped = { ...first, name: 'c1-wiped' };
    world.restartMember('conclave', wiped, ['--name', 'c1', ...flags]);
    expect(await wiped.process.ended).toMatchObject({ code: 1 });
    expect(wiped.process.output).toContain('discovery: found duplicate id');
  }, 60_000);

  it('have the ids that a stock etcd has', async () => {
    const [port = 0] = await freePorts(1);
    await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=1`)).body;
    const [ours] = (await three(['--discovery', url], ['conclave'])) as [Joiner];
    const [id] = await memberIds(ours.clientUrl);
    await ours.process.stop('SIGTERM');
    const token = url.slice(url.lastIndexOf('/'));
    const api = `http://127.0.0.1:${port}/v1/clusters${token}`;
    expect((await http('DELETE', api)).status).toBe(204);
    await http('PUT', `http://127.0.0.1:${port}${token}/_config/size`, 'value=1');
    const stock = { ...ours, name: 'stock' };
    world.restartMember('etcd', stock, ['--discovery', url]);
    await healthy([stock]);
    expect(await memberIds(stock.clientUrl)).toEqual([id]);
  }, 60_000);

  it('find each other by the v2 keys of a stock etcd', async () => {
    const registry = await ReferenceEtcd.start(['--enable-v2=true']);
    try {
      const url = `http://${registry.endpoint}/v2/keys/_etcd/registry/by-stock-etcd`;
      expect((await http('PUT', `${url}/_config/size`, 'value=3')).status).toBe(201);
      const [first] = (await three(['--discovery', url], OURS)) as [Joiner];
      await writesAndReads(first.clientUrl);
    } finally {
      await registry.stop();
    }
  }, 60_000);

  it('find each other by v3 discovery in a stock etcd', async () => {
    const registry = await ReferenceEtcd.start();
    try {
      const size = ['put', '/_etcd/registry/tok3/_config/size', '3'];
      await etcdctl(registry.endpoint, size);
      const flags = ['--discovery-token', 'tok3', '--discovery-endpoints', registry.endpoint];
      const [first] = (await three(flags, OURS)) as [Joiner];
      await writesAndReads(first.clientUrl);
      const late = await world.startMember('conclave', 'c4', flags);
      expect(await late.process.ended).toMatchObject({ code: 1 });
      expect(late.process.output).toContain('discovery: cluster is full');
    } finally {
      await registry.stop();
    }
  }, 60_000);

  it('find each other by v3 discovery in our own member, and by two services on it', async () => {
    const [registry] = (await three([], ['conclave'])) as [Joiner];
    const [one = 0, two = 0] = await freePorts(2);
    const backend = ['--backend', registry.clientUrl, '--token-ttl', '1h'];
    await world.startDiscovery(one, backend);
    await world.startDiscovery(two, backend);
    const url = (await httpGet(`http://127.0.0.1:${one}/new?size=3`)).body;
    const token = url.slice(url.lastIndexOf('/') + 1);
    // Two ask one service each by v2, the third asks the backend itself by v3: one registry. Salts of ids
    // differ between the three, so this shows who is found, not a cluster that works.
    const other = url.replace(`:${one}/`, `:${two}/`);
    const v3 = ['--discovery-token', token, '--discovery-endpoints', registry.clientUrl];
    await world.startMember('conclave', 'm1', ['--discovery', url]);
    await world.startMember('conclave', 'm2', ['--discovery', other]);
    await world.startMember('conclave', 'm3', v3);
    const seen = async (port: number): Promise<{ isComplete: boolean; members: unknown[] }> => {
      const answer = await httpGet(`http://127.0.0.1:${port}/v1/clusters/${token}`);
      return JSON.parse(answer.body) as { isComplete: boolean; members: unknown[] };
    };
    await until('both services see all three', async () => {
      return (await seen(one)).isComplete && (await seen(two)).isComplete;
    });
    expect((await seen(two)).members).toEqual((await seen(one)).members);
    // The whole way, each member by another service under one name.
    const flags = ['--discovery-token', 'own', '--discovery-endpoints', registry.clientUrl];
    const created = await http(
      'POST',
      `http://127.0.0.1:${two}/v1/clusters`,
      JSON.stringify({ size: 2, token: 'own-token' }),
      'application/json',
    );
    expect(created.status).toBe(201);
    const mine = flags.map((flag) => (flag === 'own' ? 'own-token' : flag));
    const pair = [
      await world.startMember('conclave', 'p1', mine),
      await world.startMember('conclave', 'p2', mine),
    ];
    await healthy(pair);
    await writesAndReads((pair[0] as Joiner).clientUrl);
  }, 90_000);

  it('gateways find them by the token, and follow the members that come later', async () => {
    const [port = 0, one = 0, two = 0] = await freePorts(3);
    const service = await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=3`)).body;
    const gatewayUrl = (at: number): string => `http://127.0.0.1:${at}`;
    // One is there before the first member, one comes when all are there.
    const early = startGateway(gatewayUrl(one), ['--discovery', url]);
    const members = await three(['--discovery', url], OURS);
    const late = startGateway(gatewayUrl(two), ['--discovery', url]);
    for (const at of [one, two]) {
      await until('the gateway is healthy', async () => {
        return (await httpGet(`${gatewayUrl(at)}/health`)).status === 200;
      });
      await writesAndReads(gatewayUrl(at));
    }
    await service.stop('SIGTERM');
    const [clientPort, peerPort] = await freePorts(2);
    const added = {
      name: 'c4',
      clientUrl: `http://127.0.0.1:${clientPort}`,
      peerUrl: `http://127.0.0.1:${peerPort}`,
      process: early,
    };
    const add = ['member', 'add', 'c4', `--peer-urls=${added.peerUrl}`];
    // Refused while the members have not been connected for 5 s, as in etcd.
    await until('the member is added', async () => {
      return (await etcdctl(gatewayUrl(one), add)).code === 0;
    });
    const cluster = [...members, added].map((m) => `${m.name}=${m.peerUrl}`).join(',');
    const flags = ['--initial-cluster', cluster, '--initial-cluster-state', 'existing'];
    world.restartMember('conclave', added, flags);
    await healthy([added]);
    for (const gateway of [early, late]) {
      await until('the gateway is linked to the new member', () => {
        return gateway.output.includes(`"url":"${added.peerUrl}"`);
      });
    }
    await writesAndReads(gatewayUrl(two));
  }, 90_000);

  function startGateway(listen: string, flags: readonly string[]): TestProcess {
    const gateway = startApp('gateway', ['--listen-client-urls', listen, ...flags]);
    world.keep(gateway);
    return gateway;
  }
});
