/**
 * `GET /debug/top`: the largest prefixes and the busiest watches of this member, as JSON. The work is done in
 * slices beside everything else, by one survey at a time, and its result is kept for `KEPT_MS`. It shows
 * names of keys to whoever reaches the port, so it has to be allowed by a flag.
 */
import { type ByteString, type Clock, decodeUtf8, fromByteString } from '@conclave/base';
import type { HttpExtension } from '@conclave/edge';
import type { KvStore, PrefixSizes } from '@conclave/mvcc';
import type { RangeWatchers, WatchRoom, WatchersByRange } from '@conclave/watch';

const PATH = '/debug/top';
const KEPT_MS = 10_000;
const DEPTH_DEFAULT = 2;
const DEPTH_MAX = 8;
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1_000;
/** Requests that wait for the survey under way. */
const WAITERS_MAX = 64;
const REFUSAL = `${PATH} shows names of keys and reads some values; start with --enable-debug-top`;

export interface TopPorts {
  readonly store: Pick<KvStore, 'survey'>;
  readonly watches: Pick<WatchRoom, 'survey'>;
  readonly clock: Clock;
}

interface Survey {
  readonly depth: number;
  readonly atMs: number;
  readonly tookMs: number;
  readonly prefixes: PrefixSizes;
  readonly watches: WatchersByRange;
}

/** Answers of `Top.get`: null if too many wait already. */
type Answer = (survey: Survey | null) => void;

export class Top {
  readonly #ports: TopPorts;
  #kept: Survey | null = null;
  #running = false;
  #waiters: { readonly depth: number; readonly answer: Answer }[] = [];

  constructor(ports: TopPorts) {
    this.#ports = ports;
  }

  get(depth: number, answer: Answer): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const kept = this.#kept;
    if (kept !== null && kept.depth === depth && nowMs - kept.atMs < KEPT_MS) return answer(kept);
    if (this.#waiters.length >= WAITERS_MAX) return answer(null);
    this.#waiters.push({ depth, answer });
    if (!this.#running) this.#run(depth);
  }

  #run(depth: number): void {
    this.#running = true;
    const { store, watches, clock } = this.#ports;
    const startMs = clock.monotonicMs();
    store.survey(depth, (prefixes) => {
      watches.survey((found) => {
        const atMs = clock.monotonicMs();
        const survey = { depth, atMs, tookMs: atMs - startMs, prefixes, watches: found };
        this.#kept = survey;
        this.#running = false;
        const ready = this.#waiters.filter((waiter) => waiter.depth === depth);
        this.#waiters = this.#waiters.filter((waiter) => waiter.depth !== depth);
        for (const { answer } of ready) answer(survey);
        const next = this.#waiters[0];
        if (next !== undefined) this.#run(next.depth);
      });
    });
  }
}

/** The page; `top` null: it is not allowed, and says how it would be. */
export function topPage(top: Top | null): HttpExtension {
  return (request, response, path) => {
    if (path !== PATH) return false;
    const send = (status: number, body: object): void => {
      const text = `${JSON.stringify(body)}\n`;
      response.statusCode = status;
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Content-Length', Buffer.byteLength(text));
      response.end(text);
    };
    if (request.method !== 'GET') send(405, { error: 'only GET is answered' });
    else if (top === null) send(403, { error: REFUSAL });
    else {
      const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
      const depth = numberOf(query.get('depth'), DEPTH_DEFAULT, DEPTH_MAX);
      const limit = numberOf(query.get('limit'), LIMIT_DEFAULT, LIMIT_MAX);
      if (depth === null || limit === null) {
        send(400, { error: `depth is 1 to ${DEPTH_MAX}, limit 1 to ${LIMIT_MAX}` });
        return true;
      }
      top.get(depth, (survey) => {
        if (survey === null) send(429, { error: 'too many requests wait for this page' });
        else send(200, asJson(survey, limit));
      });
    }
    return true;
  };
}

/** Null: no number from 1 to `max`. */
function numberOf(text: string | null, fallback: number, max: number): number | null {
  if (text === null) return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? value : null;
}

function asJson(survey: Survey, limit: number): object {
  const { prefixes, watches } = survey;
  return {
    depth: survey.depth,
    tookMilliseconds: Math.round(survey.tookMs),
    keys: prefixes.keys,
    versions: prefixes.versions,
    prefixes: prefixes.prefixes.slice(0, limit).map((p) => ({ ...p, prefix: textOf(p.prefix) })),
    otherPrefixes: prefixes.other,
    watches: watches.ranges.slice(0, limit).map(asWatch),
    otherWatches: watches.other,
  };
}

function asWatch({ key, end, ...rest }: RangeWatchers): object {
  return {
    key: textOf(key),
    ...(end === '' ? {} : { end: end === null ? null : textOf(end) }),
    ...rest,
  };
}

/** For people: bytes that are no UTF-8 show as the replacement character. */
function textOf(bytes: ByteString): string {
  return decodeUtf8(fromByteString(bytes));
}
