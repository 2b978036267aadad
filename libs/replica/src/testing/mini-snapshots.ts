/**
 * Snapshot streams between members of a mini cluster: the real sender and receiver, frames that take one
 * turn, connections that end with either member's life.
 */
import type { Random } from '@conclave/base';
import { SnapshotExchange } from '@conclave/snapshot';
import type { OutgoingEvents, OutgoingStream } from '@conclave/snapshot';
import { readSnapshotHead } from '@conclave/statemachine';
import type { TaskQueue } from '@conclave/testkit';
import type { DurableLog } from '@conclave/log';
import type { StateMachine } from '@conclave/statemachine';
import type { SnapshotAckFrame } from '@conclave/wire';
import type { MiniMember } from './mini-cluster.js';

export interface Connection {
  readonly from: bigint;
  readonly to: bigint;
  /** Both ends are told; what is on its way is lost. */
  end(reason: string): void;
}

export interface SnapshotWorld {
  readonly tasks: TaskQueue;
  readonly clusterId: bigint;
  readonly connections: Set<Connection>;
  /** When set, what a sender sends waits here, for one every 100 ms. */
  readonly slowFrames: (() => void)[] | null;
  /** Null: does not run, or cannot be reached. */
  reach(from: bigint, to: bigint): MiniMember | null;
}

/** Small chunks, many flushes: a short state still has many places to break. */
export function miniSnapshots(
  world: SnapshotWorld,
  member: MiniMember,
  parts: { readonly machine: StateMachine; readonly log: DurableLog; readonly random: Random },
): SnapshotExchange {
  const { clusterId } = world;
  return new SnapshotExchange(
    {
      sender: {
        clusterId,
        chunkBytes: 256,
        keptMax: 2,
        keptTicks: 300,
        silenceTicksMax: 50,
        attemptsMax: 3,
        retryTicks: 2,
      },
      receiver: {
        clusterId,
        feature: parts.machine.featureSupported,
        rowBytesMax: 1 << 20,
        creditChunks: 4,
        flushBytes: 512,
        keptTicks: 600,
      },
    },
    {
      directory: member.directory,
      engine: () => member.replica?.engine ?? member.engine,
      appliedIndex: () => parts.machine.appliedIndex,
      cutIndex: () => parts.log.cut.index,
      open: (to, events) => connect(world, member.id, to, events),
      readHead: readSnapshotHead,
      random: parts.random,
      probe: member.probe,
    },
  );
}

function connect(
  world: SnapshotWorld,
  from: bigint,
  to: bigint,
  events: OutgoingEvents,
): OutgoingStream {
  const { tasks, connections } = world;
  const target = world.reach(from, to)?.snapshots;
  if (!target) {
    tasks.yieldTo(() => events.closed('unreachable'));
    return { send: () => true, close: () => undefined };
  }
  let open = true;
  const later = (task: () => void): void =>
    tasks.yieldTo(() => {
      if (open) task();
    });
  const incoming = target.accept(from, {
    ack: (frame: SnapshotAckFrame) => later(() => events.ack(frame)),
    close: (reason) => connection.end(reason),
  });
  const connection: Connection = {
    from,
    to,
    end: (reason) => {
      if (!open) return;
      open = false;
      connections.delete(connection);
      tasks.yieldTo(() => {
        incoming.closed(reason);
        events.closed(reason);
      });
    },
  };
  connections.add(connection);
  later(() => events.opened());
  return {
    send: (frame) => {
      const deliver = (): void => {
        if (frame.type === 'snapshot-begin') incoming.begin(frame);
        else if (frame.type === 'snapshot-chunk') incoming.chunk(frame);
        else incoming.end(frame);
      };
      if (world.slowFrames === null) later(deliver);
      else world.slowFrames.push(() => later(deliver));
      return true;
    },
    close: (reason) => connection.end(reason),
  };
}
