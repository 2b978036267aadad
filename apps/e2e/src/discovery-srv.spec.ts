/** Members that find each other by SRV records of a real DNS server. */
import { etcdctl } from './testing/cluster.js';
import { DiscoveryWorld, type Joiner, healthy } from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { SrvDns } from './testing/srv-dns.js';

describe('bootstrap by DNS', () => {
  let world: DiscoveryWorld;
  let dns: SrvDns | null = null;

  beforeEach(() => {
    world = new DiscoveryWorld();
  });

  afterEach(async () => {
    await world.stop();
    dns?.stop();
  });

  async function place(name: string): Promise<Joiner> {
    const [client, peer] = await freePorts(2);
    const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    return { name, clientUrl, peerUrl } as Joiner;
  }

  it('three members found a cluster, and one that is not among the records is refused', async () => {
    const members = [await place('m1'), await place('m2'), await place('m3')];
    const rows = members.map(({ peerUrl }) => {
      return { target: 'localhost', port: Number(new URL(peerUrl).port) };
    });
    dns = await SrvDns.start(new Map([['_etcd-server-x._tcp.example.test', rows]]));
    const env = { NODE_OPTIONS: dns.nodeOptions(world.directory) };
    const flags = ['--discovery-srv', 'example.test', '--discovery-srv-name', 'x'];
    for (const member of members) world.restartMember('conclave', member, flags, env);
    await healthy(members);
    expect([...dns.asked].sort()).toEqual([
      '_etcd-server-ssl-x._tcp.example.test',
      '_etcd-server-x._tcp.example.test',
    ]);
    const endpoint = (members[0] as Joiner).clientUrl;
    expect((await etcdctl(endpoint, ['put', 'key', 'value'])).stdout).toBe('OK\n');
    const listed = (await etcdctl(endpoint, ['member', 'list'])).stdout.trim().split('\n');
    expect(listed.map((row) => row.split(', ')[3]).sort()).toEqual(
      rows.map(({ port }) => `http://localhost:${port}`).sort(),
    );
    const stranger = await place('stranger');
    world.restartMember('conclave', stranger, flags, env);
    expect(await stranger.process.ended).toMatchObject({ code: 1 });
    expect(stranger.process.output).toContain(
      'cannot find local etcd member \\"stranger\\" in SRV records',
    );
  }, 60_000);
});
