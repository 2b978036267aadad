/** Protobuf bytes by hand, for messages that no encoder would write. */
import { concatBytes } from '@conclave/base';

export const WIRE = { VARINT: 0, I64: 1, LENGTH: 2, GROUP: 3, END_GROUP: 4, I32: 5 } as const;

export function varint(value: number | bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

export function tag(field: number, wireType: number): Uint8Array {
  return varint((BigInt(field) << 3n) | BigInt(wireType));
}

export function varintField(field: number, value: number | bigint): Uint8Array {
  return concatBytes([tag(field, WIRE.VARINT), varint(value)]);
}

export function bytesField(field: number, bytes: Uint8Array | string): Uint8Array {
  const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return concatBytes([tag(field, WIRE.LENGTH), varint(body.length), body]);
}

export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return concatBytes(fields);
}

/** `count` times the same bytes. */
export function repeated(bytes: Uint8Array, count: number): Uint8Array {
  const out = new Uint8Array(bytes.length * count);
  for (let i = 0; i < count; i++) out.set(bytes, i * bytes.length);
  return out;
}
