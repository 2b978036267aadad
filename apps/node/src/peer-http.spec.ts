import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchCluster } from './peer-http.js';

afterEach(() => jest.useRealTimers());

test('a URL that cannot be asked is a fault of that URL, at once and for good', async () => {
  jest.useFakeTimers();
  const urls = ['unix://localhost:m1', 'https://127.0.0.1:1', 'http://a b:1', '', 'http://[::1'];
  const error = await fetchCluster(urls).catch((e: unknown) => e as Error);
  expect(String(error)).toContain('cannot fetch cluster info from peer urls: unix://localhost:m1');
  expect(jest.getTimerCount()).toBe(0);
  // A timer that was left would end the process.
  jest.advanceTimersByTime(60_000);
});

test('the next URL is asked when one does not tell', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('X-Etcd-Cluster-ID', 'ff');
    response.setHeader('X-Conclave-Feature', '3');
    response.end('[{"id":18446744073709551615,"peerURLs":["http://h:1"],"name":"m"}]');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    expect(await fetchCluster(['unix://x', `http://127.0.0.1:${port}`])).toEqual({
      clusterId: 0xffn,
      feature: 3,
      members: [{ id: 0xffff_ffff_ffff_ffffn, name: 'm', peerURLs: ['http://h:1'] }],
    });
  } finally {
    server.close();
  }
});
