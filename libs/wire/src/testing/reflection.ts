/**
 * Reads our .proto files a second time, with protobufjs, so that generated code is judged by
 * somebody else's parser and codec; and draws random messages by that reflection. For tests only.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '@conclave/base';
import * as protobuf from 'protobufjs';

const PROTO_DIR = join(__dirname, '../../proto');

export type Values = Record<string, unknown>;

/** All our packages in one protobufjs root; field names as written in the files. */
export function loadReflection(): protobuf.Root {
  const root = new protobuf.Root();
  for (const name of readdirSync(PROTO_DIR).sort()) {
    if (name === 'options.proto' || !name.endsWith('.proto')) continue;
    protobuf.parse(readFileSync(join(PROTO_DIR, name), 'utf8'), root, { keepCase: true });
  }
  root.resolveAll();
  return root;
}

/** Our property name of a field; the rule, stated a second time. */
export function propertyOf(field: string): string {
  const parts = field.split('_');
  const first = parts[0] as string;
  const head = /[a-z]/.test(first) ? first.charAt(0).toLowerCase() + first.slice(1) : first;
  const tail = parts.slice(1).map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  return head + tail.join('');
}

const TEXTS = ['', 'a', 'root', 'schlüssel', '日本', '\u{1f511}', 'x'.repeat(200)];
const INTEGERS = [0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 32, 2 ** 42, 2 ** 49, 2 ** 53 - 1];
const BIGINTS = [0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 35n, 2n ** 56n, 2n ** 63n - 1n];

function randomBytes(random: Random): Uint8Array {
  const length = random.pick([0, 1, 8, 23, 24, 25, 127, 128, 300]);
  return Uint8Array.from({ length }, () => random.below(256));
}

function isNumber(field: protobuf.Field): boolean {
  return field.options?.['jstype'] === 'JS_NUMBER';
}

function randomScalar(field: protobuf.Field, random: Random): unknown {
  if (field.resolvedType instanceof protobuf.Enum) return random.below(6);
  switch (field.type) {
    case 'bytes':
      return randomBytes(random);
    case 'string':
      return random.pick(TEXTS);
    case 'bool':
      return random.chance(0.5);
    case 'uint32':
      return random.pick([0, 1, 300, 2 ** 31, 2 ** 32 - 1]);
    case 'int64':
      if (isNumber(field)) return random.pick(INTEGERS) * random.pick([1, 1, -1]) || 0;
      return random.pick([...BIGINTS, -1n, -(2n ** 63n), random.uint64() / 2n]);
    case 'uint64':
      if (isNumber(field)) return random.pick(INTEGERS);
      return random.pick([...BIGINTS, 2n ** 64n - 1n, random.uint64()]);
    default:
      throw new Error(`a type our files do not use: ${field.type}`);
  }
}

function randomValue(field: protobuf.Field, random: Random, depth: number): unknown {
  const type = field.resolvedType;
  return type instanceof protobuf.Type
    ? randomMessage(type, random, depth - 1)
    : randomScalar(field, random);
}

/** A message of ours, in our shape. */
export function randomMessage(type: protobuf.Type, random: Random, depth: number): Values {
  const out: Values = {};
  const fields = Object.values(type.fields).sort((a, b) => a.id - b.id);
  for (const field of fields) {
    const isMessage = field.resolvedType instanceof protobuf.Type;
    const oneof = field.partOf;
    if (oneof !== null) {
      const slot = propertyOf(oneof.name);
      out[slot] ??= null;
      const picked = out[slot] === null && random.chance(0.4) && (depth > 0 || !isMessage);
      if (!picked) continue;
      const name = propertyOf(field.name);
      out[slot] = { $case: name, [name]: randomValue(field, random, depth) };
    } else if (field.repeated) {
      const count = isMessage && depth <= 0 ? 0 : random.below(4);
      out[propertyOf(field.name)] = Array.from({ length: count }, () =>
        randomValue(field, random, depth),
      );
    } else if (isMessage) {
      const some = depth > 0 && random.chance(0.7);
      out[propertyOf(field.name)] = some ? randomValue(field, random, depth) : null;
    } else out[propertyOf(field.name)] = randomScalar(field, random);
  }
  return out;
}

function toTheirs(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) {
    return theirShape(field.resolvedType, value as Values);
  }
  if (typeof value === 'bigint' || (typeof value === 'number' && field.type.endsWith('64'))) {
    const unsigned = field.type === 'uint64';
    const bits = BigInt.asUintN(64, BigInt(value));
    return { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned };
  }
  return value;
}

/** Our message as protobufjs takes it: absent instead of null, Long instead of bigint. */
export function theirShape(type: protobuf.Type, message: Values): Values {
  const out: Values = {};
  for (const field of Object.values(type.fields)) {
    let value = message[propertyOf(field.name)];
    if (field.partOf !== null) {
      const union = message[propertyOf(field.partOf.name)] as Values | null;
      if (union?.['$case'] !== propertyOf(field.name)) continue;
      value = union[propertyOf(field.name)];
    } else if (value === null) continue;
    out[field.name] = field.repeated
      ? (value as unknown[]).map((item) => toTheirs(field, item))
      : toTheirs(field, value);
  }
  return out;
}

function fromTheirs(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) {
    return ourShape(field.resolvedType, value as Values);
  }
  if (field.type.endsWith('64')) {
    return isNumber(field) ? Number(String(value)) : BigInt(String(value));
  }
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}

/** What protobufjs decoded, in our shape, proto3's defaults filled in. */
export function ourShape(type: protobuf.Type, message: Values): Values {
  const out: Values = {};
  for (const field of Object.values(type.fields).sort((a, b) => a.id - b.id)) {
    const has = Object.hasOwn(message, field.name);
    const value = message[field.name];
    if (field.partOf !== null) {
      const slot = propertyOf(field.partOf.name);
      const name = propertyOf(field.name);
      out[slot] ??= null;
      if (has) out[slot] = { $case: name, [name]: fromTheirs(field, value) };
    } else if (field.repeated) {
      out[propertyOf(field.name)] = ((value ?? []) as unknown[]).map((v) => fromTheirs(field, v));
    } else if (field.resolvedType instanceof protobuf.Type) {
      out[propertyOf(field.name)] = has && value !== null ? fromTheirs(field, value) : null;
    } else if (field.type === 'bytes') {
      out[propertyOf(field.name)] = has ? fromTheirs(field, value) : new Uint8Array(0);
    } else out[propertyOf(field.name)] = fromTheirs(field, value);
  }
  return out;
}
