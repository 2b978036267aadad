import { EMPTY_BYTES, Random, TRACE_CONTEXT_BYTES } from '@conclave/base';
import {
  PutRequest,
  RequestField,
  RequestHeader,
  decodeInternalRaftRequest,
  encodeInternalRaftRequest,
  traceOfEntry,
} from './index.js';

const BODY = PutRequest.encode(
  PutRequest.create({ key: Uint8Array.of(1), value: Uint8Array.of(2) }),
);
const CONTEXT = Uint8Array.from({ length: TRACE_CONTEXT_BYTES }, (_, i) => 200 + i);

function entry(fields: Partial<RequestHeader>): Uint8Array {
  return encodeInternalRaftRequest(RequestHeader.create(fields), RequestField.PUT, BODY);
}

test('the context is found as the decoder finds it, whatever else the header holds', () => {
  const seed = Number(process.env['SEED'] ?? 1);
  const random = new Random(seed);
  for (let i = 0; i < 2_000; i++) {
    const traced = random.fraction() < 0.5;
    const data = entry({
      ID: random.uint64(),
      username: 'u'.repeat(Math.floor(random.fraction() * 300)),
      session: random.fraction() < 0.5 ? random.uint64() : 0n,
      sequence: Math.floor(random.fraction() * 1e9),
      trace: traced ? CONTEXT : EMPTY_BYTES,
    });
    const expected = traced ? decodeInternalRaftRequest(data).header.trace : null;
    if (traced) expect(traceOfEntry(data)).toEqual(expected);
    else expect(traceOfEntry(data)).toBeNull();
  }
});

test('an entry without a header, of another kind, cut short or with another length has none', () => {
  const data = entry({ ID: 7n, trace: CONTEXT });
  expect(traceOfEntry(EMPTY_BYTES)).toBeNull();
  expect(traceOfEntry(BODY)).toBeNull();
  for (let n = 0; n < 3 + 2 + 3 + TRACE_CONTEXT_BYTES; n++) {
    expect(traceOfEntry(data.subarray(0, n))).toBeNull();
  }
  expect(traceOfEntry(entry({ ID: 7n, trace: CONTEXT.subarray(1) }))).toBeNull();
});
