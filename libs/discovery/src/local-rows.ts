/**
 * The rows of a `LocalStore`. Values are JSON; the engine adds a checksum to each row.
 *
 *     meta              {"format":1,"index":17}
 *     t/<token>         {"size":3,"sizeIndex":4,"createdMs":1764000000000,"ttlMs":604800000,"removedIndex":0}
 *     m/<token>/<id>    {"value":"n1=http://10.0.0.1:2380","createdIndex":5,"modifiedIndex":5}
 */
import { ConclaveError, decodeUtf8, encodeUtf8 } from '@conclave/base';

export const REGISTRY_FORMAT = 1;
export const META_KEY = encodeUtf8('meta');

export interface MetaRow {
  readonly format: number;
  readonly index: number;
}

export interface TokenRow {
  readonly size: number;
  readonly sizeIndex: number;
  readonly createdMs: number;
  readonly ttlMs: number;
  readonly removedIndex: number;
}

export interface MemberRow {
  readonly value: string;
  readonly createdIndex: number;
  readonly modifiedIndex: number;
}

export function tokenKey(token: string): Uint8Array {
  return encodeUtf8(`t/${token}`);
}

export function memberKey(token: string, id: string): Uint8Array {
  return encodeUtf8(`m/${token}/${id}`);
}

/** `[lo, hi)` of a token's members: no id holds a `/`, and `0` is the byte behind it. */
export function memberRange(token: string): { lo: Uint8Array; hi: Uint8Array } {
  return { lo: encodeUtf8(`m/${token}/`), hi: encodeUtf8(`m/${token}0`) };
}

export function encodeRow(row: MetaRow | TokenRow | MemberRow): Uint8Array {
  return encodeUtf8(JSON.stringify(row));
}

function corrupt(key: string, why: string): ConclaveError {
  return new ConclaveError('corrupt', `the registry's row ${key} is corrupt: ${why}`);
}

function fields(key: string, bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    throw corrupt(key, (error as Error).message);
  }
  if (typeof parsed !== 'object' || parsed === null) throw corrupt(key, 'it is no object');
  return parsed as Record<string, unknown>;
}

function numberOf(key: string, row: Record<string, unknown>, name: string): number {
  const value = row[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw corrupt(key, `${name} is no number`);
  }
  return value;
}

/** Throws `corrupt` or `unknown-format`. */
export function decodeMeta(bytes: Uint8Array): MetaRow {
  const row = fields('meta', bytes);
  const format = numberOf('meta', row, 'format');
  if (format !== REGISTRY_FORMAT) {
    const text = `the registry has unknown format ${format}, this program knows ${REGISTRY_FORMAT}`;
    throw new ConclaveError('unknown-format', text);
  }
  return { format, index: numberOf('meta', row, 'index') };
}

export function decodeToken(key: string, bytes: Uint8Array): TokenRow {
  const row = fields(key, bytes);
  return {
    size: numberOf(key, row, 'size'),
    sizeIndex: numberOf(key, row, 'sizeIndex'),
    createdMs: numberOf(key, row, 'createdMs'),
    ttlMs: numberOf(key, row, 'ttlMs'),
    removedIndex: numberOf(key, row, 'removedIndex'),
  };
}

export function decodeMember(key: string, bytes: Uint8Array): MemberRow {
  const row = fields(key, bytes);
  const { value } = row;
  if (typeof value !== 'string') throw corrupt(key, 'value is no text');
  return {
    value,
    createdIndex: numberOf(key, row, 'createdIndex'),
    modifiedIndex: numberOf(key, row, 'modifiedIndex'),
  };
}
