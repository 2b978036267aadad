import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Random } from '@conclave/base';
import * as protobuf from 'protobufjs';
import * as wire from './index.js';
import type { Codec } from './index.js';
import {
  type Values,
  loadReflection,
  ourShape,
  randomMessage,
  theirShape,
} from './testing/reflection.js';
import { testSeed } from './testing/seed.js';

const ROUNDS = 40;

function isCodec(value: unknown): value is Codec<Values> {
  return typeof value === 'object' && value !== null && 'typeName' in value && 'decode' in value;
}

const CODECS = new Map(
  Object.values(wire)
    .filter(isCodec)
    .map((codec) => [codec.typeName, codec]),
);

function allTypes(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((node) => [
    ...(node instanceof protobuf.Type ? [node] : []),
    ...(node instanceof protobuf.Namespace ? allTypes(node) : []),
  ]);
}

const TYPES = allTypes(loadReflection());

test('the index exports a codec for every message of the .proto files', () => {
  const names = TYPES.map((type) => type.fullName.slice(1));
  expect([...CODECS.keys()].sort()).toEqual(names.sort());
  expect(names.length).toBeGreaterThan(120);
});

describe('against protobufjs', () => {
  const seed = testSeed();
  const random = new Random(seed);
  for (const type of TYPES) {
    const name = type.fullName.slice(1);
    test(`${name} is read by both as the other wrote it (SEED=${seed})`, () => {
      const codec = CODECS.get(name) as Codec<Values>;
      for (let round = 0; round < ROUNDS; round++) {
        const message = randomMessage(type, random, 3);
        const ours = codec.encode(message);
        const theirs = type.encode(theirShape(type, message)).finish();
        expect(codec.decode(ours)).toEqual(message);
        expect(codec.decode(theirs)).toEqual(message);
        expect(ourShape(type, type.decode(ours) as unknown as Values)).toEqual(message);
      }
    });

    test(`${name} is written in place as it is written alone`, () => {
      const codec = CODECS.get(name) as Codec<Values>;
      const message = randomMessage(type, random, 3);
      const alone = codec.encode(message);
      const size = codec.sizeOf(message);
      const out = new Uint8Array(size + 10).fill(0xee);
      expect(codec.write(message, out, 5)).toBe(5 + size);
      expect(out.subarray(5, 5 + size)).toEqual(alone);
      expect([...out.subarray(0, 5), ...out.subarray(5 + size)]).toEqual(Array(10).fill(0xee));
      expect(codec.decode(out, 5, 5 + size)).toEqual(message);
    });

    test(`${name} has the defaults of an empty input`, () => {
      const codec = CODECS.get(name) as Codec<Values>;
      expect(codec.create()).toEqual(codec.decode(new Uint8Array(0)));
      expect(codec.encode(codec.create())).toHaveLength(0);
    });
  }
});

test('every method of the services carries the codecs of its request and response', () => {
  const services = loadReflection();
  for (const method of wire.METHODS) {
    const theirs = services.lookupService(method.service).methods[method.name];
    if (theirs === undefined) throw new Error(`unknown method ${method.path}`);
    expect(method.path).toBe(`/${method.service}/${method.name}`);
    theirs.resolve();
    expect(`.${method.request.typeName}`).toBe(theirs.resolvedRequestType?.fullName);
    expect(`.${method.response.typeName}`).toBe(theirs.resolvedResponseType?.fullName);
    expect(method.clientStreaming).toBe(theirs.requestStream ?? false);
    expect(method.serverStreaming).toBe(theirs.responseStream ?? false);
    expect(wire.METHODS_BY_PATH.get(method.path)).toBe(method);
  }
  expect(wire.METHODS_BY_HTTP_PATH.get('/v3/kv/lease/revoke')).toBe(wire.LeaseService.leaseRevoke);
});

test('the generated code is what the .proto files say', () => {
  const generator = join(__dirname, '../../../tools/codegen/main.mjs');
  expect(() => execFileSync(process.execPath, [generator, '--check'])).not.toThrow();
});
