/**
 * The heads of watch messages: what the router must know of them, and the few changes it makes. Event
 * payloads are skipped, never decoded.
 *
 * A change appends fields behind the message: for a singular field protobuf takes the last value.
 */
import { Scanner, pushVarintField, withFields, wrapField } from './scan.js';

export type WatchRequestHead =
  | { readonly type: 'create'; readonly lo: number; readonly hi: number }
  | { readonly type: 'cancel'; readonly watchId: number }
  | { readonly type: 'progress' }
  | { readonly type: 'unknown' }
  | { readonly type: 'bad' };

/** Which request of the union this is; of several the last counts, as for etcd. */
export function readWatchRequest(bytes: Uint8Array): WatchRequestHead {
  const scan = new Scanner(bytes);
  let head: WatchRequestHead = { type: 'unknown' };
  while (scan.next()) {
    if (scan.field === 1) head = { type: 'create', lo: scan.lo, hi: scan.hi };
    else if (scan.field === 2) {
      const watchId = varintField(bytes, scan.lo, scan.hi, 1);
      if (watchId === null) return { type: 'bad' };
      head = { type: 'cancel', watchId };
    } else if (scan.field === 3) head = { type: 'progress' };
  }
  return scan.bad ? { type: 'bad' } : head;
}

/** The last value of a varint field, 0 when missing, null when the bytes are malformed. */
function varintField(bytes: Uint8Array, lo: number, hi: number, field: number): number | null {
  const scan = new Scanner(bytes, lo, hi);
  let value = 0;
  while (scan.next()) if (scan.field === field) value = scan.value;
  return scan.bad ? null : value;
}

export interface WatchCreateHead {
  readonly startRevision: number;
  /** 0: the server picks one. */
  readonly watchId: number;
}

/** Of a WatchCreateRequest in `bytes[lo, hi)`; null when malformed. */
export function readWatchCreate(bytes: Uint8Array, lo: number, hi: number): WatchCreateHead | null {
  const scan = new Scanner(bytes, lo, hi);
  let startRevision = 0;
  let watchId = 0;
  while (scan.next()) {
    if (scan.field === 3) startRevision = scan.value;
    else if (scan.field === 7) watchId = scan.value;
  }
  return scan.bad ? null : { startRevision, watchId };
}

/** A WatchRequest that creates `create` (a WatchCreateRequest) with this id and start. */
export function createRequest(create: Uint8Array, watchId: number, start: number): Uint8Array {
  const extra: number[] = [];
  pushVarintField(extra, 3, start);
  pushVarintField(extra, 7, watchId);
  return wrapField(1, withFields(create, 0, create.length, extra));
}

export function cancelRequest(watchId: number): Uint8Array {
  const body: number[] = [];
  pushVarintField(body, 1, watchId);
  return wrapField(2, Uint8Array.from(body));
}

/** A WatchRequest that asks for progress: field 3, empty. */
export function progressRequest(): Uint8Array {
  return Uint8Array.of(3 * 8 + 2, 0);
}

export interface WatchResponseHead {
  /** The ResponseHeader is `bytes[headerLo, headerHi)`. */
  readonly headerLo: number;
  readonly headerHi: number;
  readonly revision: number;
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly fragment: boolean;
  readonly events: number;
  /** Revision of the last event, 0 without events. */
  readonly lastRevision: number;
}

/** Null when the bytes are malformed. */
export function readWatchResponse(bytes: Uint8Array): WatchResponseHead | null {
  const scan = new Scanner(bytes);
  const head = {
    headerLo: 0,
    headerHi: 0,
    revision: 0,
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    fragment: false,
    events: 0,
    lastRevision: 0,
  };
  let lastLo = 0;
  let lastHi = 0;
  while (scan.next()) {
    switch (scan.field) {
      case 1:
        head.headerLo = scan.lo;
        head.headerHi = scan.hi;
        break;
      case 2:
        head.watchId = scan.value;
        break;
      case 3:
        head.created = scan.value !== 0;
        break;
      case 4:
        head.canceled = scan.value !== 0;
        break;
      case 5:
        head.compactRevision = scan.value;
        break;
      case 7:
        head.fragment = scan.value !== 0;
        break;
      case 11:
        head.events++;
        lastLo = scan.lo;
        lastHi = scan.hi;
        break;
      default:
    }
  }
  if (scan.bad) return null;
  const revision = varintField(bytes, head.headerLo, head.headerHi, 3);
  const last = head.events === 0 ? 0 : eventRevision(bytes, lastLo, lastHi);
  if (revision === null || last === null) return null;
  head.revision = revision;
  head.lastRevision = last;
  return head;
}

/** `kv.mod_revision` of an Event. */
function eventRevision(bytes: Uint8Array, lo: number, hi: number): number | null {
  const scan = new Scanner(bytes, lo, hi);
  let revision: number | null = 0;
  while (scan.next()) {
    if (scan.field === 2) revision = varintField(bytes, scan.lo, scan.hi, 3);
    if (revision === null) return null;
  }
  return scan.bad ? null : revision;
}

/** How many events of `revision` the message has. */
export function countEventsAt(bytes: Uint8Array, revision: number): number {
  const scan = new Scanner(bytes);
  let count = 0;
  while (scan.next()) {
    if (scan.field === 11 && eventRevision(bytes, scan.lo, scan.hi) === revision) count++;
  }
  return count;
}

/** The message without its first `count` events of `revision`. */
export function dropEvents(
  bytes: Uint8Array,
  revision: number,
  count: number,
): { readonly message: Uint8Array; readonly dropped: number } {
  const out = new Uint8Array(bytes.length);
  const scan = new Scanner(bytes);
  let at = 0;
  let dropped = 0;
  while (scan.next()) {
    const isEvent = scan.field === 11 && dropped < count;
    if (isEvent && eventRevision(bytes, scan.lo, scan.hi) === revision) {
      dropped++;
      continue;
    }
    out.set(bytes.subarray(scan.tagAt, scan.at), at);
    at += scan.at - scan.tagAt;
  }
  return { message: out.subarray(0, at), dropped };
}

/** A failed re-creation, as the client must see it: its watcher was cancelled. */
export function asCancelOf(bytes: Uint8Array, watchId: number): Uint8Array {
  const extra: number[] = [];
  pushVarintField(extra, 2, watchId);
  pushVarintField(extra, 3, 0);
  pushVarintField(extra, 4, 1);
  return withFields(bytes, 0, bytes.length, extra);
}

/** The answer to a cancel that the member can no longer give. `header`: a ResponseHeader. */
export function cancelResponse(header: Uint8Array, revision: number, watchId: number): Uint8Array {
  const withRevision: number[] = [];
  pushVarintField(withRevision, 3, revision);
  const message = wrapField(1, withFields(header, 0, header.length, withRevision));
  return asCancelOf(message, watchId);
}

/** A create that the router refuses itself: `created` and `canceled` at once, id -1. */
export function refusedCreate(header: Uint8Array, reason: string): Uint8Array {
  const fields: number[] = [];
  pushVarintField(fields, 2, -1);
  pushVarintField(fields, 3, 1);
  pushVarintField(fields, 4, 1);
  const head = wrapField(1, header);
  const text = wrapField(
    6,
    Uint8Array.from(reason, (c) => c.charCodeAt(0)),
  );
  return withFields(withFields(head, 0, head.length, fields), 0, head.length + fields.length, [
    ...text,
  ]);
}
