import {
  type EngineOp,
  type EngineReader,
  NO_PROBE,
  Random,
  crc32c,
  decodeUtf8,
  encodeUtf8,
} from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  DecodeError,
  type LinkFrame,
  type SnapshotAckFrame,
  type SnapshotBeginFrame,
  type SnapshotChunkFrame,
  type SnapshotEndFrame,
  type SnapshotMeta,
  decodeLinkFrames,
  encodeLinkFrames,
} from '@conclave/wire';
import {
  NO_PACE,
  type OutgoingEvents,
  type OutgoingStream,
  PROGRESS_KEY,
  type Pace,
  type ReceivedState,
  type SnapshotHead,
  SnapshotReceiver,
  type SnapshotReceiverOptions,
  SnapshotSender,
  type SnapshotSenderOptions,
} from './index.js';

/**
 * Both ends over a loopback that encodes every frame, with a hook that may change, drop or cut; engines in
 * memory that lose on a crash what was not flushed.
 */
const CONF = {
  voters: [1n, 2n],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

function meta(index: number): SnapshotMeta {
  return { index, term: 3, confState: CONF };
}

/** The head is one row, `M` and the index in decimal. */
function readHead(
  reader: EngineReader,
  done: (failure: string | null, head: SnapshotHead | null) => void,
): void {
  reader.get([encodeUtf8('Mhead')], (failure, values) => {
    const value = values[0];
    if (failure !== null || value == null) return done('no head', null);
    const [index, feature] = decodeUtf8(value).split(' ').map(Number);
    done(null, { ...meta(index as number), feature: feature as number });
  });
}

type DataFrame = SnapshotBeginFrame | SnapshotChunkFrame | SnapshotEndFrame;
/** What becomes of a frame: itself, another, several, none, or the end of the connection. */
type Hook = (frame: DataFrame, sent: number) => readonly DataFrame[] | 'cut';

class World {
  readonly turns = new TaskQueue();
  readonly source = new MemoryEngine(this.turns);
  readonly random = new Random(Number(process.env['SEED'] ?? 20_260_840));
  receiver: SnapshotReceiver;
  readonly sender: SnapshotSender;
  hook: Hook = (frame) => [frame];
  ackHook: (frame: SnapshotAckFrame) => boolean = () => true;
  /** Ends the last connection; what was on its way is lost. */
  cut: () => void = () => {};
  sent = 0;
  connections = 0;
  /** Numbers of the chunks that were sent. */
  readonly chunks: number[] = [];
  readonly acks: SnapshotAckFrame[] = [];
  readonly states: { state: ReceivedState; engine: MemoryEngine }[] = [];
  readonly discarded: number[] = [];
  applied = 0;
  pace: Pace = NO_PACE;
  indexMin = 0;
  rowsSeen = 0;

  constructor(
    readonly senderOptions: Partial<SnapshotSenderOptions> = {},
    readonly receiverOptions: Partial<SnapshotReceiverOptions> = {},
  ) {
    this.receiver = this.newReceiver();
    this.sender = new SnapshotSender(
      {
        clusterId: 7n,
        chunkBytes: 200,
        keptMax: 2,
        keptTicks: 20,
        silenceTicksMax: 10,
        attemptsMax: 1_000,
        retryTicks: 1,
        ...senderOptions,
      },
      {
        snapshot: () => this.source.snapshot(),
        readHead,
        indexMin: () => this.indexMin,
        open: (_to, events) => this.connect(events),
        pace: (bytes, goOn) => this.pace(bytes, goOn),
        random: this.random,
        probe: NO_PROBE,
      },
    );
  }

  newReceiver(): SnapshotReceiver {
    return new SnapshotReceiver(
      {
        clusterId: 7n,
        feature: 5,
        rowBytesMax: 10_000,
        creditChunks: 3,
        flushBytes: 500,
        keptTicks: 50,
        ...this.receiverOptions,
      },
      {
        fresh: (done) => {
          const engine = new MemoryEngine(this.turns);
          const state = { stateNumber: this.states.length + 2, engine };
          this.states.push({ state, engine });
          this.turns.yieldTo(() => done(null, state));
        },
        discard: (state) => void this.discarded.push(state.stateNumber),
        readHead,
        judge: (m) => (m.index <= this.applied ? 'this member is past it' : null),
        probe: NO_PROBE,
      },
    );
  }

  fill(index: number, rows = 40, valueBytes = 30, feature = 1): void {
    const ops: EngineOp[] = [
      { type: 'put', key: encodeUtf8('Mhead'), value: encodeUtf8(`${index} ${feature}`) },
    ];
    for (let i = 0; i < rows; i++) {
      const key = encodeUtf8(`v${String(i).padStart(5, '0')}`);
      ops.push({ type: 'put', key, value: new Uint8Array(valueBytes).fill(i + index) });
    }
    this.write(...ops);
  }

  write(...ops: EngineOp[]): void {
    this.source.write(ops, () => {});
    this.turns.run();
  }

  connect(events: OutgoingEvents, receiver = this.receiver): OutgoingStream {
    this.connections++;
    let open = true;
    const turns = this.turns;
    const end = (reason: string): void => {
      if (!open) return;
      open = false;
      turns.yieldTo(() => {
        events.closed(reason);
        incoming.closed(reason);
      });
    };
    this.cut = () => end('cut');
    const incoming = receiver.accept(1n, {
      ack: (frame) => {
        this.acks.push(frame);
        const bytes = encodeLinkFrames([frame]);
        turns.yieldTo(() => {
          if (open && this.ackHook(frame)) events.ack(one(bytes) as SnapshotAckFrame);
        });
      },
      close: end,
    });
    const deliver = (frame: LinkFrame): void => {
      if (frame.type === 'snapshot-begin') incoming.begin(frame);
      else if (frame.type === 'snapshot-chunk') incoming.chunk(frame);
      else if (frame.type === 'snapshot-end') incoming.end(frame);
    };
    // As `link` does: what the decoder refuses ends the connection.
    const arrive = (bytes: Uint8Array): void => {
      try {
        deliver(one(bytes));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        end(error.message);
      }
    };
    turns.yieldTo(() => open && events.opened());
    return {
      send: (frame) => {
        if (!open) return true;
        if (frame.type === 'snapshot-chunk') this.chunks.push(frame.number);
        const result = this.hook(frame, this.sent++);
        if (result === 'cut') end('cut');
        else {
          for (const f of result) {
            const bytes = encodeLinkFrames([f]);
            turns.yieldTo(() => open && arrive(bytes));
          }
        }
        // Now and then the connection is behind.
        if (!this.random.chance(0.3)) return true;
        turns.yieldTo(() => events.drained());
        return false;
      },
      close: end,
    };
  }

  /** Runs turns and ticks until the sending ends or `ticks` have passed. */
  send(ticks = 200): SnapshotMeta | null | undefined {
    let result: SnapshotMeta | null | undefined;
    this.sender.send(2n, (m) => (result = m));
    for (let i = 0; i < ticks && result === undefined; i++) this.tick();
    return result;
  }

  tick(): void {
    this.turns.run();
    this.sender.tick();
    this.receiver.tick();
    this.turns.run();
  }

  /** The received state has all rows of `source` and no other; hands it over. */
  expectReceived(index: number): void {
    const state = this.receiver.take(meta(index));
    expect(state).not.toBeNull();
    expect(dump((state as ReceivedState).engine as MemoryEngine)).toEqual(dump(this.source));
    expect(this.receiver.take(meta(index))).toBeNull();
  }
}

function one(bytes: Uint8Array): LinkFrame {
  return decodeLinkFrames(bytes)[0] as LinkFrame;
}

function dump(engine: MemoryEngine): string[] {
  return engine.dump().map((r) => `${Buffer.from(r.key)}=${Buffer.from(r.value).toString('hex')}`);
}

describe('a whole stream', () => {
  test('brings every row, verified, and leaves nothing behind', () => {
    const world = new World();
    world.fill(10);
    expect(world.send()).toEqual(meta(10));
    expect(world.connections).toBe(1);
    expect(world.chunks.length).toBeGreaterThan(5);
    expect([world.sender.held, world.source.openSnapshots]).toEqual([0, 0]);
    world.expectReceived(10);
    expect(world.discarded).toEqual([]);
  });

  test('is of one moment: what is written meanwhile is not in it', () => {
    const world = new World();
    world.fill(10);
    const before = dump(world.source);
    world.hook = (frame, sent) => {
      if (sent === 4) {
        world.source.write([{ type: 'delete', key: encodeUtf8('v00001') }], () => {});
      }
      return [frame];
    };
    world.send();
    const state = world.receiver.take(meta(10));
    expect(dump(state?.engine as MemoryEngine)).toEqual(before);
  });

  test('survives a crash right after it was reported: it is flushed, without the progress row', () => {
    const world = new World();
    world.fill(10);
    world.send();
    world.states[0]?.engine.crash();
    expect(dump(world.states[0]?.engine as MemoryEngine)).toEqual(dump(world.source));
  });

  test('carries rows larger than a chunk, and many small ones', () => {
    const world = new World();
    world.fill(10, 2_000, 3);
    const large = { type: 'put', key: encodeUtf8('v00007'), value: new Uint8Array(3_333) } as const;
    world.write(large);
    expect(world.send()).toEqual(meta(10));
    world.expectReceived(10);
  });

  test('goes no further than the credit allows', () => {
    const world = new World({}, { creditChunks: 2 });
    world.fill(10);
    world.ackHook = (frame) => frame.next === 0;
    world.send(3);
    expect(world.chunks).toEqual([0, 1]);
  });

  test('the sender is not taken for dead while the receiver reads a large state back', () => {
    const world = new World({ silenceTicksMax: 3 });
    world.fill(10, 3_000);
    let done: SnapshotMeta | null | undefined;
    world.sender.send(2n, (m) => (done = m));
    for (let i = 0; i < 20_000 && done === undefined; i++) {
      world.turns.runOne();
      if (i > 500 && world.chunks.length > 600 && i % 3 === 0) {
        world.receiver.tick();
        world.turns.runOne();
        world.sender.tick();
      }
    }
    expect(done).toEqual(meta(10));
    expect(world.connections).toBe(1);
  });
});

describe('paced', () => {
  test('no chunk is made before the pace lets it, and whoever closes does not wait for it', () => {
    const world = new World();
    world.fill(10);
    const held: (() => void)[] = [];
    world.pace = (bytes, goOn) => {
      expect(bytes).toBeGreaterThan(0);
      held.push(goOn);
    };
    let done: SnapshotMeta | null | undefined;
    world.sender.send(2n, (meta) => (done = meta));
    world.turns.run();
    for (let chunks = 1; chunks <= 4; chunks++) {
      expect([world.chunks.length, held.length]).toEqual([chunks, 1]);
      held.shift()?.();
      world.turns.run();
    }
    let released = false;
    world.sender.close(() => (released = true));
    world.turns.run();
    expect([done, released, world.source.openSnapshots]).toEqual([null, true, 0]);
    const { length } = world.chunks;
    for (const goOn of held) goOn();
    world.turns.run();
    expect(world.chunks.length).toBe(length);
  });
});

describe('refused', () => {
  test.each([
    ['a snapshot of another cluster', { clusterId: 8n }],
    ['snapshot format 9 is unknown, this member reads 1', { format: 9 }],
    ['the state uses feature 6, this member knows up to 5', { feature: 6 }],
    ['this member is past it', { meta: meta(2) }],
  ])('%s: no chunk is sent, no state made', (text, fields) => {
    const world = new World();
    world.applied = 5;
    world.fill(10);
    world.hook = (frame) => [frame.type === 'snapshot-begin' ? { ...frame, ...fields } : frame];
    expect(world.send()).toBeNull();
    expect(world.acks.map((ack) => [ack.state, ack.text])).toEqual([['refused', text]]);
    expect([world.chunks.length, world.states.length, world.sender.held]).toEqual([0, 0, 0]);
  });

  test('a state whose own rows say another head than announced', () => {
    const world = new World();
    world.fill(10);
    world.hook = (frame) => [
      frame.type === 'snapshot-begin' ? { ...frame, meta: meta(11) } : frame,
    ];
    expect(world.send()).toBeNull();
    expect(world.acks.at(-1)?.text).toBe('the state stands elsewhere than announced');
    expect(world.discarded).toEqual([2]);
  });

  test('an engine that changes a row under way: found when the state is read back', () => {
    const world = new World();
    world.fill(10);
    let changed = false;
    world.hook = (frame) => {
      if (frame.type === 'snapshot-end' && !changed) {
        changed = true;
        const op: EngineOp = { type: 'put', key: encodeUtf8('v00003'), value: new Uint8Array(30) };
        const engine = world.states[0]?.engine as MemoryEngine;
        world.turns.run();
        engine.write([op], () => {});
      }
      return [frame];
    };
    expect(world.send()).toBeNull();
    expect(world.acks.at(-1)?.text).toBe('the state written is not the state sent');
    expect(world.discarded).toEqual([2]);
  });
});

describe('bad streams: the connection is dropped, what was good is kept, the next one goes on', () => {
  const once = (change: (frame: SnapshotChunkFrame) => readonly DataFrame[]): Hook => {
    let done = false;
    return (frame) => {
      if (done || frame.type !== 'snapshot-chunk' || frame.number !== 4) return [frame];
      done = true;
      return change(frame);
    };
  };
  const flip = (data: Uint8Array): Uint8Array => {
    const copy = data.slice();
    copy[9] = (copy[9] as number) ^ 1;
    return copy;
  };
  test.each<[string, (frame: SnapshotChunkFrame) => readonly DataFrame[]]>([
    ['a corrupted chunk', (f) => [{ ...f, data: flip(f.data) }]],
    ['a missing chunk', () => []],
    ['a chunk twice', (f) => [f, f]],
    ['a chunk out of its turn', (f) => [{ ...f, number: 5 }]],
    ['a chunk of another snapshot', (f) => [{ ...f, snapshotId: 99n }]],
    ['a shortened chunk', (f) => [{ ...f, data: f.data.subarray(1) }]],
  ])('%s', (_name, change) => {
    const world = new World();
    world.fill(10);
    world.hook = once(change);
    expect(world.send()).toEqual(meta(10));
    expect(world.connections).toBe(2);
    expect(world.chunks.filter((n) => n === 0).length).toBe(1);
    expect(world.states.length).toBe(1);
    world.expectReceived(10);
  });

  test.each<[string, (f: SnapshotChunkFrame) => SnapshotChunkFrame]>([
    ['other rows', (f) => ({ ...f, data: flip(f.data), crc: crc32c(flip(f.data)) })],
    [
      'a row that no state has',
      (f) => {
        const data = Uint8Array.of(PROGRESS_KEY.length, ...PROGRESS_KEY, 0);
        return { ...f, data, crc: crc32c(data) };
      },
    ],
  ])('%s under a good checksum ruin the snapshot: refused as a whole', (_name, change) => {
    const world = new World();
    world.fill(10);
    world.hook = once((frame) => [change(frame)]);
    expect(world.send()).toBeNull();
    expect(world.receiver.take(meta(10))).toBeNull();
    expect(world.discarded).toEqual([2]);
  });

  test('an end that announces other sums', () => {
    for (const fields of [{ rows: 3 }, { bytes: 3 }, { crc: 3 }]) {
      const world = new World();
      world.fill(10);
      world.hook = (frame) => [frame.type === 'snapshot-end' ? { ...frame, ...fields } : frame];
      expect(world.send()).toBeNull();
      expect(world.acks.at(-1)?.text).toBe('the rows received are not those that were sent');
    }
  });
});

describe('taken up again', () => {
  test('at every point where the connection may break, without sending all again', () => {
    const whole = new World();
    whole.fill(10);
    whole.write({ type: 'put', key: encodeUtf8('v00011'), value: new Uint8Array(1_000) });
    whole.send();
    for (let point = 0; point < whole.sent; point++) {
      const world = new World();
      world.fill(10);
      world.write({ type: 'put', key: encodeUtf8('v00011'), value: new Uint8Array(1_000) });
      let cut = false;
      world.hook = (frame, sent) => {
        if (sent !== point || cut) return [frame];
        cut = true;
        return 'cut';
      };
      expect(world.send()).toEqual(meta(10));
      expect(world.connections).toBe(2);
      expect(world.chunks.length).toBeLessThan(whole.chunks.length + 10);
      expect([world.sender.held, world.source.openSnapshots]).toEqual([0, 0]);
      world.expectReceived(10);
    }
  });

  test('far into a stream of thousands of chunks, from a mark nearby', () => {
    const world = new World({ chunkBytes: 22 });
    world.fill(10, 5_000, 3);
    let cut = false;
    world.hook = (frame) => {
      if (cut || frame.type !== 'snapshot-chunk' || frame.number !== 2_345) return [frame];
      cut = true;
      return 'cut';
    };
    expect(world.send(5_000)).toEqual(meta(10));
    expect(world.chunks.length).toBeLessThan(2_501 + 10);
    world.expectReceived(10);
  });

  test('again and again, every third frame', () => {
    const world = new World();
    world.fill(10);
    world.hook = (frame, sent) => (sent % 3 === 2 ? 'cut' : [frame]);
    expect(world.send(2_000)).toEqual(meta(10));
    expect(world.connections).toBeGreaterThan(4);
    world.expectReceived(10);
  });

  test('after silence: acks that get lost', () => {
    const world = new World();
    world.fill(10);
    world.ackHook = (frame) => frame.next < 4 || world.connections > 1;
    expect(world.send(2_000)).toEqual(meta(10));
    expect(world.connections).toBeGreaterThan(1);
    world.expectReceived(10);
  });

  test('by a receiver that crashed at any step: the progress row says what is there', () => {
    for (let point = 1; point < 400; point += 1) {
      const world = new World({}, { flushBytes: 400 });
      world.fill(10, 80);
      let result: SnapshotMeta | null | undefined;
      world.sender.send(2n, (m) => (result = m));
      let steps = 0;
      while (steps < point && world.turns.runOne()) steps++;
      if (result !== undefined) {
        expect(point).toBeGreaterThan(60);
        break;
      }
      const crashed = world.states[0];
      world.cut();
      crashed?.engine.crash();
      world.receiver = world.newReceiver();
      if (crashed !== undefined) {
        let taken: boolean | null = null;
        world.receiver.resume(crashed.state, (t) => (taken = t));
        world.turns.run();
        if (taken === false) world.discarded.push(crashed.state.stateNumber);
      }
      for (let i = 0; i < 100 && result === undefined; i++) world.tick();
      expect(result).toEqual(meta(10));
      world.expectReceived(10);
      expect(world.states.length - world.discarded.length).toBe(1);
    }
  });

  test('not from a snapshot that the log does not reach any more: a new one is taken', () => {
    const world = new World();
    world.fill(10);
    let cut = false;
    world.hook = (frame, sent) => {
      if (sent !== 5 || cut) return [frame];
      cut = true;
      world.indexMin = 15;
      world.turns.yieldTo(() => world.fill(20));
      return 'cut';
    };
    expect(world.send()).toEqual(meta(20));
    expect(world.discarded).toEqual([2]);
    world.expectReceived(20);
  });
});

describe('two snapshots', () => {
  function stream(world: World, index: number) {
    const acks: SnapshotAckFrame[] = [];
    const closed: string[] = [];
    const events = world.receiver.accept(1n, {
      ack: (frame) => void acks.push(frame),
      close: (reason) => void closed.push(reason),
    });
    const begin: SnapshotBeginFrame = {
      type: 'snapshot-begin',
      snapshotId: BigInt(index),
      format: 1,
      clusterId: 7n,
      feature: 1,
      meta: meta(index),
    };
    return { acks, closed, events, begin };
  }

  test('one right behind the other: the newer takes the place of the older', () => {
    const world = new World();
    const older = stream(world, 10);
    const newer = stream(world, 11);
    older.events.begin(older.begin);
    newer.events.begin(newer.begin);
    world.turns.run();
    expect(older.acks.map((a) => a.state)).toEqual(['refused']);
    expect(newer.acks.map((a) => [a.state, a.next])).toEqual([['receiving', 0]]);
  });

  test('the newer one while the older is being written: the old state is discarded when idle', () => {
    const world = new World();
    world.fill(10);
    let result: SnapshotMeta | null | undefined;
    world.sender.send(2n, (m) => (result = m));
    while (world.chunks.length < 5) world.turns.runOne();
    const newer = stream(world, 11);
    newer.events.begin(newer.begin);
    world.turns.run();
    expect(result).toBeNull();
    expect(world.discarded).toEqual([2]);
    expect(newer.acks.map((a) => a.state)).toEqual(['receiving']);
  });

  test('the older one while the newer is coming is refused', () => {
    const world = new World();
    const newer = stream(world, 11);
    newer.events.begin(newer.begin);
    world.turns.run();
    const older = stream(world, 10);
    older.events.begin(older.begin);
    expect(older.acks.map((a) => [a.state, a.text])).toEqual([
      ['refused', 'a newer snapshot is being received'],
    ]);
    newer.events.closed('gone');
    const other = stream(world, 10);
    other.events.begin(other.begin);
    world.turns.run();
    expect(other.acks.map((a) => a.state)).toEqual(['receiving']);
  });

  test('a whole one that waits is handed on as received, or gives way to a newer one', () => {
    const world = new World();
    world.fill(10);
    world.send();
    const same = stream(world, 10);
    same.events.begin({ ...same.begin, snapshotId: 77n });
    expect(same.acks.map((a) => a.state)).toEqual(['received']);
    const older = stream(world, 9);
    older.events.begin(older.begin);
    expect(older.acks.map((a) => a.state)).toEqual(['refused']);
    const newer = stream(world, 11);
    newer.events.begin(newer.begin);
    world.turns.run();
    expect(world.discarded).toEqual([2]);
    expect(newer.acks.map((a) => a.state)).toEqual(['receiving']);
  });
});

describe('bounds', () => {
  test('a second sending to the same member is refused at once', () => {
    const world = new World();
    world.fill(10);
    world.sender.send(2n, () => {});
    const results: unknown[] = [];
    world.sender.send(2n, (m) => results.push(m));
    expect(results).toEqual([null]);
  });

  test('no more engine snapshots than allowed, and idle ones go after their time', () => {
    const world = new World({ keptMax: 1, keptTicks: 4, attemptsMax: 1 });
    world.fill(10);
    world.hook = (frame) => (frame.type === 'snapshot-chunk' ? 'cut' : [frame]);
    expect(world.send()).toBeNull();
    expect(world.source.openSnapshots).toBe(1);
    let other: SnapshotMeta | null | undefined;
    world.sender.send(3n, (m) => (other = m));
    world.tick();
    expect(other).toBeNull();
    expect(world.source.openSnapshots).toBe(1);
    for (let i = 0; i < 5; i++) world.tick();
    expect([world.source.openSnapshots, world.sender.held]).toEqual([0, 0]);
  });

  test('after so many attempts it is given up', () => {
    const world = new World({ attemptsMax: 3 });
    world.fill(10);
    world.hook = () => 'cut';
    expect(world.send()).toBeNull();
    expect(world.connections).toBe(3);
  });

  test('a half received or untaken state is discarded after its time', () => {
    const half = new World({ attemptsMax: 1 }, { keptTicks: 5 });
    half.fill(10);
    half.hook = (frame, sent) => (sent === 6 ? 'cut' : [frame]);
    half.send();
    for (let i = 0; i < 10; i++) half.tick();
    expect(half.discarded).toEqual([2]);
    const whole = new World({}, { keptTicks: 5 });
    whole.fill(10);
    whole.send();
    for (let i = 0; i < 10; i++) whole.tick();
    expect(whole.discarded).toEqual([2]);
    expect(whole.receiver.take(meta(10))).toBeNull();
  });

  test('closing ends both sides and releases what they hold', () => {
    const world = new World();
    world.fill(10);
    const results: unknown[] = [];
    world.sender.send(2n, (m) => results.push(m));
    while (world.chunks.length < 5) world.turns.runOne();
    let released = false;
    world.sender.close(() => {
      released = true;
      expect(world.source.openSnapshots).toBe(0);
    });
    world.receiver.close();
    world.turns.run();
    expect([results, released]).toEqual([[null], true]);
    expect(world.discarded).toEqual([2]);
  });

  test('an engine is given up without waiting for snapshots of the one that took its place', () => {
    const world = new World();
    world.fill(10);
    // Its head is being read.
    world.sender.send(2n, () => {});
    let released = false;
    world.sender.close(() => (released = true));
    let result: SnapshotMeta | null | undefined;
    const older = world.source.openSnapshots;
    world.sender.send(2n, (m) => (result = m));
    expect([older, world.source.openSnapshots]).toEqual([1, 2]);
    while (!released) expect(world.turns.runOne()).toBe(true);
    expect([world.source.openSnapshots, result]).toEqual([1, undefined]);
    for (let i = 0; i < 50 && result === undefined; i++) world.tick();
    expect([result, world.source.openSnapshots]).toEqual([meta(10), 0]);
  });

  test('a snapshot kept of an engine that was given up is not offered again', () => {
    const world = new World({ attemptsMax: 1 });
    world.fill(10);
    world.hook = (frame, sent) => (sent === 4 ? 'cut' : [frame]);
    expect(world.send()).toBeNull();
    expect(world.sender.held).toBe(1);
    let released = false;
    world.sender.close(() => (released = true));
    expect([released, world.sender.held]).toEqual([true, 0]);
    world.fill(12);
    expect(world.send()).toEqual(meta(12));
  });

  test('entries behind a snapshot count as needed while it is sent', () => {
    const world = new World();
    world.fill(10);
    expect(world.sender.heldIndex).toBeNull();
    let result: SnapshotMeta | null | undefined;
    const seen = new Set<number | null>();
    world.sender.send(2n, (m) => {
      result = m;
      expect(world.sender.heldIndex).toBeNull();
    });
    while (result === undefined) {
      seen.add(world.sender.heldIndex);
      world.turns.runOne();
    }
    expect([...seen]).toEqual([0, 10]);
  });

  test('entries behind a snapshot that may be taken up again count as needed as long as it is kept', () => {
    const world = new World({ attemptsMax: 1, keptTicks: 5 });
    world.fill(10);
    world.hook = (frame, sent) => (sent === 4 ? 'cut' : [frame]);
    expect(world.send()).toBeNull();
    expect(world.sender.heldIndex).toBe(10);
    for (let i = 0; i < 5; i++) world.sender.tick();
    expect(world.sender.heldIndex).toBeNull();
  });
});

describe('disk failures', () => {
  test('of the receiving engine refuse the snapshot and discard the state', () => {
    const world = new World();
    world.fill(10);
    world.hook = (frame) => {
      if (frame.type === 'snapshot-chunk' && frame.number === 3) {
        world.states[0]?.engine.fail({ code: 'ENOSPC', message: 'no space left' });
      }
      return [frame];
    };
    expect(world.send()).toBeNull();
    expect(world.acks.at(-1)).toMatchObject({ state: 'refused', text: 'ENOSPC: no space left' });
    expect(world.discarded).toEqual([2]);
  });

  test('of the sending engine end the attempt', () => {
    const world = new World({ attemptsMax: 1 });
    world.fill(10, 500);
    world.hook = (frame) => {
      if (frame.type === 'snapshot-chunk' && frame.number === 3) {
        world.source.fail({ code: 'EIO', message: 'i/o error' });
      }
      return [frame];
    };
    expect(world.send()).toBeNull();
  });
});
