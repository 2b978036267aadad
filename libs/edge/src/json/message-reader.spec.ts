import { Random, encodeUtf8 } from '@conclave/base';
import { METHODS_BY_HTTP_PATH, type MethodDescriptor } from '@conclave/wire';
import { JsonBody } from './json-body.js';
import { MessagePlans } from './message-plan.js';
import { writeMessage } from './message-writer.js';

const PLANS = new MessagePlans();
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

function method(path: string): MethodDescriptor<object, object> {
  return METHODS_BY_HTTP_PATH.get(path) as MethodDescriptor<object, object>;
}

/** The request of `/v3/<path>` as JSON again, or what is wrong with it. */
function read(path: string, json: string): string {
  const plan = PLANS.of(method(`/v3/${path}`).request.typeName);
  const body = new JsonBody(1 << 24);
  body.push(encodeUtf8(json));
  body.end();
  const result = body.next(plan);
  if (result.type === 'message') return writeMessage(plan, result.message);
  return result.type === 'fault' ? result.text : result.type;
}

// What etcd 3.4.23 answers.
test.each([
  [
    'kv/range',
    '[]',
    'json: cannot unmarshal array into Go value of type map[string]json.RawMessage',
  ],
  [
    'kv/range',
    '"x"',
    'json: cannot unmarshal string into Go value of type map[string]json.RawMessage',
  ],
  [
    'kv/range',
    '5',
    'json: cannot unmarshal number into Go value of type map[string]json.RawMessage',
  ],
  ['kv/range', '{"key":1}', 'json: cannot unmarshal number into Go value of type []uint8'],
  ['kv/range', '{"key":[97,300]}', 'json: cannot unmarshal number 300 into Go value of type uint8'],
  ['kv/range', '{"key":["a"]}', 'json: cannot unmarshal string into Go value of type uint8'],
  ['kv/range', '{"key":"YQ"}', 'illegal base64 data at input byte 0'],
  ['kv/range', '{"key":"Y\\nQ="}', 'illegal base64 data at input byte 4'],
  ['kv/range', '{"key":"Y-Q_"}', 'illegal base64 data at input byte 1'],
  ['kv/range', '{"key":"YQ==YQ=="}', 'illegal base64 data at input byte 4'],
  ['kv/range', '{"key":"\\ud800"}', 'illegal base64 data at input byte 0'],
  ['kv/range', '{"limit":"x"}', "invalid character 'x' looking for beginning of value"],
  ['kv/range', '{"limit":""}', 'unexpected end of JSON input'],
  ['kv/range', '{"limit":"1 2"}', "invalid character '2' after top-level value"],
  ['kv/range', '{"limit":1.5}', 'json: cannot unmarshal number 1.5 into Go value of type int64'],
  ['kv/range', '{"limit":1e2}', 'json: cannot unmarshal number 1e2 into Go value of type int64'],
  ['kv/range', '{"limit":true}', 'json: cannot unmarshal bool into Go value of type int64'],
  ['kv/range', '{"limit":{}}', 'json: cannot unmarshal object into Go value of type int64'],
  ['kv/range', '{"limit":[1]}', 'json: cannot unmarshal array into Go value of type int64'],
  [
    'kv/range',
    '{"limit":"9223372036854775808"}',
    'json: cannot unmarshal number 9223372036854775808 into Go value of type int64',
  ],
  [
    'kv/range',
    '{"serializable":"true"}',
    'json: cannot unmarshal string into Go value of type bool',
  ],
  [
    'kv/range',
    '{"sort_target":"FOO"}',
    'unknown value "FOO" for enum etcdserverpb.RangeRequest_SortTarget',
  ],
  [
    'kv/range',
    '{"sort_order":1.5}',
    'json: cannot unmarshal number 1.5 into Go value of type etcdserverpb.RangeRequest_SortOrder',
  ],
  [
    'kv/txn',
    '{"success":{}}',
    'json: cannot unmarshal object into Go value of type []json.RawMessage',
  ],
  [
    'cluster/member/remove',
    '{"ID":"-1"}',
    'json: cannot unmarshal number -1 into Go value of type uint64',
  ],
  [
    'cluster/member/add',
    '{"peerURLs":[2]}',
    'json: cannot unmarshal number into Go value of type string',
  ],
  [
    'auth/role/grant',
    '{"perm":{"permType":"READx"}}',
    'unknown value "READx" for enum authpb.Permission_Type',
  ],
  // Good ones: as we write them back.
  ['kv/range', '{"key":[97,98]}', '{"key":"YWI="}'],
  ['kv/range', '{"key":"Y\\nQ=="}', '{"key":"YQ=="}'],
  ['kv/range', '{"key":"YR=="}', '{"key":"YQ=="}'],
  ['kv/range', '{"key":"Y\\u0051=="}', '{"key":"YQ=="}'],
  ['kv/range', '{"key":null,"limit":null,"x":{"y":[{}]},"limit":" 1 "}', '{"limit":"1"}'],
  ['kv/range', '{"limit":"null"}', '{}'],
  ['kv/range', '{"limit":-0}', '{}'],
  ['kv/range', '{"key":"YQ==","key":"Yg=="}', '{"key":"Yg=="}'],
  ['kv/range', '{"keysOnly":true,"keys_only":false}', '{"keys_only":true}'],
  ['kv/range', '{"KEY":"YQ=="}', '{}'],
  [
    'kv/range',
    '{"sort_target":"MOD","sort_order":1}',
    '{"sort_order":"ASCEND","sort_target":"MOD"}',
  ],
  ['kv/range', '{"sort_target":77}', '{"sort_target":77}'],
  ['kv/range', 'null', '{}'],
  ['cluster/member/remove', '{"ID":18446744073709551615}', '{"ID":"18446744073709551615"}'],
  ['kv/put', '{"lease":"-9223372036854775808"}', '{"lease":"-9223372036854775808"}'],
  [
    'cluster/member/add',
    '{"peerURLs":[null,"<\u2028\\ud83d\\ude00"]}',
    '{"peerURLs":["","\\u003c\\u2028\u{1f600}"]}',
  ],
  [
    'kv/txn',
    '{"success":[{"requestPut":{"key":"YQ=="}},{"request_txn":{"compare":[{"version":"0"}]}}]}',
    '{"success":[{"request_put":{"key":"YQ=="}},{"request_txn":{"compare":[{"version":"0"}]}}]}',
  ],
  [
    'watch',
    '{"create_request":{"filters":["NODELETE",0]}}',
    '{"create_request":{"filters":["NODELETE","NOPUT"]}}',
  ],
  ['watch', '{"create_request":null}', '{}'],
])('%s %s is %s', (path, json, answer) => {
  expect(read(path, json)).toBe(answer);
});

