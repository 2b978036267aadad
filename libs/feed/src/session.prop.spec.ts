import { Random } from '@conclave/base';
import { FeedChecker } from './feed-checker.js';
import type { FeedItem } from './message.js';
import { Header } from './message.js';
import { Session, type SessionOptions } from './session.js';
import { keyOfSubject } from './subject.js';
import { applyTo, RESERVED, StoreModel, WatchModel } from './testing/store-model.js';
import { ConnectionModel, StreamModel, headerOf } from './testing/stream-model.js';

/**
 * Several publishers at once, none of which knows of the others, paused, killed and cut off at random
 * places; a stream that loses its end and forgets its duplicate window; a store that is compacted.
 * Judged by a consumer that knows headers only, and by the store's whole history.
 */

const OPTIONS: SessionOptions = {
  reservedPrefix: RESERVED,
  revisionChangesMax: 5,
  revisionBytesMax: 1_000,
  cluster: 0xc1n,
  prefix: 'feed',
  payloadBytesMax: 100_000,
  digest: () => '00',
  windowMessages: 6,
  windowBytes: 4_000,
  queueItemsMax: 8,
  queueBytesMax: 100_000,
  markIntervalMs: 200,
  marksWhenIdle: true,
};

class World {
  readonly random: Random;
  readonly store: StoreModel;
  readonly stream = new StreamModel();
  readonly zombies: ConnectionModel[] = [];
  readonly publishers: Publisher[];
  nowMs = 0;
  gaps = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.store = new StoreModel(this.random.fork());
    this.publishers = [1, 2, 3].map(() => new Publisher(this));
  }

  loseAll(): void {
    for (const publisher of this.publishers) publisher.lose();
    for (const zombie of this.zombies) zombie.lose();
  }
}

class Publisher {
  readonly #world: World;
  #connection: ConnectionModel | null = null;
  #watch: WatchModel | null = null;
  #session: Session | null = null;
  /** Made and not yet started: paused behind reading the end of the stream. */
  #ready: Session | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  step(): void {
    const { random } = this.#world;
    if (this.#session === null) {
      if (this.#ready === null) this.#read();
      else {
        this.#session = this.#ready;
        this.#ready = null;
        this.#session.start();
      }
      return;
    }
    const session = this.#session;
    switch (random.below(5)) {
      case 0:
      case 1:
        this.#watch?.step(random, session);
        return;
      case 2:
        this.#connection?.deliver();
        return;
      case 3:
        this.#connection?.answer();
        return;
      default:
        session.tick();
    }
  }

  #read(): void {
    const { stream, store } = this.#world;
    const connection = new ConnectionModel(stream);
    this.#connection = connection;
    const session: Session = new Session(OPTIONS, stream.tail(), store.revision, {
      nowMs: () => this.#world.nowMs,
      publish: (message, expected, done) => connection.send({ message, expected, done }),
      watch: (start) => (this.#watch = new WatchModel(store, start)),
      resumeWatch: () => this.#watch?.resume(),
      published: (_message, item: FeedItem) => {
        if (item.type === 'gap') this.#world.gaps++;
      },
      ended: () => this.#ended(),
    });
    this.#ready = session;
  }

  #ended(): void {
    this.#session = null;
    this.#ready = null;
    this.#watch = null;
    this.#connection?.drop();
    if (this.#connection !== null) this.#world.zombies.push(this.#connection);
    this.#connection = null;
  }

  /** Killed, or cut off: what it sent may still arrive. */
  cut(): void {
    this.#session?.end('failed', 'cut');
    this.#ended();
  }

  /** The server died: nothing arrives any more. */
  lose(): void {
    this.#connection?.lose();
    this.cut();
  }

  isDone(): boolean {
    const session = this.#session;
    return session !== null && session.coveredRevision === this.#world.store.revision;
  }
}

interface Faults {
  readonly tailLoss: boolean;
  readonly purge: boolean;
}

