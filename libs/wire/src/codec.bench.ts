/**
 * Nanoseconds per operation of the hot messages. Run:
 *
 *     npx esbuild libs/wire/src/codec.bench.ts --bundle --platform=node \
 *       --conditions=@conclave/source --log-level=error | node
 *
 * put = one of 256 bytes; range and watch = ten of them. Best of five, after warming up on all.
 */
import {
  type Codec,
  KeyValue,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestField,
  RequestHeader,
  ResponseHeader,
  WatchResponse,
  decodeInternalRaftRequest,
  encodeInternalRaftRequest,
} from './index.js';
import { type RaftMessage, decodeRaftFrame, encodeRaftFrames } from './index.js';

const key = new TextEncoder().encode('/registry/pods/default/web-0001');
const value = new Uint8Array(256).fill(120);
const header = ResponseHeader.create({
  clusterId: 0xbabc_0932_1fff_0001n,
  memberId: 0x0628_5fa1_0987_aabcn,
  revision: 1_234_567,
  raftTerm: 12,
});
const kv = KeyValue.create({
  key,
  value,
  createRevision: 1_200_000,
  modRevision: 1_234_567,
  version: 17,
  lease: 0x3267_2222_0000_1111n,
});
const ten = Array.from({ length: 10 }, () => kv);
const put = PutRequest.create({ key, value, lease: 0x3267_2222_0000_1111n });
const range = RangeRequest.create({ key, rangeEnd: key, limit: 500, revision: 1_234_567 });
const rangeResponse = RangeResponse.create({ header, kvs: ten, count: 10 });
const watch = WatchResponse.create({
  header,
  watchId: 3,
  events: ten.map((one) => ({ type: 0, kv: one, prevKv: null })),
});

/** Written to, so that no measured call can be thought away. */
let sink = 0;

function measure(run: () => number): number {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const times = 60_000;
    const start = process.hrtime.bigint();
    for (let i = 0; i < times; i++) sink += run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / times);
  }
  return best;
}

const rows: [string, () => number, () => number][] = [];

function add<T>(name: string, codec: Codec<T>, message: T): void {
  const bytes = codec.encode(message);
  rows.push([
    name,
    () => codec.encode(message).length,
    () => (codec.decode(bytes) === null ? 1 : 0),
  ]);
}

add('ResponseHeader', ResponseHeader, header);
add('KeyValue', KeyValue, kv);
add('PutRequest', PutRequest, put);
add('RangeRequest', RangeRequest, range);
add('RangeResponse x10', RangeResponse, rangeResponse);
add('WatchResponse x10', WatchResponse, watch);

const requestHeader = RequestHeader.create({
  ID: 0x7777_0000_1111_2222n,
  session: 0xaaaa_bbbb_cccc_ddddn,
  sequence: 1_000_000,
  lowestUnanswered: 999_999,
});
const putBytes = PutRequest.encode(put);
const entryData = encodeInternalRaftRequest(requestHeader, RequestField.PUT, putBytes);
rows.push([
  'InternalRaftRequest (put)',
  () => encodeInternalRaftRequest(requestHeader, RequestField.PUT, putBytes).length,
  () => decodeInternalRaftRequest(entryData).field,
]);

const entries = Array.from({ length: 100 }, (_, i) => ({
  term: 12,
  index: 1_000_001 + i,
  type: 0 as const,
  data: entryData,
}));
const append: RaftMessage = {
  type: 1,
  from: 1,
  to: 2,
  term: 12,
  logTerm: 12,
  index: 1_000_000,
  commit: 999_990,
  reject: false,
  rejectHint: 0,
  context: 0,
  entries,
  snapshot: null,
};
const head = { clusterId: 1n << 63n, from: 77n, to: 78n };
const frame = encodeRaftFrames(head, [append])[0] as Uint8Array;
rows.push([
  'Raft frame, 100 entries',
  () => encodeRaftFrames(head, [append]).length,
  () => decodeRaftFrame(frame, 1, 2).length,
]);

for (const [, encode, decode] of rows) measure(() => encode() + decode());
for (const [name, encode, decode] of rows) {
  const [e, d] = [measure(encode), measure(decode)];
  console.log(
    `${name.padEnd(28)} encode ${e.toFixed(0).padStart(7)}  decode ${d.toFixed(0).padStart(7)}`,
  );
}
if (sink === 0) throw new Error('nothing was measured');
