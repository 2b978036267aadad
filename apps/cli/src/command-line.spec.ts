import { type Command, USAGE, commandFirst, readCommandLine } from './command-line.js';

const read = (text: string): Command => readCommandLine(text === '' ? [] : text.split(' '));

describe('command line of conclavectl', () => {
  it.each([
    'log dump --data-dir d --from 3 --to 9 --decode',
    'log dump -data-dir=d -to=9 -from=3 -decode',
  ])('reads %s', (text) => {
    const options = { dataDir: 'd', from: 3, to: 9, decode: true, all: false };
    expect(read(text)).toEqual({ type: 'log-dump', options });
  });

  it('prints the whole log when no bounds are given, and the last of a repeated flag wins', () => {
    expect(read('log dump --data-dir a --data-dir b --decode --decode=false')).toEqual({
      type: 'log-dump',
      options: {
        ...{ dataDir: 'b', from: 0, to: Number.MAX_SAFE_INTEGER },
        ...{ decode: false, all: false },
      },
    });
  });

  it.each([
    ['', 'no command'],
    ['frobnicate', 'unknown command: frobnicate'],
    ['log', 'unknown command: log'],
    ['log cut', 'unknown command: log cut'],
    ['log dump', '--data-dir is required'],
    ['log dump --data-dir', '--data-dir needs a value'],
    ['log dump --data-dir d --from x', '--from is an index, not x'],
    ['log dump --data-dir d --to -1', '--to is an index, not -1'],
    ['log dump --data-dir d --from 99999999999999999', '--from is an index, not 99999999999999999'],
    ['log dump --data-dir d --from 5 --to 4', '--from 5 is above --to 4'],
    ['log dump --data-dir d extra', 'unexpected extra'],
    ['log dump --data-dir d --fast', 'unknown flag --fast'],
    ['log dump --data-dir d --all=maybe', '--all takes no value, or true or false, not maybe'],
    ['version 2', 'unexpected 2'],
  ])('answers %p with the fault', (text, fault) => {
    expect(read(text)).toEqual({ type: 'fault', text: fault });
  });

  it('knows help and version in every spelling', () => {
    for (const text of ['help', '--help', '-h', 'log dump --help']) {
      expect(read(text)).toEqual({ type: 'help' });
    }
    for (const text of ['version', '--version']) expect(read(text)).toEqual({ type: 'version' });
    expect(USAGE).toContain('--data-dir DIR');
  });

  it.each([
    ['--endpoints E member list -w json', 'member list -w json --endpoints E'],
    [
      '--endpoints=E --insecure-transport member list',
      'member list --endpoints=E --insecure-transport',
    ],
    ['member list --endpoints E', 'member list --endpoints E'],
    ['--version', '--version'],
    ['--endpoints', '--endpoints'],
  ])('takes flags before the command, as etcdctl does: %s', (text, same) => {
    expect(commandFirst(text.split(' ')).join(' ')).toBe(same);
  });
});
