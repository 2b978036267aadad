import { NO_PROBE, Random } from '@conclave/base';
import type { MvccEvent } from '@conclave/mvcc';
import type { WatchResponse } from '@conclave/wire';
import { TaskQueue } from '@conclave/testkit';
import { WatchRoom } from './index.js';
import { FakeClient, line } from './testing/client.js';
import { FakeStore, inRange } from './testing/fake-store.js';

/**
 * Random writes, compactions, snapshots, stalls, creates and cancels, judged by a naive oracle that knows the
 * whole history: events ordered, unique, whole revisions, complete or told `compacted`; filters and previous
 * values right; progress only behind everything it promises; fragments never parted.
 */

/** One watcher from `created` to its end, as the client saw it. */
interface Life {
  readonly wish: Wish;
  readonly start: number;
  /** Events of the oracle it should see from `start` on are compared one by one. */
  seen: MvccEvent[];
  ended: 'cancelled' | 'compacted' | null;
}

interface Wish {
  readonly key: string;
  readonly rangeEnd: string;
  readonly startRevision: number;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  readonly filters: number[];
  readonly watchId: number;
}

class Judge {
  readonly client: FakeClient;
  readonly #store: FakeStore;
  /** Creates not answered yet, in order. */
  readonly asked: Wish[] = [];
  readonly lives = new Map<number, Life>();
  readonly past: Life[] = [];
  closed = false;
  #checked = 0;
  #pieces: { id: number; revision: number } | null = null;
  #progress = 0;
  progressAnswers = 0;
  fragments = 0;

  constructor(client: FakeClient, store: FakeStore) {
    this.client = client;
    this.#store = store;
  }

  check(): void {
    const { responses } = this.client;
    for (; this.#checked < responses.length; this.#checked++) {
      const response = responses[this.#checked] as WatchResponse;
      try {
        this.#one(response);
      } catch (error) {
        throw new Error(`${line(response)}: ${(error as Error).message}`);
      }
    }
  }

  /** Nothing more will come: every watcher still alive has everything. */
  finish(): void {
    this.check();
    must(this.asked.length === 0 || this.closed, 'every create was answered');
    for (const life of this.lives.values()) {
      if (life.ended !== null || this.closed) continue;
      const due = this.#due(life, this.#store.revision).length;
      must(life.seen.length === due, `complete: ${life.seen.length} of ${due}`);
    }
  }

  #one(response: WatchResponse): void {
    const { watchId: id } = response;
    const revision = response.header?.revision ?? 0;
    if (this.#pieces !== null) {
      must(id === this.#pieces.id && response.events.length > 0, 'pieces come back to back');
    }
    if (response.created) this.#created(response, revision);
    else if (response.canceled) this.#canceled(response, revision);
    else if (response.events.length > 0) this.#events(response, revision);
    else if (id === -1) {
      this.progressAnswers++;
      must(this.lives.size > 0, 'progress needs a watcher');
      for (const life of this.lives.values()) {
        must(life.ended === null, 'no progress while a compacted watcher stands');
        this.#caughtUp(life, revision);
      }
    } else this.#caughtUp(this.#alive(id), revision);
  }

  #created(response: WatchResponse, revision: number): void {
    const wish = this.asked.shift();
    must(wish !== undefined, 'a create for each created');
    const { key, rangeEnd, startRevision, watchId } = wish as Wish;
    const refused =
      startRevision < 0 ||
      (rangeEnd !== '' && rangeEnd !== '\0' && rangeEnd <= key) ||
      (watchId !== 0 && this.lives.has(watchId));
    must(response.canceled === refused, 'refused as it should be');
    if (refused) return;
    must(!this.lives.has(response.watchId), 'an id in use is not given again');
    must(watchId === 0 || response.watchId === watchId, 'the id asked for');
    const start = startRevision === 0 ? revision + 1 : startRevision;
    this.lives.set(response.watchId, { wish: wish as Wish, start, seen: [], ended: null });
  }

