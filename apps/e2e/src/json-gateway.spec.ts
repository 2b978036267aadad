/**
 * The JSON gateway of a member and of a gateway, asked the same as Debian's etcd, one question after the
 * other. Where no answer is written down here, etcd's is the right one.
 */
import { encodeUtf8 } from '@conclave/base';
import { askHttp2 } from './testing/http2-question.js';
import {
  type JsonAnswer,
  type JsonQuestion,
  ask,
  comparable,
  talk,
} from './testing/json-client.js';
import { until } from './testing/process.js';
import { type World, Worlds } from './testing/worlds.js';

jest.setTimeout(60_000);

/** What processes may keep of heap after large requests, above what they had at the start. */
const EXTRA_BYTES = 256 << 20;

let worlds: Worlds;

beforeAll(async () => {
  worlds = await Worlds.start();
});

afterAll(() => worlds.stop());

interface Short {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What of an answer must be the same. FAILED_PRECONDITION is 412 in Debian's build of etcd alone. */
function short({ status, headers, body }: JsonAnswer): Short {
  const type = headers['content-type'] ?? '';
  return { status: status === 412 ? 400 : status, type, body: comparable(body) };
}

/** Path below `/v3/`, body; and our answer where it is not etcd's (which is not asked then). */
type Row = readonly [string, string, Partial<Short>?];

/** Objects: to a parameter that a row lacks jest would hand `done`. */
function named(rows: readonly Row[]) {
  return rows.map(([path, body, ours]) => ({ path, body, ours, what: body.slice(0, 80) }));
}

const WRONG = (text: string, code = 3): string => {
  const quoted = JSON.stringify(text);
  return `{"error":${quoted},"message":${quoted},"code":${code}}`;
};

async function compare(question: JsonQuestion, ours?: Partial<Short>): Promise<void> {
  const wanted = ours ?? short(await ask(worlds.etcd.client.endpoint, question));
  for (const world of worlds.ours) {
    const got = short(await ask(world.client.endpoint, question));
    expect({ world: world.name, ...got }).toMatchObject({ world: world.name, ...wanted });
  }
}

const GOOD: readonly Row[] = [
  ['kv/put', '{"key":"YQ==","value":"MQ=="}'],
  ['kv/put', '{"key":"YQ==","value":"Mg==","prev_kv":true}'],
  ['kv/put', '{"key":"YQ==","value":"Mw==","prevKv":true}'],
  ['kv/range', '{"key":"YQ=="}'],
  ['kv/range', '{"key":"bm9uZQ=="}'],
  [
    'kv/range',
    '{"key":"YQ==","range_end":"eg==","limit":"2","sort_order":"DESCEND","sort_target":"MOD"}',
  ],
  ['kv/range', '{"key":"YQ==","rangeEnd":"eg==","countOnly":true}'],
  ['kv/range', '{"key":"YQ==","revision":2}'],
  ['kv/range', '{"key":[97]}'],
  ['kv/range', '{"key":"YQ==","limit":" 1 ","sort_order":1,"unknown":{"x":[1,2,{}]}}'],
  ['kv/range', '{"key":"YQ==","limit":"null","sort_order":null}'],
  ['kv/range', '{"key":"YQ=="} trailing'],
  ['kv/range', '{"key":"YQ=="}}}'],
  ['kv/range', '{"key":"YQ==","key":"Yg=="}'],
  ['kv/range', '{"key":"Y\\nQ=="}'],
  ['kv/range', '{"key":"YR=="}'],
  ['kv/range', '{"key":"Y\\u0051=="}'],
  ['kv/txn', '{}'],
  ['kv/txn', ''],
  ['kv/txn', 'null'],
  [
    'kv/txn',
    '{"compare":[{"key":"YQ==","target":"VERSION","version":"3"},{"key":"YQ==","target":3,"value":"Mw=="}],' +
      '"success":[{"request_put":{"key":"dA==","value":"MQ=="}},{"requestRange":{"key":"dA=="}},' +
      '{"request_delete_range":{"key":"dA=="}},{"request_txn":{"success":[{"request_range":{"key":"YQ=="}}]}}]}',
  ],
  [
    'kv/txn',
    '{"compare":[{"key":"YQ==","target":"CREATE","create_revision":"0"}],"failure":[{"request_range":{"key":"YQ=="}}]}',
  ],
  [
    'kv/txn',
    '{"compare":[{"key":"YQ==","result":"NOT_EQUAL","target":"MOD","mod_revision":null}]}',
  ],
  ['kv/deleterange', '{"key":"YQ==","prev_kv":true}'],
  ['kv/deleterange', '{"key":"YQ=="}'],
  ['kv/compaction', '{"revision":"3"}'],
  ['lease/grant', '{"TTL":"100","ID":1234}'],
  ['lease/grant', '{"TTL":1,"ID":"1235"}'],
  ['kv/put', '{"key":"bA==","lease":"1234"}'],
  ['lease/timetolive', '{"ID":1234,"keys":true}'],
  ['kv/lease/timetolive', '{"ID":"1234"}'],
  ['lease/timetolive', '{"ID":777}'],
  ['lease/revoke', '{"ID":1235}'],
  ['lease/leases', ''],
  ['kv/lease/leases', '{}'],
  ['kv/lease/revoke', '{"ID":1234}'],
  ['lease/grant', '{"TTL":100,"ID":51}'],
  ['lock/lock', '{"name":"bG9jaw==","lease":51}'],
  ['lock/unlock', '{"key":"bG9jay8zMw=="}'],
  ['election/campaign', '{"name":"ZQ==","lease":51,"value":"PD4="}'],
  ['election/leader', '{"name":"ZQ=="}'],
  [
    'election/proclaim',
    '{"leader":{"name":"ZQ==","key":"ZS8zMw==","rev":"13","lease":"51"},"value":"Mg=="}',
  ],
  ['election/resign', '{"leader":{"name":"ZQ==","key":"ZS8zMw==","rev":"13","lease":"51"}}'],
  // Without a header up to 3.5.
  ['maintenance/alarm', '{"action":"GET","alarm":"CORRUPT"}', { status: 200 }],
  ['maintenance/alarm', '{"action":0}', { status: 200 }],
  ['maintenance/defragment', ''],
];

const BAD: readonly Row[] = [
  ['kv/range', ''],
  ['kv/range', '   '],
  ['kv/range', 'null'],
  ['kv/range', '{'],
  ['kv/range', '{"key"'],
  ['kv/range', '{"key":"YQ==" "x"'],
  ['kv/range', '{"key":tru3}'],
  ['kv/range', '{"key":"\\x"}'],
  ['kv/range', '{"key":"\u0001"}'],
  ['kv/range', '{"key":01}'],
  ['kv/range', '[]'],
  ['kv/range', '"x"'],
  ['kv/range', '5'],
  ['kv/range', '\u00e9'],
  ['kv/range', '{"key":"YQ"}'],
  ['kv/range', '{"key":"Y-Q_"}'],
  ['kv/range', '{"key":"YQ==YQ=="}'],
  ['kv/range', '{"key":"Y\\nQ="}'],
  ['kv/range', '{"key":1}'],
  ['kv/range', '{"key":{}}'],
  ['kv/range', '{"key":true}'],
  ['kv/range', '{"key":[97,300]}'],
  ['kv/range', '{"key":["a"]}'],
  ['kv/range', '{"key":[1.5]}'],
  ['kv/range', '{"key":[[]]}'],
  ['kv/range', '{"limit":"x"}'],
  ['kv/range', '{"limit":""}'],
  ['kv/range', '{"limit":"1 2"}'],
  ['kv/range', '{"limit":"\\""}'],
  ['kv/range', '{"limit":1.5}'],
  ['kv/range', '{"limit":1e2}'],
  ['kv/range', '{"limit":"9223372036854775808"}'],
  ['kv/range', `{"limit":${'9'.repeat(300)}}`],
  ['kv/range', '{"limit":true}'],
  ['kv/range', '{"limit":{}}'],
  ['kv/range', '{"limit":[1]}'],
  ['kv/range', '{"serializable":"true"}'],
  ['kv/range', '{"serializable":1}'],
  ['kv/range', '{"sort_target":"FOO"}'],
  ['kv/range', '{"sort_target":"1"}'],
  ['kv/range', '{"sort_order":1.5}'],
  ['kv/range', '{"sort_order":99999999999}'],
  ['kv/range', '{"sort_order":"\\u0041SCEND"}'],
  ['kv/range', '{"sort_order":["NONE"]}'],
  ['kv/range', '{"key":"YQ==","revision":"99999"}'],
  ['kv/range', '{"key":"YQ==","revision":"1"}'],
  ['kv/put', '{}'],
  ['kv/put', '{"key":"YQ==","lease":"-9223372036854775808"}'],
  ['kv/put', '{"key":"YQ==","lease":9223372036854775807}'],
  ['kv/put', '{"key":"YQ==","lease":1.0}'],
  ['kv/txn', '{"success":{}}'],
  ['kv/txn', '{"success":[{}]}'],
  ['kv/txn', '{"success":[1]}'],
  ['kv/txn', '{"success":[{"request_put":null}]}'],
  ['kv/txn', '{"compare":[{"key":"YQ==","target":"BAD"}]}'],
  // etcd drops the connection.
  ['kv/txn', '{"success":[null]}', { status: 400, body: WRONG('null is no element of success') }],
  ['kv/txn', `${'{"success":[{"request_txn":'.repeat(200)}{}${'}]}'.repeat(200)}`],
  [
    'kv/txn',
    `${'{"success":[{"request_txn":'.repeat(3000)}{}${'}]}'.repeat(3000)}`,
    { status: 400, body: WRONG('messages nested too deeply') },
  ],
  ['kv/txn', `{"x":${'['.repeat(9998)}${']'.repeat(9998)}}`],
  ['kv/txn', `{"x":${'['.repeat(10001)}${']'.repeat(10001)}}`],
  ['kv/compaction', '{"revision":"9999"}'],
  ['lease/grant', '{"TTL":100,"ID":51}'],
  ['lease/grant', '{"TTL":"9000000001"}'],
  ['lease/revoke', '{"ID":77}'],
  ['lock/lock', '{"name":5}'],
  ['election/leader', '{"name":"bm9ib2R5"}'],
  ['election/resign', '{}'],
  ['election/campaign', '{"name":"ZQ==","lease":"99"}'],
  ['cluster/member/add', '{"peerURLs":["http://x:1",2]}'],
  ['cluster/member/add', '{"peerURLs":"http://x:1"}'],
  ['cluster/member/add', '{"peerURLs":[null]}'],
  ['cluster/member/remove', '{"ID":"-1"}'],
  ['cluster/member/remove', '{"ID":18446744073709551615}'],
  ['cluster/member/remove', '{"ID":18446744073709551616}'],
  ['cluster/member/remove', '{"id":5}'],
  ['cluster/member/update', '{"ID":5,"peerURLs":["http://127.0.0.1:1"]}'],
  ['cluster/member/promote', '{"ID":5}'],
  ['maintenance/transfer-leadership', '{"targetID":"1"}'],
  ['maintenance/alarm', '{"action":"GETX"}'],
  ['auth/authenticate', '{"name":"a","password":"b"}'],
  ['auth/user/add', '{"name":1}'],
  ['auth/role/grant', '{"name":"x","perm":{"permType":"READx"}}'],
  ['maintenance/snapshot', '{'],
  ['election/observe', '{"name":5}'],
  ['watch', '{'],
  ['watch', '[]'],
  ['watch', '{"create_request":5}'],
  ['watch', '{"create_request":{"key":"YQ==","filters":["NOPUTX"]}}'],
  ['lease/keepalive', '{"ID":"x"}'],
];

test.each(named(GOOD))('$path $what is answered as by etcd', ({ path, body, ours }) => {
  return compare({ path: `/v3/${path}`, body }, ours);
});

test.each(named(BAD))('$path $what is refused as by etcd', ({ path, body, ours }) => {
  return compare({ path: `/v3/${path}`, body }, ours);
});

test('what was written by JSON is the same in all three stores', async () => {
  const [member, gateway, etcd] = await worlds.hashes();
  expect([member, gateway]).toEqual([etcd, etcd]);
});

const P = '/v3/kv/range';
const K = '{"key":"YQ=="}';

test.each<[string, JsonQuestion, Partial<Short>?]>([
  ['GET', { path: P, method: 'GET' }],
  ['PUT', { path: P, method: 'PUT', body: K }],
  ['HEAD', { path: P, method: 'HEAD' }],
  ['OPTIONS', { path: P, method: 'OPTIONS' }],
  ['an unknown path', { path: '/v3/kv/nothing', body: K }],
  ['a path that goes on', { path: '/v3/kv/range/', body: K }],
  ['a path with a verb', { path: '/v3/kv/range:x', body: K }],
  ['nothing below /v3', { path: '/v3', body: K }],
  ['nothing below /v3/', { path: '/v3/', body: K }],
  ['/v3beta', { path: '/v3beta/kv/range', body: K }],
  ['/v3alpha', { path: '/v3alpha/kv/range', body: K }],
  ['an unclean path', { path: '/v3//kv/range', body: K }],
  ['a query', { path: '/v3/kv/range?x=1', body: K }],
  ['an escaped letter', { path: '/v3/kv/r%61nge', body: K }],
  ['an escaped slash', { path: '/v3/kv%2Frange', body: K }],
  ['another content type', { path: P, body: K, headers: { 'Content-Type': 'text/xml' } }],
  ['a content encoding', { path: P, body: K, headers: { 'Content-Encoding': 'gzip' } }],
  ['chunks', { path: P, body: K, headers: { 'Transfer-Encoding': 'chunked' } }],
  ['100-continue', { path: P, body: K, headers: { Expect: '100-continue' } }],
  ['h2c offered', { path: P, body: K, headers: { Upgrade: 'h2c', Connection: 'Upgrade' } }],
  ['an override', { path: P, body: K, headers: { 'X-HTTP-Method-Override': 'GET' } }],
  ['a timeout that is over', { path: P, body: K, headers: { 'Grpc-Timeout': '1n' } }],
  // More than Go's clock can hold: over at once there.
  [
    'a long timeout',
    { path: P, body: K, headers: { 'Grpc-Timeout': '99999999H' } },
    { status: 200 },
  ],
  ['a bad timeout', { path: P, body: K, headers: { 'Grpc-Timeout': 'xx' } }],
  ['hasleader', { path: P, body: K, headers: { 'Grpc-Metadata-hasleader': 'true' } }],
  ['bad binary metadata', { path: P, body: K, headers: { 'Grpc-Metadata-foo-bin': '%%%' } }],
  ['binary metadata', { path: P, body: K, headers: { 'Grpc-Metadata-foo-bin': 'YWJjZA' } }],
  [
    'a name of ours in the metadata',
    { path: P, body: K, headers: { 'Grpc-Metadata-conclave-session': '1' } },
  ],
  // 3.4 does not know these.
  [
    'hashkv',
    { path: '/v3/maintenance/hashkv', body: '{"revision":"3"}' },
    { status: 200, type: 'application/json' },
  ],
])('%s is answered as by etcd', (...row) => compare(row[1], row[2]));

test('headers are those of etcd', async () => {
  const names = [
    'content-type',
    'grpc-metadata-content-type',
    'content-length',
    'access-control-allow-origin',
    'access-control-allow-methods',
    'access-control-allow-headers',
  ];
  const headersOf = async (world: World, path: string): Promise<unknown[]> => {
    const question = { path, body: '{"physical":true', headers: { Origin: 'http://x' } };
    const { headers } = await ask(world.client.endpoint, question);
    return names.map((name) => headers[name]);
  };
  for (const path of ['/v3/kv/compaction', '/v3/nothing', '/v3/watch']) {
    const wanted = await headersOf(worlds.etcd, path);
    for (const world of worlds.ours) expect(await headersOf(world, path)).toEqual(wanted);
  }
  const good = await ask(worlds.ours[0]?.client.endpoint as string, { path: P, body: K });
  expect(good.headers).toMatchObject({
    'content-type': 'application/json',
    'grpc-metadata-content-type': 'application/grpc',
    'access-control-allow-origin': '*',
  });
});

test('who we are is told by the same fields, and members are listed', async () => {
  const fields = async (world: World, path: string): Promise<string[]> => {
    const { status, body } = await ask(world.client.endpoint, { path: `/v3/${path}`, body: '{}' });
    expect(status).toBe(200);
    return [...body.matchAll(/"(\w+)":("\d+"|\d+|"[^"]*"|\[|\{)/g)].map(([, name, value = '']) => {
      return `${name} ${value.replace(/\d/, '0')[0]}`;
    });
  };
  for (const path of ['maintenance/hash', 'cluster/member/list']) {
    const wanted = await fields(worlds.etcd, path);
    for (const world of worlds.ours) expect(await fields(world, path)).toEqual(wanted);
  }
  const etcd = await fields(worlds.etcd, 'maintenance/status');
  for (const world of worlds.ours) {
    expect(await fields(world, 'maintenance/status')).toEqual(expect.arrayContaining(etcd));
  }
});

test('a large value is taken, and above the limits refused, as by etcd', async () => {
  const value = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
  for (const bytes of [1_500_000, 1_600_000, 2_200_000, 7_500_000]) {
    const body = `{"key":"YmlnL2tleQ==","value":"${value(bytes)}"}`;
    await compare({ path: '/v3/kv/put', body });
  }
  await compare({ path: '/v3/kv/range', body: '{"key":"YmlnL2tleQ=="}' });
  const many = Array.from({ length: 100_000 }, () => '{"request_range":{}}').join(',');
  await compare({ path: '/v3/kv/txn', body: `{"success":[${many}]}` });
  await worlds.stillWell('after-large');
});

test('20 MB in one body are refused, and cost no memory that stays', async () => {
  const body = Buffer.alloc(20_000_000, 0x20);
  for (const world of worlds.ours) {
    const answer = await ask(world.client.endpoint, { path: '/v3/kv/put', body });
    expect(short(answer)).toEqual({
      status: 429,
      type: 'application/json',
      body: WRONG('the JSON of one message is longer than 16777216 bytes', 8),
    });
  }
  await worlds.memoryBack(EXTRA_BYTES);
});

const post = (path: string, body: string, more = '', version = '1.1'): string =>
  `POST ${path} HTTP/${version}\r\nHost: a\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

/** Status lines and JSON of all answers on a connection. */
function shown(text: string): string[] {
  const found =
    text.match(/HTTP\/1\.[01] \d+|\{"(header|error|result)".*?\}(?=\r?\n|HTTP|$)/g) ?? [];
  return found.map((part) => comparable(part).replace('HTTP/1.0', 'HTTP/1.1'));
}

test.each([
  [
    'requests in a row run in their order',
    [
      post('/v3/kv/put', '{"key":"cGlwZQ==","value":"MQ=="}') +
        post(P, '{"key":"cGlwZQ=="}') +
        `POST ${P} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"key":\r\n`,
      '7\r\n"YQ=="}\r\n0\r\n\r\n',
    ],
    false,
  ],
  ['HTTP/1.0', [post(P, K, '', '1.0')], true],
  ['HTTP/1.0 that stays', [post(P, K, 'Connection: keep-alive\r\n', '1.0')], false],
  ['a last request', [post(P, K, 'Connection: close\r\n')], true],
  ['no body at all', [`POST ${P} HTTP/1.1\r\nHost: a\r\n\r\n`], false],
  ['a length that is none', [`POST ${P} HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n{}`], true],
])('%s: as etcd', async (_, parts, isClosed) => {
  const wanted = await talk(worlds.etcd.client.endpoint, parts);
  expect(wanted.isClosed).toBe(isClosed);
  for (const world of worlds.ours) {
    const got = await talk(world.client.endpoint, parts);
    expect(shown(got.text)).toEqual(shown(wanted.text));
    expect(got.isClosed).toBe(isClosed);
  }
});

test('a body half sent is waited for, then let go with its connection', async () => {
  const half = `POST ${P} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"key":"YQ=`;
  for (const world of worlds.ours) {
    expect(await talk(world.client.endpoint, [half])).toEqual({ text: '', isClosed: false });
    const cut = await talk(world.client.endpoint, [half], { halfClose: true });
    expect(cut.isClosed).toBe(true);
    expect(cut.text).toMatch(/^HTTP\/1.1 400/);
  }
  await worlds.stillWell('after-half');
});

test('HTTP/2 without TLS is gRPC alone, as with etcd', async () => {
  for (const world of worlds.ours) {
    const answer = await askHttp2(world.client.endpoint, P, K);
    expect(answer).toMatchObject({ status: 415 });
  }
});

test('a call by JSON is counted as one by gRPC', async () => {
  const started = async (world: World): Promise<number> => {
    const question = { path: '/metrics', method: 'GET' };
    const { body } = await ask(world.client.endpoint, question);
    const line = /grpc_server_started_total\{grpc_method="Hash",.*\} (\d+)/.exec(body);
    return Number(line?.[1]);
  };
  for (const world of worlds.all) {
    const before = await started(world);
    await ask(world.client.endpoint, { path: '/v3/maintenance/hash', body: '{}' });
    expect(await started(world)).toBe(before + 1);
  }
});

test('all are well, and nothing of it is kept', async () => {
  await worlds.stillWell('at-the-end');
  await worlds.memoryBack(EXTRA_BYTES);
  for (const world of worlds.ours) {
    const value = await world.client.range({ key: encodeUtf8('at-the-end') });
    expect(value.count).toBe(1);
  }
  await until('no fault was logged', () => {
    return worlds.ours.every((world) => !world.output().includes('internal fault'));
  });
});
