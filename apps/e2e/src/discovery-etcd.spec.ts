/**
 * Stock etcd bootstraps through `conclave-discovery`: the whole way, a restart in the middle, one member
 * too many, and a kill that loses no registration.
 */
import { etcdctl } from './testing/cluster.js';
import { DiscoveryWorld, type Joiner, healthy, http } from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { httpGet, until } from './testing/process.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

interface Cluster {
  readonly registered: number;
  readonly isComplete: boolean;
}

async function clusterOf(url: string): Promise<Cluster> {
  const at = url.lastIndexOf('/');
  const answer = await httpGet(`${url.slice(0, at)}/v1/clusters${url.slice(at)}`);
  return JSON.parse(answer.body) as Cluster;
}

async function names(members: readonly Joiner[]): Promise<string[]> {
  const endpoint = (members[0] as Joiner).clientUrl;
  const listed = await etcdctl(endpoint, ['member', 'list']);
  const rows = listed.stdout.trim().split('\n');
  return rows.map((row) => row.split(', ')[2] ?? '').sort();
}

describe('stock etcd and our discovery', () => {
  let world: DiscoveryWorld;

  beforeEach(() => {
    world = new DiscoveryWorld();
  });

  afterEach(() => world.stop());

  it('three members find each other, and a fourth is told that the cluster is full', async () => {
    const [port = 0] = await freePorts(1);
    await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=3`)).body;
    expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/[0-9a-f]{32}$`));
    const flags = ['--discovery', url];
    const members: Joiner[] = [];
    for (const name of ['n1', 'n2', 'n3']) {
      members.push(await world.startMember('etcd', name, flags));
    }
    await healthy(members);
    expect(await names(members)).toEqual(['n1', 'n2', 'n3']);
    const late = await world.startMember('etcd', 'n4', [...flags, '--discovery-fallback', 'exit']);
    expect(await late.process.ended).toMatchObject({ code: 1 });
    expect(late.process.output).toContain('discovery: cluster is full');
    expect(await clusterOf(url)).toMatchObject({ registered: 3, isComplete: true });
  }, 60_000);

  it('a kill of the service in the middle loses no registration and stops nobody', async () => {
    const [port = 0] = await freePorts(1);
    const service = await world.startDiscovery(port);
    const url = (await httpGet(`http://127.0.0.1:${port}/new?size=3`)).body;
    const members = [
      await world.startMember('etcd', 'n1', ['--discovery', url]),
      await world.startMember('etcd', 'n2', ['--discovery', url]),
    ];
    // A stock etcd ends when its very registration fails; from the wait on it comes back.
    await until('two have registered and wait', async () => {
      const metrics = await httpGet(`http://127.0.0.1:${port}/metrics`);
      return /^conclave_discovery_waiting 2$/m.test(metrics.body);
    });
    await service.stop('SIGKILL');
    await world.startDiscovery(port);
    expect(await clusterOf(url)).toMatchObject({ registered: 2, isComplete: false });
    members.push(await world.startMember('etcd', 'n3', ['--discovery', url]));
    await healthy(members);
    expect(await names(members)).toEqual(['n1', 'n2', 'n3']);
  }, 60_000);

  it('registrations that were acknowledged survive kills at any moment', async () => {
    const [port = 0] = await freePorts(1);
    const base = `http://127.0.0.1:${port}`;
    let service = await world.startDiscovery(port, ['--request-rate', '0']);
    const token = 'killed-often';
    await http('PUT', `${base}/${token}/_config/size`, 'value=64');
    const acknowledged: string[] = [];
    for (let round = 0, next = 0; round < 4; round++) {
      const writers = Array.from({ length: 4 }, async () => {
        for (;;) {
          const id = (0x1000 + next++).toString(16);
          const answer = await http(
            'PUT',
            `${base}/${token}/${id}?prevExist=false`,
            `value=n=${id}`,
          );
          if (answer.status === 201) acknowledged.push(id);
          else if (answer.status === 0 || next > 60) return;
        }
      });
      const before = acknowledged.length;
      await until('some are registered', () => acknowledged.length > before + 2 || next > 60);
      await service.stop('SIGKILL');
      await Promise.all(writers);
      service = await world.startDiscovery(port, ['--request-rate', '0']);
    }
    const listed = await http('GET', `${base}/${token}`);
    const { node } = JSON.parse(listed.body) as { node: { nodes: { key: string }[] } };
    const kept = node.nodes.map(({ key }) => key.split('/').at(-1));
    expect(acknowledged.length).toBeGreaterThan(8);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    const end = await service.stop('SIGTERM');
    expect(end).toEqual({ code: null, signal: 'SIGTERM' });
  }, 60_000);

  it('answers the requests of the protocol as a stock etcd with the v2 keys does', async () => {
    const [port = 0] = await freePorts(1);
    await world.startDiscovery(port);
    const stock = await ReferenceEtcd.start(['--enable-v2=true']);
    try {
      const bases = [`http://${stock.endpoint}`, `http://127.0.0.1:${port}`];
      const first: number[] = [];
      for (const [method, below, form = ''] of REQUESTS) {
        const path = `/v2/keys/_etcd/registry/as-etcd-does${below}`;
        const answers = await Promise.all(bases.map((base) => http(method, base + path, form)));
        const shown = answers.map(({ status, body, headers }, i) => {
          first[i] ??= Number(headers['x-etcd-index']) || 0;
          return `${status} ${relative(body, first[i] ?? 0)}`;
        });
        expect([method, below, shown[1]]).toEqual([method, below, shown[0]]);
      }
    } finally {
      await stock.stop();
    }
  }, 60_000);
});

/** Indexes count from the first answer's; a directory of v2 has no order. */
function relative(body: string, first: number): string {
  const from = (_all: string, name: string, value: string): string => {
    const index = Number(value);
    return `"${name}":${index < first ? index : index - first}`;
  };
  return body.replace(/"(index|modifiedIndex|createdIndex)":(\d+)/g, from);
}

const REQUESTS: readonly (readonly [string, string, string?])[] = [
  ['PUT', '/_config/size', 'value=3'],
  ['GET', '/_config/size?quorum=false&recursive=false&sorted=false'],
  ['GET', '?quorum=false&recursive=false&sorted=false'],
  ['GET', '/'],
  ['GET', '/_config'],
  ['PUT', '/1?prevExist=false', 'value=a%3Dhttp%3A%2F%2Fa%3A1'],
  ['PUT', '/1?prevExist=false', 'value=a=http://a:1'],
  ['GET', '?recursive=true&sorted=true'],
  ['PUT', '/1?prevExist=true', 'value=b=http://a:1'],
  ['PUT', '/1', 'value=c=http://a:1'],
  ['PUT', '/2?prevExist=false', 'value=d=http://a:1,d=http://a:2'],
  ['GET', '?recursive=true&sorted=true'],
  ['GET', '/2'],
  ['GET', '/9'],
  ['GET', '-not/9'],
  ['PUT', '/9?prevExist=true', 'value=x'],
  ['GET', '?wait=2'],
  ['GET', '?waitIndex=-1'],
  ['GET', '?recursive=x'],
  ['PUT', '/1?prevExist=9', 'value=1'],
  ['PUT', '/1?wait=true', 'value=1'],
  ['PUT', '', 'value=1'],
  ['PATCH', ''],
  ['DELETE', ''],
  ['DELETE', '/1'],
  ['DELETE', '/1'],
  ['GET', '?recursive=true&sorted=true'],
];