test('null among messages is refused: etcd ends the connection', () => {
  expect(read('kv/txn', '{"success":[null]}')).toBe('null is no element of success');
});

test('messages nested too deeply are refused before the stack is at its end', () => {
  const nested = (n: number): string =>
    `${'{"success":[{"request_txn":'.repeat(n)}{}${'}]}'.repeat(n)}`;
  expect(read('kv/txn', nested(511))).toBe(nested(511));
  expect(read('kv/txn', nested(3_000))).toBe('messages nested too deeply');
});

test('brackets within brackets cost no more than their bytes', () => {
  const deep = '['.repeat(9_000) + ']'.repeat(9_000);
  const many = Array.from({ length: 25 }, (_, i) => `"x${i}":${deep}`).join(',');
  const start = process.cpuUsage();
  expect(read('kv/range', `{${many},"key":"YQ=="}`)).toBe('{"key":"YQ=="}');
  // Some 50 ms; looking again at each level would be 9,000 times that.
  expect(process.cpuUsage(start).user).toBeLessThan(5_000_000);
});

test('many small messages cost no more than their bytes', () => {
  const many = Array.from({ length: 100_000 }, () => '{"request_range":{"key":"YQ=="}}').join(',');
  const start = process.cpuUsage();
  expect(read('kv/txn', `{"success":[${many}]}`)).toHaveLength(many.length + 14);
  // Some 300 ms; when each name was looked for in all that follows it took 10 s.
  expect(process.cpuUsage(start).user).toBeLessThan(5_000_000);
});