function act(world: World, faults: Faults): void {
  const { random, store, stream, publishers, zombies } = world;
  const publisher = publishers[random.below(publishers.length)] as Publisher;
  const dice = random.below(1_000);
  if (dice < 60) store.write(random.chance(0.1) ? 5 + random.below(20) : 1 + random.below(3));
  else if (dice < 64) store.compact();
  else if (dice < 72) publisher.cut();
  else if (dice < 76) stream.forget(random.below(4));
  else if (dice < 80) {
    world.loseAll();
    stream.restart(faults.tailLoss ? random.below(4) : 0, random.below(6));
  } else if (dice < 82 && faults.purge) {
    world.loseAll();
    stream.purge();
  } else if (dice < 110) world.nowMs += random.below(100);
  else if (dice < 140) zombies[random.below(zombies.length + 1)]?.deliver();
  else publisher.step();
}

/** Everything that is on its way arrives; then one publisher alone brings the stream to the end. */
function settle(world: World): void {
  for (const zombie of world.zombies) while (zombie.deliver());
  const [first, ...others] = world.publishers as [Publisher, ...Publisher[]];
  for (const other of others) other.lose();
  for (let i = 0; i < 20_000 && !first.isDone(); i++) first.step();
  expect(first.isDone()).toBe(true);
}

/** Reads the stream as a consumer would, and compares what it knows with the store. */
function judge(world: World): void {
  const { store, stream } = world;
  const checker = new FeedChecker();
  let view = new Map<string, string>();
  for (const { message, sequence } of stream.messages) {
    const header = headerOf(message);
    const verdict = checker.take(header);
    if (!verdict.ok) throw new Error(`at ${sequence}: ${verdict.fault}`);
    if (verdict.type === 'gap') {
      view = store.view(verdict.to);
      continue;
    }
    if (verdict.type === 'mark') continue;
    const key = keyOfSubject('feed', message.subject) ?? '';
    const sub = Number(header(Header.SUB));
    const told = store.at(verdict.revision).filter((c) => !c.key.startsWith(RESERVED))[sub];
    expect({ type: verdict.type, key, value: message.payload }).toEqual({
      type: told?.type,
      key: told?.key,
      value: told?.value,
    });
    if (told !== undefined) applyTo(view, told);
  }
  const complete = checker.completeRevision;
  for (let r = complete + 1; r <= store.revision; r++) {
    expect(store.at(r).filter((c) => !c.key.startsWith(RESERVED))).toEqual([]);
  }
  expect(view).toEqual(store.view(store.revision));
}

const FIRST = process.env['SEED'] === undefined ? 1 : Number(process.env['SEED']);
const SEEDS = process.env['SEED'] === undefined ? Number(process.env['SEEDS'] ?? 25) : 1;

function course(seed: number, faults: Faults): World {
  const world = new World(seed);
  try {
    for (let i = 0; i < 2_500; i++) act(world, faults);
    settle(world);
    judge(world);
  } catch (error) {
    throw new Error(`SEED=${seed}: ${(error as Error).stack}`, { cause: error });
  }
  return world;
}

describe('publishers that know nothing of each other', () => {
  test('leave a stream that is complete, ordered and free of doubles', () => {
    let [fenced, duplicates, gaps] = [0, 0, 0];
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { stream, ...world } = course(seed, { tailLoss: false, purge: false });
      fenced += stream.fenced;
      duplicates += stream.duplicates;
      gaps += world.gaps;
    }
    if (SEEDS < 20) return;
    // The courses met what they are for.
    expect(fenced).toBeGreaterThan(100);
    expect(duplicates).toBeGreaterThan(10);
    expect(gaps).toBeGreaterThan(10);
  });

  test('publish again what the server lost of the end of the stream', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      course(seed, { tailLoss: true, purge: false });
    }
  });

  test('tell a gap after an operator emptied the stream', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      course(seed, { tailLoss: false, purge: true });
    }
  });
});