  #canceled(response: WatchResponse, revision: number): void {
    const life = this.lives.get(response.watchId);
    must(life !== undefined, 'what is cancelled was created');
    if (life === undefined) return;
    if (response.compactRevision > 0) {
      must(life.ended === null && revision === 0, 'told once, with header revision 0');
      must(life.start < response.compactRevision || life.seen.length > 0, 'overtaken');
      life.ended = 'compacted';
      return;
    }
    life.ended ??= 'cancelled';
    this.lives.delete(response.watchId);
    this.past.push(life);
  }

  #events(response: WatchResponse, revision: number): void {
    const life = this.#alive(response.watchId);
    if (response.fragment) this.fragments++;
    must(!response.fragment || life.wish.fragment, 'pieces only where asked for');
    const due = this.#due(life, Number.MAX_SAFE_INTEGER);
    for (const event of response.events) {
      const expected = due[life.seen.length];
      must(expected !== undefined, 'no event that is not due');
      if (expected === undefined) return;
      must(
        event.kv?.modRevision === expected.main && text(event.kv.key) === expected.key,
        `the next event due is ${expected.key}@${expected.main}`,
      );
      must((event.type === 0) === (expected.type === 'put'), 'its type');
      must(expected.main <= revision, 'the header is not older than an event');
      this.#previous(life, event.prevKv, expected);
      life.seen.push(expected);
    }
    const last = life.seen[life.seen.length - 1] as MvccEvent;
    if (!response.fragment) {
      must(due[life.seen.length]?.main !== last.main, 'a revision comes whole');
    }
    this.#pieces = response.fragment ? { id: response.watchId, revision } : null;
  }

  #previous(life: Life, previous: WatchResponse['events'][0]['prevKv'], event: MvccEvent): void {
    if (previous === null) {
      const { previous: version } = event;
      const allowed =
        !life.wish.prevKv || version === null || event.main <= this.#store.compactRevision;
      must(allowed, 'a previous value is sent while it is there');
      return;
    }
    must(
      life.wish.prevKv && event.previous !== null,
      'a previous value was asked for and is there',
    );
    must(previous.modRevision === event.previous?.main, 'the previous version');
  }

  #caughtUp(life: Life, revision: number): void {
    must(revision >= this.#progress, 'progress does not go back');
    this.#progress = revision;
    must(life.wish.startRevision <= revision, 'no progress below the start');
    must((life.seen[life.seen.length - 1]?.main ?? 0) <= revision, 'progress not below events');
    const due = this.#due(life, revision).length;
    must(life.seen.length >= due, `progress behind all events: ${life.seen.length} of ${due}`);
  }

  #alive(id: number): Life {
    const life = this.lives.get(id);
    must(life !== undefined && life.ended === null, 'only to a watcher that is there');
    return life as Life;
  }

  #due(life: Life, until: number): MvccEvent[] {
    const { wish } = life;
    const range = { key: wish.key, end: wish.rangeEnd === '\0' ? null : wish.rangeEnd };
    return this.#store.events.filter(
      (event) =>
        event.main >= life.start &&
        event.main <= until &&
        inRange(event.key, range) &&
        !wish.filters.includes(event.type === 'put' ? 0 : 1),
    );
  }
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const KEYS = ['a', 'b', 'bb', 'c', 'd', 'e'];

