/**
 * The backup file: the whole state of a member at one revision, format 1.
 *
 *     magic (16)  "conclave-backup\n"
 *     format (4), length of the head (4)
 *     head        JSON: who made it, where the state stood
 *     crc (4)     CRC-32C of all before
 *     rows        the row stream that members send each other: see row-stream.ts
 *     zeros       until only the end is missing to a multiple of 512
 *     end (512)   "conclave-backup-end\n", rows, bytes and CRC-32C of the stream, versions, hash, crc
 *     sha (32)    SHA-256 of all before; on the wire it is etcd's own last message
 *
 * Numbers are big-endian. Everything but the last 32 bytes is a multiple of 512 long, which etcd's
 * clients insist on. The end has a fixed size, so a reader finds it first and knows where rows stop.
 */
import {
  type Index,
  NUMBER_MAX,
  type Revision,
  type Term,
  assertLe,
  crc32c,
  decodeUtf8,
  encodeUtf8,
} from '@conclave/base';
import { RowParser, STREAM_START, type ParsedRows } from './row-stream.js';

export const BACKUP_FORMAT = 1;
export const BACKUP_BLOCK_BYTES = 512;
export const BACKUP_SHA_BYTES = 32;
/** A head is read in one go. */
export const BACKUP_HEAD_BYTES_MAX = 1024 * 1024;

const MAGIC = encodeUtf8('conclave-backup\n');
const END_MAGIC = encodeUtf8('conclave-backup-end\n');
const PREFIX_BYTES = MAGIC.length + 8;
const CRC_BYTES = 4;
const HAS_HASH = 1;

export interface BackupMember {
  readonly id: string;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly isLearner: boolean;
}

export interface BackupHead {
  /** 16 hex digits, drawn for each backup. */
  readonly id: string;
  /** Hex, as everywhere an operator reads ids. */
  readonly clusterId: string;
  readonly memberId: string;
  /** The last entry applied. */
  readonly index: Index;
  readonly term: Term;
  readonly revision: Revision;
  /** -1: never compacted. */
  readonly compactRevision: Revision;
  /** Format number of the rows, and the replicated feature number they are under. */
  readonly stateFormat: number;
  readonly feature: number;
  /** Of the program that made it. */
  readonly version: string;
  readonly createdMs: number;
  readonly members: readonly BackupMember[];
}

export interface BackupEnd {
  readonly rows: number;
  readonly rowBytes: number;
  readonly rowCrc: number;
  /** Stored versions of keys, tombstones included: what etcd calls total keys. */
  readonly versions: number;
  /** HashKV at the head's revision and compacted revision; null: was not known. */
  readonly hash: number | null;
}

export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly end: number }
  | { readonly ok: false; readonly text: string };

/** How long the file is without the SHA-256. */
export function backupBytes(headBytes: number, rowBytes: number): number {
  const before = headBytes + rowBytes;
  return Math.ceil(before / BACKUP_BLOCK_BYTES) * BACKUP_BLOCK_BYTES + BACKUP_BLOCK_BYTES;
}

export function encodeBackupHead(head: BackupHead): Uint8Array {
  const json = encodeUtf8(JSON.stringify(head));
  const out = new Uint8Array(PREFIX_BYTES + json.length + CRC_BYTES);
  assertLe(out.length, BACKUP_HEAD_BYTES_MAX, 'a backup head is within its bound');
  const view = new DataView(out.buffer);
  out.set(MAGIC);
  view.setUint32(MAGIC.length, BACKUP_FORMAT);
  view.setUint32(MAGIC.length + 4, json.length);
  out.set(json, PREFIX_BYTES);
  view.setUint32(out.length - CRC_BYTES, crc32c(out, 0, 0, out.length - CRC_BYTES));
  return out;
}

