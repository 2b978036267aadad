// The command line: read once into one object; every fault is named at once.

export const USAGE = `usage: npm run bench -- <verb> [flags]

verbs
  put | get | txn | mix     drive --endpoints, or compare --compare with --with
  local put|get|txn|mix     start a real etcd and Conclave on free ports, compare them, stop them
  life                      three members with --keys: a member joins under load, backup, restore,
                            restart against etcd (--rate of writes, 1000 by default)
                            --only join|backup|restore|restart: that part alone, --rounds times
  self                      what this tool itself can do, against a server that does nothing

systems
  --endpoints a[,b..]       host:port; connections are spread over them     (127.0.0.1:2379)
  --compare a[,b..]         system A of a comparison, and
  --with a[,b..]            system B: rounds A B A B .., ratio A / B
  --pid, --pid-a, --pid-b   process ids whose CPU seconds are told
  --members 1|3             local: members of both clusters                 (1)
  --gateways N              local: gateways before our members              (0)
  --dir DIR                 local: where both keep their data               (temporary directory)
  --node-flags "..."        local: more flags for our members
  --etcd-flags "..."        local: more flags for etcd
  --against FILE            local: compare with this conclave-node bundle, not with etcd
  --trace-ratio F           local: our members send telemetry and trace this part of requests

load
  --clients N               calls under way at a time                       (1000)
  --conns N                 connections                                     (100)
  --total N                 calls per round, or
  --seconds S               length of a round                               (5)
  --warmup S                load before each round, not measured            (1)
  --rounds N                pairs of rounds of a comparison                 (5)
  --rate N                  open loop: calls per second, whatever comes back
  --timeout-ms N            a call is given up after                        (10000)

requests
  --key-size N              bytes of a key, decimal digits                  (8)
  --val-size N              bytes of a value, random                        (256)
  --keys N                  number of different keys                        (100000)
  --sequential              keys in order, not at random
  --consistency l|s         get: linearizable or serializable               (l)
  --reads F                 mix: part of gets                               (0.9)
  --no-fill                 get, mix: do not write all keys first

  --json                    one JSON object instead of text
`;

const VERBS = ['put', 'get', 'txn', 'mix'];
const PARTS = ['join', 'backup', 'restore', 'restart'];
const NUMBERS = {
  members: { initial: 1, min: 1, max: 9 },
  gateways: { initial: 0, min: 0, max: 9 },
  clients: { initial: 1000, min: 1, max: 100_000 },
  conns: { initial: 100, min: 1, max: 10_000 },
  total: { initial: null, min: 1, max: 1e9 },
  seconds: { initial: 5, min: 0.1, max: 86_400, fraction: true },
  warmup: { initial: 1, min: 0, max: 3_600, fraction: true },
  rounds: { initial: 5, min: 1, max: 1_000 },
  rate: { initial: 0, min: 0, max: 10_000_000 },
  'timeout-ms': { initial: 10_000, min: 10, max: 3_600_000 },
  'key-size': { initial: 8, min: 1, max: 4_096 },
  'val-size': { initial: 256, min: 0, max: 1_048_576 },
  keys: { initial: 100_000, min: 1, max: 50_000_000 },
  reads: { initial: 0.9, min: 0, max: 1, fraction: true },
  'trace-ratio': { initial: null, min: 0, max: 1, fraction: true },
};
const LISTS = { endpoints: 'endpoints', compare: 'compare', with: 'with' };
const PIDS = { pid: 'pid', 'pid-a': 'pidA', 'pid-b': 'pidB' };
const TEXTS = {
  dir: 'dir',
  'node-flags': 'nodeFlags',
  'etcd-flags': 'etcdFlags',
  against: 'against',
  only: 'only',
};
const SWITCHES = { sequential: 'sequential', json: 'json', 'no-fill': 'noFill' };

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** `{options}` or `{faults: [...]}`. */
export function readOptions(args) {
  const faults = [];
  const options = { help: false, consistency: 'l', endpoints: null, compare: null, with: null };
  for (const [name, { initial }] of Object.entries(NUMBERS)) options[camel(name)] = initial;
  for (const name of Object.values(PIDS)) options[name] = [];
  for (const name of Object.values(TEXTS)) options[name] = '';
  for (const name of Object.values(SWITCHES)) options[name] = false;
  const words = [];
  const given = new Set();
  for (let i = 0; i < args.length; i++) {
    if (!args[i].startsWith('-')) {
      words.push(args[i]);
      continue;
    }
    const [, name, inline] = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(args[i]);
    given.add(name);
    if (name === 'help' || name === 'h') options.help = true;
    else if (SWITCHES[name] !== undefined) options[SWITCHES[name]] = inline !== 'false';
    else {
      const value = inline ?? args[++i];
      if (value === undefined) faults.push(`--${name} needs a value`);
      else readValue(name, value, options, faults);
    }
  }
  readVerb(words, options, faults);
  checkTogether(options, given, faults);
  return faults.length > 0 && !options.help ? { faults } : { options };
}

