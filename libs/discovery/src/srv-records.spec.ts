import { type SrvPorts, type SrvQuery, type SrvRecord, srvCluster } from './srv-records.js';

const ADDRESSES: Readonly<Record<string, string>> = {
  'm1.example.org': '10.0.0.1',
  'm2.example.org': '10.0.0.2',
  'm3.example.org': '10.0.0.3',
};

function dns(records: Readonly<Record<string, readonly SrvRecord[]>>): SrvPorts {
  return {
    resolveSrv: async (name) => {
      const found = records[name];
      if (found === undefined) throw new Error(`querySrv ENOTFOUND ${name}`);
      return found;
    },
    lookup: async (host) => {
      const address = /^[\d.]+$/.test(host) ? host : ADDRESSES[host];
      if (address === undefined) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      return address;
    },
  };
}

const THREE = ['m1', 'm2', 'm3'].map((m) => ({ target: `${m}.example.org.`, port: 2380 }));

const QUERY: SrvQuery = {
  domain: 'example.org',
  serviceName: '',
  ownName: 'me',
  ownPeerURLs: ['http://10.0.0.2:2380'],
};

test('the record at our own address gets our name, the others are numbered', async () => {
  const { cluster } = await srvCluster(QUERY, dns({ '_etcd-server._tcp.example.org': THREE }));
  expect(cluster).toBe(
    '0=http://m1.example.org:2380,me=http://m2.example.org:2380,1=http://m3.example.org:2380',
  );
});

test('the service name goes behind the service, and TLS records are https', async () => {
  const query = { ...QUERY, serviceName: 'x', ownPeerURLs: ['https://m1.example.org:2380'] };
  const { cluster, faults } = await srvCluster(
    query,
    dns({ '_etcd-server-ssl-x._tcp.example.org': THREE.slice(0, 1) }),
  );
  expect(cluster).toBe('me=https://m1.example.org:2380');
  expect(faults).toEqual([
    'error querying DNS SRV records for _etcd-server-x ' +
      'querySrv ENOTFOUND _etcd-server-x._tcp.example.org',
  ]);
});

test('our own record under another scheme is a fault', async () => {
  const records = { '_etcd-server-ssl._tcp.example.org': THREE.slice(1, 2) };
  const { cluster, faults } = await srvCluster(QUERY, dns(records));
  expect(cluster).toBe('');
  expect(faults[0]).toContain('has scheme mismatch with expected peer http://10.0.0.2:2380');
});

test('a target without an address is left out while another has one', async () => {
  const records = [...THREE, { target: 'gone.example.org', port: 2380 }];
  const { cluster } = await srvCluster(QUERY, dns({ '_etcd-server._tcp.example.org': records }));
  expect(cluster.split(',')).toHaveLength(3);
});