function run(seed: number): { answers: number; fragments: number; compacted: number } {
  const random = new Random(seed);
  const turns = new TaskQueue();
  const store = new FakeStore(turns, random.fork());
  const room = new WatchRoom(
    {
      progressIntervalMs: 5,
      fragmentBytesMax: 60 + random.below(200),
      watchersPerStreamMax: 1_000,
      historyRowsMax: 1 + random.below(20),
      streamQueueBytesMax: random.chance(0.3) ? 1 : 200 + random.below(4_000),
    },
    { store: store.asStore(), scheduler: turns, probe: NO_PROBE, random: random.fork() },
  );
  const unpublished: { revision: number; events: readonly MvccEvent[] }[] = [];
  const publish = (): void => {
    const next = unpublished.shift();
    if (next !== undefined) room.publish(next.revision, next.events);
  };
  const judges: Judge[] = [];
  const write = (to: FakeStore): readonly MvccEvent[] => {
    const keys = KEYS.filter(() => random.chance(0.3));
    if (keys.length === 0) keys.push(random.pick(KEYS));
    return to.write(
      ...keys.map((key) => ({
        key,
        value: random.chance(0.3) ? null : 'v'.repeat(random.below(40)),
      })),
    );
  };
  const step: Record<string, () => void> = {
    write: () => unpublished.push({ events: write(store), revision: store.revision }),
    publish,
    turn: () => turns.runOne(),
    tick: () => room.tick(++nowMs),
    compact: () => {
      const from = Math.max(store.compactRevision + 1, store.revision - 15);
      if (from > store.revision) return;
      const revision = from + random.below(store.revision - from + 1);
      store.compact(revision);
      room.compacted(revision);
    },
    snapshot: () => {
      while (unpublished.length > 0) publish();
      const ahead = new FakeStore(turns);
      ahead.replaceBy(store);
      for (let i = random.below(6); i >= 0; i--) write(ahead);
      if (random.chance(0.3) && ahead.revision - 2 > ahead.compactRevision) {
        ahead.compact(ahead.revision - 2);
      }
      store.replaceBy(ahead);
      room.restored();
    },
    open: () => {
      if (judges.length < 6) judges.push(new Judge(new FakeClient(room), store));
    },
    close: () => {
      const judge = random.pick(judges);
      if (judges.length < 4 || judge.closed) return;
      judge.check();
      judge.closed = true;
      judge.client.stream.close();
    },
    create: () => {
      const judge = random.pick(judges);
      if (judge.closed) return;
      const key = random.pick(KEYS);
      const back = random.below(30) - 6;
      const wish: Wish = {
        key,
        rangeEnd: random.pick(['', '', '\0', 'b', 'c', 'f']),
        startRevision: random.chance(0.4) ? 0 : Math.max(-1, store.revision - back),
        prevKv: random.chance(0.4),
        fragment: random.chance(0.5),
        progressNotify: random.chance(0.5),
        filters: random.chance(0.2) ? [random.below(3)] : [],
        // -1 is a valid id too, but its answers cannot be told from those for the whole stream.
        watchId: random.pick([0, 0, 0, 0, 0, -4, -3, 1, 2, 5, 7]),
      };
      judge.asked.push(wish);
      judge.client.create(key, wish);
    },
    cancel: () => {
      const judge = random.pick(judges);
      const ids = [...judge.lives.keys()];
      if (ids.length > 0 && !judge.closed) judge.client.cancel(random.pick(ids));
    },
    progress: () => random.pick(judges).client.progress(),
    stall: () => void (random.pick(judges).client.credit = 0),
    drain: () => random.pick(judges).client.read(random.chance(0.5) ? null : 1 + random.below(5)),
  };
  const weights: [string, number][] = [
    ['write', 20], ['publish', 25], ['turn', 25], ['tick', 3], ['compact', 2], ['snapshot', 0.5],
    ['open', 1], ['close', 0.3], ['create', 6], ['cancel', 3], ['progress', 4], ['stall', 1.5],
    ['drain', 3],
  ]; // prettier-ignore
  let nowMs = 0;
  step['open']?.();
  step['open']?.();
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (let i = 0; i < 1_200; i++) {
    let at = random.fraction() * total;
    const kind = weights.find(([, weight]) => (at -= weight) < 0)?.[0] ?? 'turn';
    step[kind]?.();
    for (const judge of judges) judge.check();
  }
  while (unpublished.length > 0) publish();
  for (const judge of judges) judge.client.read(null);
  turns.run();
  for (const judge of judges) {
    judge.finish();
    const before = judge.progressAnswers;
    judge.client.progress();
    judge.check();
    const lives = [...judge.lives.values()];
    const answered =
      !judge.closed &&
      lives.length > 0 &&
      lives.every((life) => life.ended === null && life.wish.startRevision <= store.revision);
    must(judge.progressAnswers - before === (answered ? 1 : 0), 'progress at the end');
  }
  must(room.laggingCount === 0, 'nobody lags for ever');
  const all = judges.flatMap((judge) => [...judge.past, ...judge.lives.values()]);
  return {
    answers: judges.reduce((sum, judge) => sum + judge.progressAnswers, 0),
    fragments: judges.reduce((sum, judge) => sum + judge.fragments, 0),
    compacted: all.filter((life) => life.ended === 'compacted').length,
  };
}

test('any course of events: ordered, unique, whole, complete or compacted, bookmarkable', () => {
  const given = process.env['SEED'];
  const first = given === undefined ? 20_260_820 : Number(given);
  const seeds = given === undefined ? Number(process.env['SEEDS'] ?? 150) : 1;
  const reached = { answers: 0, fragments: 0, compacted: 0 };
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      const { answers, fragments, compacted } = run(seed);
      reached.answers += answers;
      reached.fragments += fragments;
      reached.compacted += compacted;
    } catch (error) {
      throw new Error(`SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  // The course must have gone through what it is meant to judge.
  if (given === undefined)
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(50);
});
