/**
 * One message of the feed: what its headers say, how it is made, and how the last one of a stream is
 * read back.
 *
 * The headers are a contract with consumers (docs/FEED.md). Each change has a place (revision, sub):
 * `sub` counts the changes of one revision from 0. `previous` is the revision that the feed told before
 * this one, so a consumer that saw it knows that nothing is missing between.
 */
import { type ByteString, EMPTY_BYTES, hexId } from '@conclave/base';
import { GAP_TOKEN, MARK_TOKEN, escapeKey, subjectOf } from './subject.js';

export const Header = {
  TYPE: 'Conclave-Type',
  REVISION: 'Conclave-Revision',
  PREVIOUS: 'Conclave-Previous',
  SUB: 'Conclave-Sub',
  COUNT: 'Conclave-Count',
  KEY: 'Conclave-Key',
  CREATE_REVISION: 'Conclave-Create-Revision',
  VERSION: 'Conclave-Version',
  LEASE: 'Conclave-Lease',
  FROM: 'Conclave-From',
  TO: 'Conclave-To',
  OMITTED: 'Conclave-Omitted',
  VALUE_BYTES: 'Conclave-Value-Bytes',
} as const;

export type FeedType = 'put' | 'delete' | 'gap' | 'mark';

/** One change of the store, as a watch tells it. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: ByteString;
  readonly value: Uint8Array;
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/** What is to be published, in order. */
export type FeedItem =
  | {
      readonly type: 'change';
      readonly change: Change;
      readonly sub: number;
      /** Changes in this revision; null while nobody knows (a very large revision). */
      readonly count: number | null;
      readonly previous: number;
    }
  /** History of [from, to] was compacted, or lost, before it could be published. */
  | { readonly type: 'gap'; readonly from: number; readonly to: number; readonly previous: number }
  /** Nothing up to `revision` that is not in the stream already. */
  | { readonly type: 'mark'; readonly revision: number; readonly previous: number };

export interface FeedMessage {
  readonly subject: string;
  readonly id: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly payload: Uint8Array;
  readonly type: FeedType;
  /** The key or the value did not fit. */
  readonly omitted: boolean;
}

/** The last message of a stream, as far as its headers tell. */
export interface Position {
  readonly cluster: string;
  readonly type: FeedType;
  readonly revision: number;
  readonly sub: number;
  readonly count: number | null;
  readonly previous: number;
}

export interface MessageOptions {
  /** Cluster id. */
  readonly cluster: bigint;
  readonly prefix: string;
  /** What the server takes for headers and payload together. */
  readonly payloadBytesMax: number;
  readonly digest: (key: ByteString) => string;
}

/** A key longer than this (escaped) is left out of the headers. */
export const KEY_HEADER_BYTES_MAX = 8_192;
/** `NATS/1.0`, and the headers that publishing adds: id, expected stream, sequence, id. */
const OWN_HEADERS_BYTES = 640;

export function itemRevision(item: FeedItem): number {
  switch (item.type) {
    case 'change':
      return item.change.revision;
    case 'gap':
      return item.to;
    case 'mark':
      return item.revision;
  }
}

/** Roughly what an item holds in memory, bytes. */
export function itemBytes(item: FeedItem): number {
  return item.type === 'change' ? 256 + item.change.key.length + item.change.value.length : 256;
}

/** `sequence`: where in the stream it will stand; it tells two marks of one revision apart. */
export function buildMessage(
  item: FeedItem,
  sequence: number,
  options: MessageOptions,
): FeedMessage {
  const cluster = hexId(options.cluster);
  const headers: [string, string][] = [];
  const add = (name: string, value: number | string): void => void headers.push([name, `${value}`]);
  if (item.type === 'change') return changeMessage(item, cluster, options);
  const revision = itemRevision(item);
  add(Header.TYPE, item.type);
  add(Header.REVISION, revision);
  add(Header.PREVIOUS, item.previous);
  if (item.type === 'gap') {
    add(Header.FROM, item.from);
    add(Header.TO, item.to);
  }
  const token = item.type === 'gap' ? GAP_TOKEN : MARK_TOKEN;
  return {
    subject: `${options.prefix}.${token}`,
    id: `${cluster}-${revision}-${item.type}-${sequence}`,
    headers,
    payload: EMPTY_BYTES,
    type: item.type,
    omitted: false,
  };
}

function changeMessage(
  item: Extract<FeedItem, { type: 'change' }>,
  cluster: string,
  options: MessageOptions,
): FeedMessage {
  const { change, sub, count, previous } = item;
  const headers: [string, string][] = [
    [Header.TYPE, change.type],
    [Header.REVISION, `${change.revision}`],
    [Header.PREVIOUS, `${previous}`],
    [Header.SUB, `${sub}`],
  ];
  if (count !== null) headers.push([Header.COUNT, `${count}`]);
  if (change.type === 'put') {
    headers.push([Header.CREATE_REVISION, `${change.createRevision}`]);
    headers.push([Header.VERSION, `${change.version}`]);
    if (change.lease !== 0n) headers.push([Header.LEASE, hexId(change.lease)]);
  }
  const name = change.key.length > KEY_HEADER_BYTES_MAX ? null : escapeKey(change.key);
  const omitted: string[] = [];
  if (name === null || name.length > KEY_HEADER_BYTES_MAX) omitted.push('key');
  else headers.push([Header.KEY, name]);
  let size = OWN_HEADERS_BYTES + change.value.length;
  for (const [key, value] of headers) size += key.length + value.length + 4;
  const tooLarge = size > options.payloadBytesMax;
  if (tooLarge) {
    omitted.push('value');
    headers.push([Header.VALUE_BYTES, `${change.value.length}`]);
  }
  if (omitted.length > 0) headers.push([Header.OMITTED, omitted.join(',')]);
  return {
    subject: subjectOf(options.prefix, change.key, options.digest),
    id: `${cluster}-${change.revision}-${sub}`,
    headers,
    payload: tooLarge ? EMPTY_BYTES : change.value,
    type: change.type,
    omitted: omitted.length > 0,
  };
}

/** Reads a header by name; '' when it is not there. */
export type HeaderReader = (name: string) => string;

function numberOf(text: string): number | null {
  if (!/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** What the headers of a message say of its place; null for one that no feed wrote. */
export function readPosition(header: HeaderReader): Position | null {
  const type = header(Header.TYPE);
  const id = /^([0-9a-f]{1,16})-\d+-/.exec(header('Nats-Msg-Id'));
  const revision = numberOf(header(Header.REVISION));
  const previous = numberOf(header(Header.PREVIOUS));
  if (id === null || revision === null || previous === null) return null;
  const cluster = id[1] as string;
  if (type === 'gap' || type === 'mark') {
    return { cluster, type, revision, sub: 0, count: 1, previous };
  }
  if (type !== 'put' && type !== 'delete') return null;
  const sub = numberOf(header(Header.SUB));
  const countText = header(Header.COUNT);
  const count = countText === '' ? null : numberOf(countText);
  if (sub === null || (countText !== '' && (count === null || sub >= count))) return null;
  return { cluster, type, revision, sub, count, previous };
}

/** Is the revision of this message wholly in the stream? */
export function isWhole(position: Position): boolean {
  return position.count !== null && position.sub + 1 === position.count;
}
