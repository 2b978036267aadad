import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDurationMs } from './flag-values.js';
import { loadConfig } from './load-config.js';
import type { NodeConfig } from './node-config.js';

function config(args: string[], environment: Record<string, string> = {}): NodeConfig {
  const loaded = loadConfig(args, environment);
  if (loaded.type !== 'run') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

function fault(args: string[], environment: Record<string, string> = {}): [number, string] {
  const loaded = loadConfig(args, environment);
  if (loaded.type !== 'fault') throw new Error('expected a fault');
  return [loaded.exitCode, loaded.text];
}

describe('compaction and lease checkpoints', () => {
  test.each([
    [[], null],
    [['--auto-compaction-retention', '0'], null],
    [['--auto-compaction-mode', 'revision'], null],
    [['--auto-compaction-retention', '2'], { mode: 'periodic', periodMs: 7_200_000 }],
    [['--auto-compaction-retention', '5m'], { mode: 'periodic', periodMs: 300_000 }],
    [
      ['--auto-compaction-mode', 'revision', '--auto-compaction-retention', '1000'],
      { mode: 'revision', keep: 1_000 },
    ],
  ])('%j is understood as etcd does', (args, policy) => {
    expect(config(args).autoCompaction).toEqual(policy);
  });

  test.each([
    [[], 0],
    [['--lease-checkpoint-interval', '1m'], 0],
    [['--experimental-enable-lease-checkpoint'], 300_000],
    [['--feature-gates', 'LeaseCheckpoint=true,InitialCorruptCheck=true'], 300_000],
    [['--feature-gates', 'LeaseCheckpoint=true,LeaseCheckpoint=false'], 0],
  ])('%j: a checkpoint every %d ms', (args, ms) => {
    expect(config(args).leaseCheckpointMs).toBe(ms);
  });
});

describe('flags', () => {
  test('without any flag one member serves on localhost', () => {
    const c = config([]);
    expect(c.listenClientURLs).toEqual(['http://localhost:2379']);
    expect(c.initialCluster).toEqual([{ name: 'default', peerURLs: ['http://localhost:2380'] }]);
    expect(c.dataDir).toBe('default.etcd');
    expect(c.quotaBytes).toBe(2 * 1024 ** 3);
  });

  test.each([
    [['--name', 'a']],
    [['--name=a']],
    [['-name', 'a']],
    [['-name=a']],
    [['--name', 'b', '--name', 'a']],
  ])('%j sets the name: every Go form is taken and the last one wins', (args) => {
    const c = config([...args, '--initial-cluster', 'a=http://localhost:2380']);
    expect(c.name).toBe('a');
  });

  test('a boolean flag takes no separate value', () => {
    expect(config(['--pre-vote=false']).preVote).toBe(false);
    expect(config(['--pre-vote']).preVote).toBe(true);
    expect(fault(['--pre-vote', 'false'])[0]).toBe(1);
  });

  test('an unknown flag ends with 2, and one line names it and the nearest known one', () => {
    expect(fault(['--listen-cleint-urls', 'x'])).toEqual([
      2,
      'flag provided but not defined: -listen-cleint-urls (did you mean --listen-client-urls?)\n' +
        "See 'conclave-node --help'.",
    ]);
  });

  test.each([
    [['--name'], 2, 'flag needs an argument: -name'],
    [
      ['--initial-cluster-state', 'foo'],
      2,
      'invalid value "foo" for flag -initial-cluster-state: invalid value',
    ],
    [['--heartbeat-interval', 'x'], 2, 'invalid value "x" for flag -heartbeat-interval'],
    [['--pre-vote=maybe'], 2, 'invalid boolean value "maybe" for -pre-vote: parse error'],
    [['foo'], 1, "'foo' is not a valid flag"],
    [
      ['--listen-client-urls', 'http://127.0.0.1:1'],
      1,
      '--advertise-client-urls is required when --listen-client-urls is set explicitly',
    ],
    [
      ['--listen-client-urls', 'foo', '--advertise-client-urls', 'http://x:1'],
      2,
      'URL scheme must be http, https, unix, or unixs: foo',
    ],
    [
      ['--listen-peer-urls', 'http://example.com:1'],
      1,
      'expected IP in URL for binding (http://example.com:1)',
    ],
    [
      ['--election-timeout', '200'],
      1,
      '--election-timeout[200ms] should be at least as 5 times as --heartbeat-interval[100ms]',
    ],
    [
      ['--election-timeout', '60000'],
      1,
      '--election-timeout[60000ms] is too long, and should be set less than 50000ms',
    ],
    [
      ['--initial-cluster', 'a=http://127.0.0.1:2380'],
      1,
      'couldn\'t find local name "default" in the initial cluster configuration',
    ],
    [['--auto-compaction-mode', 'x'], 1, 'unknown auto-compaction-mode "x"'],
    [['--auto-compaction-mode', ''], 1, 'undefined auto-compaction-mode'],
    [['--auto-compaction-retention', 'x'], 1, '"x" is not hours or a duration'],
    [
      ['--auto-compaction-mode', 'revision', '--auto-compaction-retention', '5m'],
      1,
      '"5m" is not a number of revisions',
    ],
    [['--feature-gates', 'Nope=true'], 1, 'unrecognized feature gate: Nope'],
    [['--feature-gates', 'LeaseCheckpoint'], 1, 'missing bool value for LeaseCheckpoint'],
    [['--feature-gates', 'SetMemberLocalAddr=true'], 1, 'SetMemberLocalAddr is not supported yet'],
    [
      ['--experimental-enable-lease-checkpoint-persist'],
      1,
      'enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint',
    ],
    [['--cert-file', 'x'], 1, '--cert-file is not supported yet'],
  ])('%j ends with %i and says why', (args, code, text) => {
    const [exitCode, message] = fault(args);
    expect(message).toContain(text);
    expect(exitCode).toBe(code);
  });

  test('a flag that is not built yet is accepted at its default', () => {
    config(['--auto-compaction-retention', '0', '--cert-file=', '--enable-pprof=false']);
  });

  test('all faults are told at once', () => {
    const [, text] = fault(['--cert-file', 'x', '--discovery', 'y', '--election-timeout', '1']);
    expect(text.split('\n').filter((l) => l.startsWith('error verifying flags'))).toHaveLength(3);
  });
});

describe('environment', () => {
  test('ETCD_ and CONCLAVE_ variables set flags, and CONCLAVE_ wins', () => {
    expect(config([], { ETCD_MAX_TXN_OPS: '7' }).maxTxnOps).toBe(7);
    expect(config([], { ETCD_MAX_TXN_OPS: '7', CONCLAVE_MAX_TXN_OPS: '9' }).maxTxnOps).toBe(9);
  });

  test('a flag and its variable together are fatal', () => {
    const [code, text] = fault(['--name', 'y'], { ETCD_NAME: 'x' });
    expect(code).toBe(1);
    expect(text).toContain(
      'conflicting environment variable "ETCD_NAME" is shadowed by corresponding command-line flag',
    );
  });

  test('an unknown variable only warns', () => {
    const loaded = loadConfig([], { ETCD_NO_SUCH_THING: '1' });
    expect(loaded).toMatchObject({
      type: 'run',
      warnings: ['unrecognized environment variable ETCD_NO_SUCH_THING'],
    });
  });
});

describe('config file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'conclave-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function file(text: string): string {
    const path = join(directory, 'conf.yml');
    writeFileSync(path, text);
    return path;
  }

  test('a config file voids flags and environment', () => {
    const path = file(
      'name: filed\ninitial-cluster: filed=http://localhost:2380\nmax-txn-ops: 5\n',
    );
    const c = config(['--name', 'flagged', '--config-file', path], { ETCD_MAX_TXN_OPS: '6' });
    expect([c.name, c.maxTxnOps]).toEqual(['filed', 5]);
  });

  test('durations are integer nanoseconds or Go durations, lists may be lists', () => {
    const c = config([
      '--config-file',
      file('watch-progress-notify-interval: 5000000000\nlog-outputs: [stdout, stderr]\n'),
    ]);
    expect(c.watchProgressMs).toBe(5_000);
    expect(c.logOutputs).toEqual(['stdout', 'stderr']);
  });

  test('nested TLS settings are known, and refused while TLS is not built', () => {
    const [, text] = fault([
      '--config-file',
      file('client-transport-security:\n  cert-file: /x\n'),
    ]);
    expect(text).toContain('--cert-file is not supported yet');
  });

  test.each([
    ['nam: x\n', 'unknown key nam (did you mean name?)'],
    ['- a\n', 'must hold a mapping'],
    ['a: [', 'cannot parse the config file'],
  ])('%j is refused by name', (text, message) => {
    expect(fault(['--config-file', file(text)])[1]).toContain(message);
  });

  test('a missing file is an error', () => {
    expect(fault(['--config-file', join(directory, 'none')])[1]).toContain('ENOENT');
  });
});

test.each([
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['10ms', 10],
  ['0', 0],
  ['-5s', -5_000],
  ['5', null],
  ['', null],
  ['5x', null],
])('the Go duration %j is %s ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

describe('change feed', () => {
  test('is off without servers, and takes its settings from flags and environment', () => {
    expect(config([]).feed).toBeNull();
    const args = ['--feed-nats', 'nats://a:4222,b:4222', '--feed-lease-ttl', '10s'];
    expect(config(args, { CONCLAVE_FEED_PREFIX: 'app.changes' }).feed).toMatchObject({
      servers: ['nats://a:4222', 'b:4222'],
      prefix: 'app.changes',
      stream: 'CONCLAVE',
      leaseTtlS: 10,
    });
  });

  test('what cannot work is told before the start', () => {
    const [code, text] = fault(['--feed-nats', 'a:4222', '--feed-stream', 'a.b']);
    expect(code).toBe(1);
    expect(text).toContain('--feed-stream: it must be letters, digits, _ and -');
  });
});
