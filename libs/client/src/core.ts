/**
 * What the calls of one router share: settings, time, the members, the timers, the sessions. Calls
 * hold a reference to it and nothing else of the router.
 */
import type { Metadata, Probe } from '@conclave/base';
import { BACKUP_PLACE, EMPTY_METADATA, type StatusCode } from '@conclave/base';
import type { LinkEntry, MemberTable } from './member-table.js';
import type { Chance, RouterOptions } from './options.js';
import type { SessionPool } from './session.js';
import type { Timers } from './timers.js';

/** A call that waits until some member can take it. */
export interface LinkWaiter {
  /** The members changed: try again, and stop waiting if it worked. */
  retry(): void;
}

/** A stream that lives until its client ends it: the router may have to end it. */
export interface LongStream {
  /** The client asked for `hasleader`. */
  readonly wantsLeader: boolean;
  abort(code: StatusCode, message: string): void;
}

export interface RouterCore {
  readonly options: RouterOptions;
  readonly random: Chance;
  readonly probe: Probe;
  readonly table: MemberTable;
  readonly timers: Timers;
  readonly sessions: SessionPool;
  /** Calls that no member can take now; told of every change. */
  readonly waiting: Set<LinkWaiter>;
  readonly streams: Set<LongStream>;
  now(): number;
  /** The call ended; each call says so once. */
  closed(): void;
}

/** Metadata that members need. All else, above all what names a session, stays here. */
const FORWARDED: readonly string[] = [
  'token',
  'authorization',
  'client-api-version',
  'traceparent',
  'tracestate',
  BACKUP_PLACE,
];

export function forwardedMetadata(metadata: Metadata): Metadata {
  let out: Map<string, string> | null = null;
  for (const name of FORWARDED) {
    const value = metadata.get(name);
    if (value === undefined) continue;
    out ??= new Map();
    out.set(name, value);
  }
  return out ?? EMPTY_METADATA;
}

/** Etcd's fail-fast flag; Go compares the first value with `true`. */
export function wantsLeader(metadata: Metadata): boolean {
  return metadata.get('hasleader') === 'true';
}

/** Milliseconds before try number `tries` (from 1): doubling, capped, between half and whole. */
export function retryDelayMs(core: RouterCore, tries: number): number {
  const { retryDelayMs: first, retryDelayMaxMs: max } = core.options;
  const whole = Math.min(max, first * 2 ** Math.min(tries - 1, 16));
  return whole / 2 + (whole / 2) * core.random.fraction();
}

/** True when a call on `entry` should move to `other`. */
export function isBetter(core: RouterCore, other: LinkEntry | null, entry: LinkEntry): boolean {
  return other !== null && other !== entry && core.table.isGood(other, core.now());
}
