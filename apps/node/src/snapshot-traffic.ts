import type { Clock, DataDirectory, Engine, Index, Probe, Random } from '@conclave/base';
import type { SnapshotLinks, SnapshotReceiverEvents, SnapshotStreamReceiver } from '@conclave/link';
import type { SnapshotTransfer } from '@conclave/replica';
import { type ReceivedState, SnapshotReceiver, SnapshotSender } from '@conclave/snapshot';
import { FEATURE_SUPPORTED, readSnapshotHead } from '@conclave/statemachine';
import type { SnapshotMeta } from '@conclave/wire';

const TICK_MS = 100;
const KIB = 1024;
const MIB = 1024 * KIB;

export interface SnapshotTrafficPorts {
  readonly clusterId: bigint;
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly probe: Probe;
  /** Of this member, as of now. */
  engine(): Engine;
  appliedIndex(): Index;
  /** A snapshot below this index no longer meets the log. */
  cutIndex(): Index;
  links(): SnapshotLinks;
  urlsOf(id: bigint): readonly string[];
}

/**
 * Snapshots in both directions, wired to real directories and connections. A state that is received gets a
 * number of its own above all others; what is not taken is closed and removed.
 */
export class SnapshotTraffic implements SnapshotTransfer {
  readonly #ports: SnapshotTrafficPorts;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #stateNumber: number;
  #tickMs: number;

  constructor(ports: SnapshotTrafficPorts) {
    this.#ports = ports;
    this.#stateNumber = ports.directory.current.stateNumber;
    this.#tickMs = ports.clock.monotonicMs();
    const { clusterId, random, probe } = ports;
    this.#sender = new SnapshotSender(
      {
        clusterId,
        chunkBytes: 512 * KIB,
        keptMax: 2,
        keptTicks: 300,
        silenceTicksMax: 300,
        attemptsMax: 3,
        retryTicks: 5,
      },
      {
        snapshot: () => ports.engine().snapshot(),
        readHead: readSnapshotHead,
        indexMin: () => ports.cutIndex(),
        open: (to, events) => ports.links().open(to, ports.urlsOf(to), events),
        random,
        probe,
      },
    );
    this.#receiver = new SnapshotReceiver(
      {
        clusterId,
        feature: FEATURE_SUPPORTED,
        rowBytesMax: 64 * MIB,
        creditChunks: 8,
        flushBytes: 32 * MIB,
        keptTicks: 600,
      },
      {
        fresh: (done) => {
          const stateNumber = ++this.#stateNumber;
          ports.directory.openState(stateNumber, (failure, engine) =>
            done(failure, engine === null ? null : { stateNumber, engine }),
          );
        },
        discard: (state) => this.#discard(state),
        readHead: readSnapshotHead,
        judge: (meta) =>
          meta.index > ports.appliedIndex() ? null : 'this member is further already',
        probe,
      },
    );
  }

  send(to: bigint, done: (meta: SnapshotMeta | null) => void): void {
    this.#sender.send(to, done);
  }

  /** The engine is about to be replaced: snapshots of the old one are given up. */
  take(meta: SnapshotMeta): ReceivedState | null {
    const state = this.#receiver.take(meta);
    if (state !== null) this.#sender.close();
    return state;
  }

  /** A member offers its state on a new connection. */
  accept(from: bigint, stream: SnapshotStreamReceiver): SnapshotReceiverEvents {
    return this.#receiver.accept(from, stream);
  }

  tick(nowMs: number): void {
    if (nowMs - this.#tickMs < TICK_MS) return;
    this.#tickMs = nowMs;
    this.#sender.tick();
    this.#receiver.tick();
  }

  close(): void {
    this.#sender.close();
    this.#receiver.close();
  }

  #discard({ stateNumber, engine }: ReceivedState): void {
    const { directory, probe } = this.#ports;
    engine.close(() =>
      directory.removeState(stateNumber, (failure) => {
        if (failure === null) return;
        const fields = { error: failure.message };
        probe.log('warn', 'a discarded state is left to the next start', fields);
      }),
    );
  }
}
