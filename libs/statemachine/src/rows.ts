/**
 * The engine rows of this room: their keys, and what is read back from a state directory.
 *
 *     'M' + name                    meta: format, applied (index, term), conf state, version, feature
 *     'm' + id(8)                   member: conclave.MemberRow
 *     'x' + id(8)                   id that was removed and never returns; empty value
 *     'a' + member(8) + alarm(8)    alarm; empty value
 *     'l' + id(8)                   lease: leasepb.Lease
 *     's' + session(8)              session: conclave.SessionRow
 *
 * Numbers are big-endian, so that rows of a kind come in order of id. The format number stands for all
 * of them; the rows of `mvcc` carry their own. A row's checksum is the engine adapter's business.
 */
import {
  type EngineReader,
  type EngineRow,
  type Index,
  NUMBER_MAX,
  type Term,
  encodeUtf8,
} from '@conclave/base';
import { type ConfState, DecodeError, type SnapshotMeta, decodeConfState } from '@conclave/wire';

/** Of all rows of this room. A state with another number is refused. */
export const STATE_FORMAT = 1;

const META = 0x4d;
const MEMBER = 0x6d;
const REMOVED = 0x78;
const ALARM = 0x61;
const LEASE = 0x6c;
const SESSION = 0x73;

/** Prefixes of the rows of this room, in the order they are loaded. */
export const ROW_KINDS = [META, ALARM, LEASE, MEMBER, SESSION, REMOVED] as const;

export const RowKind = { META, MEMBER, REMOVED, ALARM, LEASE, SESSION } as const;

export const MetaKey = {
  FORMAT: metaKey('format'),
  APPLIED: metaKey('applied'),
  CONF_STATE: metaKey('conf-state'),
  CLUSTER_VERSION: metaKey('cluster-version'),
  FEATURE: metaKey('feature'),
} as const;

function metaKey(name: string): Uint8Array {
  return encodeUtf8(`M${name}`);
}

function idKey(kind: number, ...ids: readonly bigint[]): Uint8Array {
  const key = new Uint8Array(1 + 8 * ids.length);
  const view = new DataView(key.buffer);
  key[0] = kind;
  for (let i = 0; i < ids.length; i++)
    view.setBigUint64(1 + 8 * i, BigInt.asUintN(64, ids[i] as bigint));
  return key;
}

export function memberKey(id: bigint): Uint8Array {
  return idKey(MEMBER, id);
}

export function removedKey(id: bigint): Uint8Array {
  return idKey(REMOVED, id);
}

export function alarmKey(memberId: bigint, alarm: number): Uint8Array {
  return idKey(ALARM, memberId, BigInt(alarm));
}

export function leaseKey(id: bigint): Uint8Array {
  return idKey(LEASE, id);
}

export function sessionKey(id: bigint): Uint8Array {
  return idKey(SESSION, id);
}

/** The n-th id in a row's key; null when the key has another length than `ids` ids make. */
export function keyId(key: Uint8Array, n: number, ids: number): bigint | null {
  if (key.length !== 1 + 8 * ids) return null;
  return new DataView(key.buffer, key.byteOffset, key.length).getBigUint64(1 + 8 * n);
}

/** One number as eight bytes; for meta rows. */
export function encodeNumbers(...numbers: readonly number[]): Uint8Array {
  const out = new Uint8Array(8 * numbers.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < numbers.length; i++) view.setBigUint64(8 * i, BigInt(numbers[i] as number));
  return out;
}

/** The `count` numbers of a meta row; null when its length or a number is out of range. */
export function decodeNumbers(bytes: Uint8Array, count: number): readonly number[] | null {
  if (bytes.length !== 8 * count) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    const n = view.getBigUint64(8 * i);
    if (n > BigInt(NUMBER_MAX)) return null;
    out.push(Number(n));
  }
  return out;
}

const SCAN_ROWS = 1_000;

/** Visits all rows of one kind, at most 1,000 a read. `visit` answers what is wrong with a row. */
export function scanRows(
  reader: EngineReader,
  kind: number,
  visit: (row: EngineRow) => string | null,
  done: (failure: string | null) => void,
): void {
  const hi = new Uint8Array([kind + 1]);
  const step = (lo: Uint8Array): void => {
    reader.scan(lo, hi, SCAN_ROWS, (failure, rows) => {
      if (failure !== null) return done(`${failure.code}: ${failure.message}`);
      for (const row of rows) {
        const fault = visit(row);
        if (fault !== null) return done(fault);
      }
      const last = rows[rows.length - 1];
      if (last === undefined || rows.length < SCAN_ROWS) return done(null);
      const next = new Uint8Array(last.key.length + 1);
      next.set(last.key);
      step(next);
    });
  };
  step(new Uint8Array([kind]));
}

/** What the meta rows of a state say; null fields were never written. */
export interface StateMeta {
  readonly format: number | null;
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState;
  readonly clusterVersion: Uint8Array;
  readonly feature: number;
}

export const EMPTY_CONF_STATE: ConfState = Object.freeze({
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
});

/** Reads and checks the meta rows of a state directory or of a snapshot of one. */
export function readStateMeta(
  reader: EngineReader,
  done: (failure: string | null, meta: StateMeta | null) => void,
): void {
  const keys = [
    MetaKey.FORMAT,
    MetaKey.APPLIED,
    MetaKey.CONF_STATE,
    MetaKey.CLUSTER_VERSION,
    MetaKey.FEATURE,
  ];
  reader.get(keys, (failure, values) => {
    if (failure !== null) return done(`${failure.code}: ${failure.message}`, null);
    const result = parseMeta(values);
    if (typeof result === 'string') done(result, null);
    else done(null, result);
  });
}

function parseMeta(values: readonly (Uint8Array | null)[]): StateMeta | string {
  const [format, applied, conf, version, feature] = values;
  const formats = format == null ? null : decodeNumbers(format, 1);
  if (format != null && formats === null) return 'state: format number is unreadable';
  if (formats !== null && formats[0] !== STATE_FORMAT) {
    return `state: format ${formats[0]} is unknown, this program reads format ${STATE_FORMAT}`;
  }
  if (formats === null && (applied ?? conf ?? version ?? feature) != null) {
    return 'state: no format number';
  }
  const position = applied == null ? [0, 0] : decodeNumbers(applied, 2);
  const features = feature == null ? [0] : decodeNumbers(feature, 1);
  if (position === null || features === null) return 'state: a meta row is unreadable';
  let confState = EMPTY_CONF_STATE;
  try {
    if (conf != null) confState = decodeConfState(conf);
  } catch (error) {
    if (error instanceof DecodeError) return `state: configuration: ${error.message}`;
    throw error;
  }
  return {
    format: formats === null ? null : (formats[0] as number),
    index: position[0] as number,
    term: position[1] as number,
    confState,
    clusterVersion: version ?? new Uint8Array(0),
    feature: features[0] as number,
  };
}

/**
 * Where a snapshot stands, from its own rows: what `snapshot` streams is told by the rows it streams,
 * never by memory. A state without rows is no snapshot.
 */
export function readSnapshotHead(
  reader: EngineReader,
  done: (
    failure: string | null,
    meta: (SnapshotMeta & { readonly feature: number }) | null,
  ) => void,
): void {
  readStateMeta(reader, (failure, meta) => {
    if (failure !== null || meta === null) return done(failure ?? 'state: unreadable', null);
    if (meta.format === null || meta.index === 0) return done('state: nothing applied yet', null);
    const { index, term, confState, feature } = meta;
    done(null, { index, term, confState, feature });
  });
}
