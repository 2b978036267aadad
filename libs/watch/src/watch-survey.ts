/**
 * Which ranges are watched, by how many, and what was sent to them: for the operator who looks for what
 * loads a member. Visits the open watchers in slices, each in a turn of its own. At most `RANGES_MAX`
 * ranges are told apart; watchers of further ones are summed up as `other`.
 */
import type { ByteString, Scheduler } from '@conclave/base';
import type { Stream } from './stream.js';
import type { Watcher } from './watcher.js';

const WATCHERS_A_SLICE = 4_096;
const RANGES_MAX = 10_000;

export interface RangeWatchers {
  readonly key: ByteString;
  /** Half-open; null: to the end of all keys; '': just `key`. */
  readonly end: ByteString | null;
  watchers: number;
  /** Of these, those that read history or wait for room. */
  lagging: number;
  /** Sent to the watchers open now, since each was created. */
  events: number;
  bytes: number;
}

export interface WatchersByRange {
  /** Most bytes first. */
  readonly ranges: readonly RangeWatchers[];
  readonly other: { readonly watchers: number };
}

export function surveyWatchers(
  streams: ReadonlySet<Stream>,
  scheduler: Scheduler,
  done: (found: WatchersByRange) => void,
): void {
  const found = new Map<string, RangeWatchers>();
  const other = { watchers: 0 };
  // Streams that close meanwhile are left out, those that open come last.
  const open = streams.values();
  let watchers: Iterator<Watcher> | null = null;
  const slice = (): void => {
    for (let n = 0; n < WATCHERS_A_SLICE; n++) {
      const next: IteratorResult<Watcher> | undefined = watchers?.next();
      if (next !== undefined && next.done !== true) {
        add(found, other, next.value);
        continue;
      }
      const stream = open.next();
      if (stream.done === true) {
        const ranges = [...found.values()].sort((a, b) => b.bytes - a.bytes);
        return done({ ranges, other });
      }
      watchers = stream.value.watchers[Symbol.iterator]();
    }
    scheduler.yieldTo(slice);
  };
  slice();
}

function add(
  found: Map<string, RangeWatchers>,
  other: { watchers: number },
  watcher: Watcher,
): void {
  const { key, end } = watcher;
  // The length keeps two ranges apart whatever bytes they hold.
  const name = `${key.length}:${key}${end === null ? '' : `:${end}`}`;
  let range = found.get(name);
  if (range === undefined) {
    if (found.size >= RANGES_MAX) {
      other.watchers++;
      return;
    }
    range = { key, end, watchers: 0, lagging: 0, events: 0, bytes: 0 };
    found.set(name, range);
  }
  range.watchers++;
  if (watcher.state === 'lagging') range.lagging++;
  range.events += watcher.events;
  range.bytes += watcher.bytes;
}
