import type { Clock, DataDirectory, Engine, Index, Probe, Random } from '@conclave/base';
import type { SnapshotLinks, SnapshotReceiverEvents, SnapshotStreamReceiver } from '@conclave/link';
import type { SnapshotTransfer } from '@conclave/replica';
import { type Backups, type Pace, type ReceivedState, SnapshotExchange } from '@conclave/snapshot';
import { readSnapshotHead } from '@conclave/statemachine';
import type { SnapshotMeta } from '@conclave/wire';
import { SnapshotMetrics } from './snapshot-metrics.js';

const TICK_MS = 100;
const KIB = 1024;
const MIB = 1024 * KIB;
/** The end of the process does not wait longer for a read of a snapshot that is still under way. */
const CLOSE_MS = 1_000;

export interface SnapshotTrafficPorts {
  readonly clusterId: bigint;
  /** The highest feature number this build can apply under. */
  readonly feature: number;
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly probe: Probe;
  /** Of this member, as of now. */
  engine(): Engine;
  appliedIndex(): Index;
  /** A snapshot below this index no longer meets the log. */
  cutIndex(): Index;
  readonly backups: Backups;
  readonly pace: Pace;
  links(): SnapshotLinks;
  urlsOf(id: bigint): readonly string[];
}

/** Snapshots in both directions and backups, wired to real directories, connections and time. */
export class SnapshotTraffic implements SnapshotTransfer {
  readonly #ports: SnapshotTrafficPorts;
  readonly #exchange: SnapshotExchange;
  readonly #metrics: SnapshotMetrics;
  #tickMs: number;

  constructor(ports: SnapshotTrafficPorts) {
    this.#ports = ports;
    this.#tickMs = ports.clock.monotonicMs();
    this.#metrics = new SnapshotMetrics(ports.probe, ports.clock);
    const { clusterId } = ports;
    this.#exchange = new SnapshotExchange(
      {
        sender: {
          clusterId,
          // About a millisecond and a half each: nothing else waits longer.
          chunkBytes: 128 * KIB,
          keptMax: 2,
          keptTicks: 300,
          silenceTicksMax: 300,
          attemptsMax: 3,
          retryTicks: 5,
        },
        receiver: {
          clusterId,
          feature: ports.feature,
          rowBytesMax: 64 * MIB,
          creditChunks: 16,
          flushBytes: 32 * MIB,
          keptTicks: 600,
        },
      },
      {
        directory: ports.directory,
        engine: () => ports.engine(),
        appliedIndex: () => ports.appliedIndex(),
        cutIndex: () => ports.cutIndex(),
        open: (to, events) => ports.links().open(to, ports.urlsOf(to), events),
        readHead: readSnapshotHead,
        pace: ports.pace,
        random: ports.random,
        probe: ports.probe,
      },
    );
  }

  /** Before peers are served: goes on with what the last process left half received. */
  resume(): Promise<void> {
    return new Promise((resolve) => this.#exchange.resume(resolve));
  }

  send(to: bigint, done: (meta: SnapshotMeta | null) => void): void {
    this.#exchange.send(to, this.#metrics.sending(to, done));
  }

  take(meta: SnapshotMeta): ReceivedState | null {
    return this.#exchange.take(meta);
  }

  get heldIndex(): Index | null {
    return this.#exchange.heldIndex;
  }

  release(released: () => void): void {
    this.#exchange.release(() => this.#ports.backups.release(released));
  }

  /** A member offers its state on a new connection. */
  accept(from: bigint, stream: SnapshotStreamReceiver): SnapshotReceiverEvents {
    return this.#metrics.receiving(from, stream, (own) => this.#exchange.accept(from, own));
  }

  tick(nowMs: number): void {
    if (nowMs - this.#tickMs < TICK_MS) return;
    this.#tickMs = nowMs;
    this.#exchange.tick();
    this.#ports.backups.tick();
  }

  /** Ends both directions. Resolves to whether the engine may be closed: nothing of it is held. */
  close(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#ports.probe.log('warn', 'a snapshot is still being read at the stop');
        resolve(false);
      }, CLOSE_MS);
      this.#exchange.close(() => {
        this.#ports.backups.release(() => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    });
  }
}
