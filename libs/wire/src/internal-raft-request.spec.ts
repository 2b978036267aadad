import {
  DecodeError,
  InternalRaftRequest,
  PutRequest,
  RequestField,
  RequestHeader,
  SessionOpen,
  decodeInternalRaftRequest,
  encodeInternalRaftRequest,
} from './index.js';
import { loadReflection } from './testing/reflection.js';

const HEADER = RequestHeader.create({
  ID: 2n ** 64n - 1n,
  username: 'root',
  authRevision: 7,
  session: 2n ** 63n,
  sequence: Number.MAX_SAFE_INTEGER,
  lowestUnanswered: 3,
  trace: Uint8Array.of(1, 2),
});
const PUT = PutRequest.create({ key: Uint8Array.of(1), value: new Uint8Array(3000) });

test('the request rides unchanged, and the whole message reads as protobuf has it', () => {
  const body = PutRequest.encode(PUT);
  const bytes = encodeInternalRaftRequest(HEADER, RequestField.PUT, body);
  const view = decodeInternalRaftRequest(bytes);
  expect(view).toEqual({ header: HEADER, field: RequestField.PUT, body });
  expect(InternalRaftRequest.decode(bytes)).toEqual(
    InternalRaftRequest.create({ header: HEADER, put: PUT }),
  );
});

test('a message written by the generated codec is read by the lazy decoder', () => {
  const request = InternalRaftRequest.create({ header: HEADER, sessionOpen: { session: 5n } });
  const view = decodeInternalRaftRequest(InternalRaftRequest.encode(request));
  expect(view.header).toEqual(HEADER);
  expect(view.field).toBe(RequestField.SESSION_OPEN);
  expect(SessionOpen.decode(view.body)).toEqual({ session: 5n });
});

test('every request of InternalRaftRequest has its number in RequestField', () => {
  const type = loadReflection().lookupType('etcdserverpb.InternalRaftRequest');
  const theirs = type.fieldsArray
    .filter((field) => field.name !== 'ID' && field.name !== 'header')
    .map((field) => [field.name.toUpperCase(), field.id]);
  expect(Object.fromEntries(theirs)).toEqual(RequestField);
});

test('an entry without header or request has defaults; an empty request is a request', () => {
  const none = decodeInternalRaftRequest(new Uint8Array(0));
  expect(none).toEqual({ header: RequestHeader.create(), field: 0, body: new Uint8Array(0) });
  const empty = encodeInternalRaftRequest(HEADER, RequestField.TXN, new Uint8Array(0));
  expect(decodeInternalRaftRequest(empty).field).toBe(RequestField.TXN);
  const withId = InternalRaftRequest.encode(InternalRaftRequest.create({ ID: 9n, put: PUT }));
  expect(decodeInternalRaftRequest(withId).field).toBe(RequestField.PUT);
});

test('two requests, a request of another wire type, and cut input are refused', () => {
  const two = InternalRaftRequest.encode(
    InternalRaftRequest.create({ put: PUT, sessionClose: { session: 1n } }),
  );
  expect(() => decodeInternalRaftRequest(two)).toThrow('more than one request');
  expect(() => decodeInternalRaftRequest(Uint8Array.of(0x20, 1))).toThrow('unexpected field 4');
  expect(() => decodeInternalRaftRequest(Uint8Array.of(0x12, 0))).toThrow('unexpected field 2');
  const good = encodeInternalRaftRequest(HEADER, RequestField.PUT, PutRequest.encode(PUT));
  expect(() => decodeInternalRaftRequest(good.subarray(0, good.length - 1))).toThrow(DecodeError);
});

test('messages cut from one slab do not touch each other', () => {
  const messages = Array.from({ length: 300 }, (_, i) => new Uint8Array(100).fill(i));
  const encoded = messages.map((key) => PutRequest.encode(PutRequest.create({ key })));
  encoded.forEach((bytes, i) => expect(PutRequest.decode(bytes).key).toEqual(messages[i]));
});