/** From the first bytes of a file; `end` is where the rows begin. */
export function decodeBackupHead(bytes: Uint8Array): Decoded<BackupHead> {
  if (!startsWith(bytes, MAGIC)) return refuse('it is no backup of Conclave');
  if (bytes.length < PREFIX_BYTES) return refuse('it ends inside its head');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const format = view.getUint32(MAGIC.length);
  if (format !== BACKUP_FORMAT) {
    return refuse(`backup format ${format} is unknown, this program reads ${BACKUP_FORMAT}`);
  }
  const end = PREFIX_BYTES + view.getUint32(MAGIC.length + 4) + CRC_BYTES;
  if (end > BACKUP_HEAD_BYTES_MAX) return refuse('its head is larger than any can be');
  if (bytes.length < end) return refuse('it ends inside its head');
  const crc = view.getUint32(end - CRC_BYTES);
  if (crc !== crc32c(bytes, 0, 0, end - CRC_BYTES)) return refuse('its head is damaged');
  const head = parseHead(decodeUtf8(bytes.subarray(PREFIX_BYTES, end - CRC_BYTES)));
  return head === null ? refuse('its head is unreadable') : { ok: true, value: head, end };
}

export function encodeBackupEnd(end: BackupEnd): Uint8Array {
  const out = new Uint8Array(BACKUP_BLOCK_BYTES);
  const view = new DataView(out.buffer);
  out.set(END_MAGIC);
  let at = END_MAGIC.length;
  for (const n of [end.rows, end.rowBytes, end.versions]) {
    view.setBigUint64(at, BigInt(n));
    at += 8;
  }
  view.setUint32(at, end.rowCrc);
  view.setUint32(at + 4, end.hash === null ? 0 : HAS_HASH);
  view.setUint32(at + 8, end.hash ?? 0);
  view.setUint32(out.length - CRC_BYTES, crc32c(out, 0, 0, out.length - CRC_BYTES));
  return out;
}

/** From the last block before the SHA-256. */
export function decodeBackupEnd(bytes: Uint8Array): Decoded<BackupEnd> {
  const cut = 'it was cut short, or is damaged at its end';
  if (bytes.length !== BACKUP_BLOCK_BYTES || !startsWith(bytes, END_MAGIC)) return refuse(cut);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const crc = view.getUint32(bytes.length - CRC_BYTES);
  if (crc !== crc32c(bytes, 0, 0, bytes.length - CRC_BYTES)) return refuse(cut);
  const numbers: number[] = [];
  let at = END_MAGIC.length;
  for (; numbers.length < 3; at += 8) {
    const n = view.getBigUint64(at);
    if (n > BigInt(NUMBER_MAX)) return refuse(cut);
    numbers.push(Number(n));
  }
  const [rows, rowBytes, versions] = numbers as [number, number, number];
  const rowCrc = view.getUint32(at);
  const hash = view.getUint32(at + 4) === HAS_HASH ? view.getUint32(at + 8) : null;
  return { ok: true, value: { rows, rowBytes, rowCrc, versions, hash }, end: bytes.length };
}

/** Reads the rows of a file, piece by piece, and says at the end whether they are what they should be. */
export class BackupRows {
  readonly #end: BackupEnd;
  readonly #parser: RowParser;

  constructor(end: BackupEnd, rowBytesMax: number) {
    this.#end = end;
    this.#parser = new RowParser(STREAM_START, rowBytesMax);
  }

  /** The rows that `data` completes, as views. */
  push(data: Uint8Array): ParsedRows {
    return this.#parser.push(data);
  }

  /** After the last piece: null, or what is wrong. */
  finish(): string | null {
    const { rows, bytes, crc } = this.#parser.position;
    const { rows: rowsMax, rowBytes, rowCrc } = this.#end;
    const same = rows === rowsMax && bytes === rowBytes && crc === rowCrc && this.#parser.whole;
    return same ? null : 'its rows are not those that were saved';
  }
}

function parseHead(text: string): BackupHead | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const hex = (name: string): boolean => /^[0-9a-f]{1,16}$/.test(String(fields[name]));
  const number = (name: string, min: number): boolean =>
    Number.isSafeInteger(fields[name]) && (fields[name] as number) >= min;
  if (typeof fields !== 'object' || fields === null) return null;
  if (!hex('id') || !hex('clusterId') || !hex('memberId')) return null;
  for (const name of ['index', 'term', 'revision', 'stateFormat', 'feature', 'createdMs']) {
    if (!number(name, 0)) return null;
  }
  if (!number('compactRevision', -1) || typeof fields['version'] !== 'string') return null;
  if (!Array.isArray(fields['members'])) return null;
  return fields as unknown as BackupHead;
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

function refuse(text: string): { readonly ok: false; readonly text: string } {
  return { ok: false, text };
}
