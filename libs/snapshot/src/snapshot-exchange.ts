import type { DataDirectory, DiskFailure, Engine, Index } from '@conclave/base';
import { assert } from '@conclave/base';
import type { SnapshotMeta } from '@conclave/wire';
import {
  SnapshotReceiver,
  type SnapshotReceiverOptions,
  type SnapshotReceiverPorts,
} from './snapshot-receiver.js';
import {
  SnapshotSender,
  type SnapshotSenderOptions,
  type SnapshotSenderPorts,
} from './snapshot-sender.js';
import { type IncomingEvents, type IncomingStream, NO_PACE, type ReceivedState } from './types.js';

/**
 * Snapshots of one member in both directions, over its data directory: the sender, the receiver, and the
 * `state-<n>` directories that are received into.
 *
 * A half received state outlives the process: found at the start (`DataDirectory.halfReceived`), it is
 * offered to the receiver, and removed if it is of no use. A stop leaves it; everything else that is
 * not taken is closed and removed.
 *
 * Invariant: a state's number is above that of every state there is or was in this process, so a
 * number never means two states, however slowly old ones are removed.
 */
export interface SnapshotExchangeOptions {
  readonly sender: SnapshotSenderOptions;
  readonly receiver: SnapshotReceiverOptions;
}

export interface SnapshotExchangePorts extends Pick<
  SnapshotSenderPorts & SnapshotReceiverPorts,
  'readHead' | 'open' | 'pace' | 'random' | 'probe'
> {
  readonly directory: DataDirectory;
  /** In use by the member now; another one after an install. */
  engine(): Engine;
  appliedIndex(): Index;
  /** A snapshot below this index no longer meets the log. */
  cutIndex(): Index;
}

export class SnapshotExchange {
  readonly #ports: SnapshotExchangePorts;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #stateNumber: number;
  /** Set by `close`: states are left where they are. */
  #closing = false;
  /** States being closed; who waits for none. */
  #disposing = 0;
  #whenDisposed: (() => void) | null = null;

  constructor(options: SnapshotExchangeOptions, ports: SnapshotExchangePorts) {
    this.#ports = ports;
    const { directory, readHead, pace = NO_PACE, random, probe } = ports;
    this.#stateNumber = Math.max(directory.current.stateNumber, directory.halfReceived ?? 0);
    this.#sender = new SnapshotSender(options.sender, {
      snapshot: () => ports.engine().snapshot(),
      readHead,
      indexMin: () => ports.cutIndex(),
      open: (to, events) => ports.open(to, events),
      pace,
      random,
      probe,
    });
    this.#receiver = new SnapshotReceiver(options.receiver, {
      fresh: (done) => this.#open(++this.#stateNumber, done),
      discard: (state) => this.#discard(state),
      readHead,
      judge: (meta) =>
        meta.index > ports.appliedIndex() ? null : 'this member is further already',
      probe,
    });
  }

  /**
   * Once, before any connection is accepted: goes on with what the last process left half received, or
   * removes it. `done` in any case; a state that does not even open is no reason not to start.
   */
  resume(done: () => void): void {
    const { directory, probe } = this.#ports;
    const stateNumber = directory.halfReceived;
    if (stateNumber === null) return done();
    this.#open(stateNumber, (failure, state) => {
      if (state === null) {
        probe.log('warn', 'a half received snapshot cannot be read', {
          error: failure?.message ?? '',
        });
        this.#remove(stateNumber);
        return done();
      }
      this.#receiver.resume(state, (taken) => {
        if (!taken) this.#discard(state);
        done();
      });
    });
  }

  /** See `SnapshotSender.send`. */
  send(to: bigint, done: (meta: SnapshotMeta | null) => void): void {
    this.#sender.send(to, done);
  }

  /** See `SnapshotSender.heldIndex`. */
  get heldIndex(): Index | null {
    return this.#sender.heldIndex;
  }

  /** Snapshots of engines held now. */
  get held(): number {
    return this.#sender.held;
  }

  /** See `SnapshotReceiver.take`. */
  take(meta: SnapshotMeta): ReceivedState | null {
    return this.#receiver.take(meta);
  }

  /** See `SnapshotSender.close`. */
  release(released: () => void): void {
    this.#sender.close(released);
  }

  /** A member will offer its state on a new connection. */
  accept(from: bigint, stream: IncomingStream): IncomingEvents {
    return this.#receiver.accept(from, stream);
  }

  tick(): void {
    this.#sender.tick();
    this.#receiver.tick();
  }

  /**
   * The process stops: ends both directions. `done` once nothing of the member's engine is held and
   * what was being received is closed; it stays where it is, for the next start to go on with.
   */
  close(done: () => void): void {
    assert(!this.#closing, 'snapshots are closed once');
    this.#closing = true;
    // The receiver may still be in the middle of a batch: its state comes to `#discard` later.
    this.#disposing++;
    this.#receiver.close(() => this.#disposed());
    this.#sender.close(() => {
      if (this.#disposing === 0) done();
      else this.#whenDisposed = done;
    });
  }

  #open(
    stateNumber: number,
    done: (failure: DiskFailure | null, state: ReceivedState | null) => void,
  ): void {
    this.#ports.directory.openState(stateNumber, (failure, engine) =>
      done(failure, engine === null ? null : { stateNumber, engine }),
    );
  }

  #discard({ stateNumber, engine }: ReceivedState): void {
    this.#disposing++;
    engine.close(() => {
      if (!this.#closing) this.#remove(stateNumber);
      this.#disposed();
    });
  }

  #disposed(): void {
    this.#disposing--;
    if (this.#disposing > 0) return;
    const done = this.#whenDisposed;
    this.#whenDisposed = null;
    done?.();
  }

  #remove(stateNumber: number): void {
    this.#ports.directory.removeState(stateNumber, (failure) => {
      if (failure === null) return;
      const fields = { error: failure.message };
      this.#ports.probe.log('warn', 'a discarded state is left to the next start', fields);
    });
  }
}
