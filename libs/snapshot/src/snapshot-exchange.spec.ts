import {
  type EngineOp,
  type EngineReader,
  NO_PROBE,
  Random,
  decodeUtf8,
  encodeUtf8,
} from '@conclave/base';
import { MemoryDataDirectory, type MemoryEngine, TaskQueue } from '@conclave/testkit';
import type { SnapshotMeta } from '@conclave/wire';
import {
  type OutgoingEvents,
  type OutgoingStream,
  SnapshotExchange,
  type SnapshotHead,
} from './index.js';

/** One member that sends and one that receives, over data directories in memory. */
const CONF = {
  voters: [1n, 2n],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

function readHead(
  reader: EngineReader,
  done: (failure: string | null, head: SnapshotHead | null) => void,
): void {
  reader.get([encodeUtf8('Mhead')], (_failure, values) => {
    const index = Number(decodeUtf8(values[0] ?? encodeUtf8('0')));
    done(null, { index, term: 3, confState: CONF, feature: 1 });
  });
}

class World {
  readonly turns = new TaskQueue();
  readonly random = new Random(Number(process.env['SEED'] ?? 5));
  readonly from = this.#directory();
  readonly to = this.#directory();
  applied = 0;
  readonly sender = this.#exchange(this.from);
  receiver = this.#exchange(this.to);
  /** Of the frames sent: the connection breaks before this one. */
  cutAt = Number.POSITIVE_INFINITY;
  #sent = 0;

  #directory(): MemoryDataDirectory {
    const directory = new MemoryDataDirectory(this.turns, { stateNumber: 1, firstSegment: 1 });
    directory.openState(1, () => {});
    this.turns.run();
    return directory;
  }

  #exchange(directory: MemoryDataDirectory): SnapshotExchange {
    return new SnapshotExchange(
      {
        sender: {
          clusterId: 7n,
          chunkBytes: 200,
          keptMax: 2,
          keptTicks: 20,
          silenceTicksMax: 10,
          attemptsMax: 1,
          retryTicks: 1,
        },
        receiver: {
          clusterId: 7n,
          feature: 1,
          rowBytesMax: 10_000,
          creditChunks: 3,
          flushBytes: 500,
          keptTicks: 50,
        },
      },
      {
        directory,
        engine: () => directory.engine(directory.current.stateNumber) as MemoryEngine,
        appliedIndex: () => this.applied,
        cutIndex: () => 0,
        open: (_to, events) => this.#connect(events),
        readHead,
        random: this.random,
        probe: NO_PROBE,
      },
    );
  }

  #connect(events: OutgoingEvents): OutgoingStream {
    let open = true;
    const later = (task: () => void): void => this.turns.yieldTo(() => void (open && task()));
    const end = (reason: string): void => {
      if (!open) return;
      open = false;
      this.turns.yieldTo(() => {
        incoming.closed(reason);
        events.closed(reason);
      });
    };
    const incoming = this.receiver.accept(1n, {
      ack: (frame) => later(() => events.ack(frame)),
      close: end,
    });
    later(() => events.opened());
    return {
      send: (frame) => {
        if (++this.#sent === this.cutAt) end('cut');
        later(() => {
          if (frame.type === 'snapshot-begin') incoming.begin(frame);
          else if (frame.type === 'snapshot-chunk') incoming.chunk(frame);
          else incoming.end(frame);
        });
        return true;
      },
      close: end,
    };
  }

  fill(index: number): void {
    const engine = this.from.engine(1) as MemoryEngine;
    const ops: EngineOp[] = [
      { type: 'put', key: encodeUtf8('Mhead'), value: encodeUtf8(`${index}`) },
    ];
    for (let i = 0; i < 60; i++) {
      ops.push({
        type: 'put',
        key: encodeUtf8(`v${i}`),
        value: new Uint8Array(30).fill(i + index),
      });
    }
    engine.write(ops, () => {});
    this.turns.run();
  }

  /** Sends until it ends, however. */
  send(): SnapshotMeta | null {
    let result: SnapshotMeta | null = null;
    this.sender.send(2n, (meta) => (result = meta));
    this.turns.run();
    return result;
  }

  /** The receiving process dies and starts again. */
  restart(): void {
    this.to.crash(this.random);
    this.to.openState(this.to.current.stateNumber, () => {});
    this.turns.run();
    this.receiver = this.#exchange(this.to);
  }

  resume(): void {
    let done = false;
    this.receiver.resume(() => (done = true));
    this.turns.run();
    expect(done).toBe(true);
  }
}

const meta = (index: number): SnapshotMeta => ({ index, term: 3, confState: CONF });

test('states get numbers one above the other, and what is not taken is closed and removed', () => {
  const world = new World();
  for (const index of [10, 20, 30]) {
    world.fill(index);
    expect(world.send()).toEqual(meta(index));
  }
  expect(world.to.numbers).toEqual([1, 4]);
  const state = world.receiver.take(meta(30));
  expect(state?.stateNumber).toBe(4);
  expect(world.to.isOpen(4)).toBe(true);
});

test('a half received state is gone on with after a restart, in the same directory', () => {
  const world = new World();
  world.fill(10);
  world.cutAt = 9;
  expect(world.send()).toBeNull();
  world.restart();
  expect(world.to.halfReceived).toBe(2);
  world.resume();
  world.cutAt = Number.POSITIVE_INFINITY;
  expect(world.send()).toEqual(meta(10));
  expect([world.receiver.take(meta(10))?.stateNumber, world.to.numbers]).toEqual([2, [1, 2]]);
});

test('a half received state that this member is past is removed, and its number not used again', () => {
  const world = new World();
  world.fill(10);
  world.cutAt = 9;
  world.send();
  world.applied = 15;
  world.restart();
  world.resume();
  expect(world.to.numbers).toEqual([1]);
  world.cutAt = Number.POSITIVE_INFINITY;
  world.fill(20);
  // The kept one is refused and forgotten; the next is of now.
  expect(world.send()).toBeNull();
  expect(world.send()).toEqual(meta(20));
  expect(world.to.numbers).toEqual([1, 3]);
});

test('a half received state that does not open is removed, and the start goes on', () => {
  const world = new World();
  world.fill(10);
  world.cutAt = 9;
  world.send();
  world.restart();
  const openState = world.to.openState.bind(world.to);
  world.to.openState = (_n, done) => done({ code: 'corrupt', message: 'no such table' }, null);
  world.resume();
  world.to.openState = openState;
  expect(world.to.numbers).toEqual([1]);
});

test('another snapshot than the one half received starts over in a state of its own', () => {
  const world = new World();
  world.fill(10);
  world.cutAt = 9;
  world.send();
  world.restart();
  world.resume();
  world.sender.release(() => {});
  world.fill(20);
  world.cutAt = Number.POSITIVE_INFINITY;
  expect(world.send()).toEqual(meta(20));
  expect(world.to.numbers).toEqual([1, 3]);
});

test('the end of the process leaves what was being received, closed, and waits for its reads', () => {
  const world = new World();
  world.fill(10);
  world.sender.send(2n, () => {});
  for (let i = 0; i < 40; i++) world.turns.runOne();
  expect(world.to.isOpen(2)).toBe(true);
  let closed = 0;
  world.receiver.close(() => closed++);
  world.sender.close(() => {
    closed++;
    expect((world.from.engine(1) as MemoryEngine).openSnapshots).toBe(0);
  });
  world.turns.run();
  expect([closed, world.to.isOpen(2), world.to.numbers]).toEqual([2, false, [1, 2]]);
});