test('more values than any request needs are refused, wherever they stand', () => {
  const text = 'more than 524288 values in one message';
  const many = (value: string): string => `${`${value},`.repeat(1 << 19)}${value}`;
  expect(read('kv/range', `{${many('"x":1')}}`)).toBe(text);
  expect(read('cluster/member/add', `{"peerURLs":[${many('""')}]}`)).toBe(text);
  expect(read('kv/range', `{"key":[${'1,'.repeat(1 << 22)}1]}`)).toBe(
    'more than 4194304 bytes in an array',
  );
});

test(`several messages in one body come one after the other, however it is cut (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  const plan = PLANS.of('etcdserverpb.WatchRequest');
  for (let round = 0; round < 200; round++) {
    const wanted: string[] = [];
    let text = '';
    for (let i = random.below(6); i >= 0; i--) {
      const json = `{"create_request":{"key":"${Buffer.alloc(random.below(9), i).toString('base64')}"}}`;
      wanted.push(json.replace('"key":""', ''));
      text += ' \n'.repeat(random.below(3)) + json;
    }
    const bytes = Buffer.from(text);
    const body = new JsonBody(1 << 16);
    const got: string[] = [];
    const take = (): void => {
      for (;;) {
        const result = body.next(plan);
        if (result.type !== 'message') return;
        got.push(writeMessage(plan, result.message));
      }
    };
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(40);
      body.push(bytes.subarray(at, at + size));
      at += size;
      take();
    }
    body.end();
    take();
    expect(body.next(plan).type).toBe('end');
    expect(got).toEqual(wanted);
  }
});

test(`what is written is read as what it was (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  for (const { request, response } of METHODS_BY_HTTP_PATH.values()) {
    for (const codec of [request, response]) {
      const plan = PLANS.of(codec.typeName);
      for (let round = 0; round < 10; round++) {
        const bytes = randomWire(random, codec as never);
        const message = codec.decode(bytes) as object;
        const body = new JsonBody(1 << 20);
        body.push(encodeUtf8(writeMessage(plan, message)));
        body.end();
        expect(body.next(plan)).toEqual({ type: 'message', message });
      }
    }
  }
});

/** A message with each of its fields set or not. */
function randomWire(
  random: Random,
  codec: { typeName: string; encode(m: object): Uint8Array },
): Uint8Array {
  return codec.encode(randomMessage(random, codec.typeName, 0));
}

function randomMessage(random: Random, typeName: string, depth: number): object {
  const plan = PLANS.of(typeName);
  const message = plan.create();
  for (const { shape } of plan.fields) {
    if (random.below(3) === 0 || (shape.kind === 'message' && depth > 3)) continue;
    const one = (): unknown => randomValue(random, shape, depth);
    if (shape.oneof !== null)
      message[shape.oneof] = { $case: shape.property, [shape.property]: one() };
    else if (shape.isRepeated)
      message[shape.property] = Array.from({ length: random.below(3) }, one);
    else message[shape.property] = one();
  }
  return message;
}

function randomValue(
  random: Random,
  shape: { kind: string; type: string; isNumber: boolean },
  depth: number,
): unknown {
  const wide = (BigInt(random.below(2 ** 31)) << 32n) | BigInt(random.below(2 ** 31));
  switch (shape.kind) {
    case 'message':
      return randomMessage(random, shape.type, depth + 1);
    case 'bytes':
      return Uint8Array.from({ length: random.below(20) }, () => random.below(256));
    case 'string':
      return String.fromCodePoint(
        ...Array.from({ length: random.below(9) }, () => random.below(0xd000)),
      );
    case 'bool':
      return random.below(2) === 0;
    case 'int64':
      return shape.isNumber ? random.below(2 ** 31) - 2 ** 30 : wide - 2n ** 62n;
    case 'uint64':
      return shape.isNumber ? random.below(2 ** 31) : wide;
    case 'enum':
      return random.below(5);
    default:
      return random.below(2 ** 31);
  }
}
