import { readFlags } from '../flags.js';
import { restoreOptions, troubleText } from './command.js';
import { bytesText } from './progress-bar.js';

const SPEC = {
  values: [
    'data-dir',
    'name',
    'initial-cluster',
    'initial-cluster-token',
    'initial-advertise-peer-urls',
    'bump-revision',
  ],
  switches: ['skip-hash-check', 'mark-compacted'],
};

function read(...args: string[]): ReturnType<typeof restoreOptions> {
  const flags = readFlags(args, SPEC);
  if (typeof flags === 'string') throw new Error(flags);
  return restoreOptions(flags);
}

test("restore has etcdutl's defaults", () => {
  expect(read('file')).toEqual({
    file: 'file',
    dataDir: 'default.etcd',
    name: 'default',
    initialCluster: [{ name: 'default', peerURLs: ['http://localhost:2380'] }],
    token: 'etcd-cluster',
    skipHashCheck: false,
    bumpRevision: 0,
  });
});

test('a member may have several URLs, and a slash at the end is no other URL', () => {
  const cluster = 'a=http://h:1/,b=http://h:2,a=http://h:3';
  const advertised = 'http://h:3/,http://h:1';
  const options = read(
    ...['f', '--name', 'a', '--initial-cluster', cluster],
    ...['--initial-advertise-peer-urls', advertised],
  );
  expect(options).toMatchObject({
    initialCluster: [
      { name: 'a', peerURLs: ['http://h:1', 'http://h:3'] },
      { name: 'b', peerURLs: ['http://h:2'] },
    ],
  });
});

test.each([
  ['no file', [], 'one FILE'],
  ['two files', ['a', 'b'], 'one FILE'],
  [
    'a name that is not in the cluster',
    ['f', '--name', 'x', '--initial-cluster', 'y=http://h:1'],
    'couldn',
  ],
  [
    'other URLs than the cluster says',
    ['f', '--initial-advertise-peer-urls', 'http://h:9'],
    'says',
  ],
  ['a pair that is none', ['f', '--initial-cluster', 'default'], 'is not name=URL'],
  ['one URL for two', ['f', '--initial-cluster', 'default=http://h:1,b=http://h:1'], 'a URL twice'],
  ['a bump without the mark', ['f', '--bump-revision', '5'], 'go together'],
  ['the mark without a bump', ['f', '--mark-compacted'], 'go together'],
  ['a bump that is no number', ['f', '--bump-revision', '-5', '--mark-compacted'], 'is a number'],
])('restore refuses %s', (_, args, reason) => {
  expect(read(...args)).toContain(reason);
});

test('sizes are told as etcdctl tells them', () => {
  expect([0, 999, 1_500, 20_480, 268_435_456].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '20 kB',
    '268 MB',
  ]);
});

test('a file that cannot be read is told with its name, why, and what to look at', () => {
  const text = "ENOENT: no such file or directory, open '/nonexistent/today.backup'";
  expect(troubleText(new Error(text))).toBe(
    'cannot open /nonexistent/today.backup: no such file or directory: check its name, and that its ' +
      'directory is there',
  );
  expect(troubleText(new Error('our own words'))).toBe('our own words');
});