function readValue(name, value, options, faults) {
  const range = NUMBERS[name];
  if (range !== undefined) {
    const number = Number(value);
    const whole = range.fraction === true || Number.isInteger(number);
    if (value.trim() === '' || !(number >= range.min && number <= range.max) || !whole) {
      faults.push(`--${name} is a number from ${range.min} to ${range.max}, not ${value}`);
    } else options[camel(name)] = number;
  } else if (LISTS[name] !== undefined) {
    options[LISTS[name]] = value.split(',').map((text) => readEndpoint(text, faults));
  } else if (PIDS[name] !== undefined) {
    const pids = value.split(',').map(Number);
    if (!pids.every((pid) => Number.isInteger(pid) && pid > 0)) faults.push(`--${name}: ${value}`);
    options[PIDS[name]] = pids;
  } else if (TEXTS[name] !== undefined) options[TEXTS[name]] = value;
  else if (name === 'consistency') {
    if (value !== 'l' && value !== 's') faults.push(`--consistency is l or s, not ${value}`);
    options.consistency = value;
  } else faults.push(`unknown flag --${name}`);
}

function readEndpoint(text, faults) {
  const match = /^(?:http:\/\/)?(\[[0-9a-f:]+\]|[^:/[\]]+):(\d{1,5})\/?$/i.exec(text);
  if (match === null) {
    faults.push(`an endpoint is host:port, not ${text}`);
    return null;
  }
  const host = match[1].replace(/^\[|\]$/g, '');
  return { host: host === 'localhost' ? '127.0.0.1' : host, port: Number(match[2]) };
}

function readVerb(words, options, faults) {
  options.local = words[0] === 'local';
  if (options.local) words.shift();
  options.verb = words.shift();
  if (words.length > 0) faults.push(`unexpected ${words.join(' ')}`);
  if (['self', 'life'].includes(options.verb) && !options.local) return;
  if (!VERBS.includes(options.verb)) {
    faults.push(`the verb is one of ${VERBS.join(', ')}, not ${options.verb ?? 'nothing'}`);
  }
}

function checkTogether(options, given, faults) {
  if (options.keys > 10 ** options.keySize) {
    faults.push(`--keys ${options.keys} do not fit into --key-size ${options.keySize} digits`);
  }
  if ((options.compare === null) !== (options.with === null)) {
    faults.push('--compare and --with belong together');
  }
  if (options.compare !== null && options.endpoints !== null) {
    faults.push('either --endpoints or --compare and --with');
  }
  if (options.local && (options.compare ?? options.endpoints) !== null) {
    faults.push('local starts its own systems: no --endpoints, --compare or --with');
  }
  const onlyLocal = ['members', 'gateways', 'against', 'trace-ratio', ...Object.keys(TEXTS)];
  for (const name of new Set(onlyLocal)) {
    if (name === 'only') continue;
    const isOwn = options.local || (options.verb === 'life' && name === 'dir');
    if (!isOwn && given.has(name)) faults.push(`--${name} is for local`);
  }
  if (given.has('only') && options.verb !== 'life') faults.push('--only is for life');
  if (given.has('only') && !PARTS.includes(options.only)) {
    faults.push(`--only is one of ${PARTS.join(', ')}, not ${options.only}`);
  }
  if (given.has('total') && given.has('seconds')) faults.push('either --total or --seconds');
}
