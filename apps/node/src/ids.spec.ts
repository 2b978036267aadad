import { clusterId, memberId } from './ids.js';

test('the default configuration has the ids that every etcd with defaults has', () => {
  const id = memberId(['http://localhost:2380'], 'etcd-cluster');
  expect(id.toString(16)).toBe('8e9e05c52164694d');
  expect(clusterId([id]).toString(16)).toBe('cdf818194e3a8c32');
});
