/** What model clients propose, as the bytes of a log entry. Small and of fixed layout. */
import { assert } from '@conclave/base';

export const Op = { PUT: 1, DELETE: 2, ADD: 3, CAS: 4, COMPACT: 5 } as const;
export type Op = (typeof Op)[keyof typeof Op];

/** One operation of a client's session: `sequence` rises with each, repeats keep theirs. */
export interface Command {
  readonly op: Op;
  readonly client: number;
  readonly sequence: number;
  readonly key: number;
  /** The value put, the amount added, or the revision compacted at. */
  readonly value: number;
  /** CAS: the modification revision the key must have. */
  readonly expected: number;
}

export const COMMAND_BYTES = 13;

/** `padding`: zero bytes behind, so that entries differ in size. */
export function encodeCommand(command: Command, padding: number): Uint8Array {
  const { op, client, sequence, key, value, expected } = command;
  assert(client < 0x100 && sequence < 0x1_0000 && key < 0x100, 'encodeCommand: fields fit');
  const bytes = new Uint8Array(COMMAND_BYTES + padding);
  bytes[0] = op;
  bytes[1] = client;
  bytes[2] = sequence >>> 8;
  bytes[3] = sequence;
  bytes[4] = key;
  put32(bytes, 5, value);
  put32(bytes, 9, expected);
  return bytes;
}

export function decodeCommand(bytes: Uint8Array): Command {
  assert(bytes.length >= COMMAND_BYTES, 'decodeCommand: a whole command');
  return {
    op: bytes[0] as Op,
    client: bytes[1] as number,
    sequence: commandSequence(bytes),
    key: bytes[4] as number,
    value: get32(bytes, 5),
    expected: get32(bytes, 9),
  };
}

/** Fields of an encoded command, without making an object. */
export function commandClient(bytes: Uint8Array): number {
  return bytes[1] as number;
}

export function commandSequence(bytes: Uint8Array): number {
  return ((bytes[2] as number) << 8) | (bytes[3] as number);
}

export function get32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
