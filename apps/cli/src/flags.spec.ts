import { CONNECTION_FLAGS, readConnection } from './connection.js';
import { durationMs, readFlags } from './flags.js';

const connection = (args: readonly string[], environment = {}) => {
  const flags = readFlags(args, CONNECTION_FLAGS);
  if (typeof flags === 'string') throw new Error(flags);
  return readConnection(flags, environment);
};

describe('flags', () => {
  const spec = { values: ['rev'], switches: ['all'], short: { r: 'rev' } };

  test('values, switches and words stand in any order, and the last one wins', () => {
    const flags = readFlags(['a', '--rev=1', '-all', 'b', '-r', '2', '--', '--c'], spec);
    expect(flags).toEqual({
      values: new Map([['rev', '2']]),
      switches: new Set(['all']),
      words: ['a', 'b', '--c'],
    });
  });

  test.each([
    [['--what'], 'unknown flag --what'],
    [['--rev'], '--rev needs a value'],
    [['--all=maybe'], '--all takes no value, or true or false, not maybe'],
    [['--1'], 'unexpected --1'],
  ])('%j is refused', (args, text) => {
    expect(readFlags(args, spec)).toBe(text);
  });

  test('durations are as Go writes them', () => {
    expect(['5s', '1m30s', '250ms', '1.5h'].map(durationMs)).toEqual([5e3, 9e4, 250, 5.4e6]);
    expect(['', '5', 's', '5x', '5s '].map(durationMs)).toEqual([null, null, null, null, null]);
  });
});

describe('connection', () => {
  test('endpoints are bare or URLs, from the flag before the environment', () => {
    const environment = { ETCDCTL_ENDPOINTS: 'c:3', ETCDCTL_COMMAND_TIMEOUT: '1m' };
    expect(connection(['--endpoints', 'a:1, https://b:2/'], environment)).toMatchObject({
      endpoints: ['http://a:1', 'https://b:2'],
      commandTimeoutMs: 60_000,
      dialTimeoutMs: 2_000,
      tls: null,
    });
    expect(connection([], environment)).toMatchObject({ endpoints: ['http://c:3'] });
    expect(connection([])).toMatchObject({ endpoints: ['http://127.0.0.1:2379'] });
  });

  test.each([
    [['--endpoints', ','], '--endpoints names none'],
    [['--endpoints', 'ftp://a:1'], '--endpoints: ftp://a:1 is not host:port or a URL'],
    [['--endpoints', 'a:b:c'], '--endpoints: http://a:b:c is not host:port or a URL'],
    [['--command-timeout', 'soon'], '--command-timeout is a time such as 5s'],
    [['--cacert', '/nowhere/ca'], "ENOENT: no such file or directory, open '/nowhere/ca'"],
  ])('%j is refused', (args, text) => {
    expect(connection(args)).toBe(text);
  });
});
