import {
  type EngineSnapshot,
  type Index,
  type Probe,
  type Random,
  assertLe,
  hexId,
} from '@conclave/base';
import { SNAPSHOT_CHUNK_BYTES_MAX, type SnapshotMeta } from '@conclave/wire';
import { KeptSnapshots } from './kept-snapshots.js';
import { Sending, type SendingOutcome } from './sending.js';
import {
  NO_PACE,
  type OutgoingEvents,
  type OutgoingStream,
  type Pace,
  type ReadHead,
} from './types.js';

/**
 * Sends this member's state to others: takes a snapshot of the engine, streams it, and takes a broken
 * stream up again from the same snapshot on the next connection.
 *
 * One sending a target. It ends as delivered once the receiver has the whole state verified.
 */
export interface SnapshotSenderOptions {
  readonly clusterId: bigint;
  /** At most 1 MiB. */
  readonly chunkBytes: number;
  /** Snapshots held at a time, in use or not. */
  readonly keptMax: number;
  /** How long one that nobody uses is kept. */
  readonly keptTicks: number;
  /** A stream without an answer for so long is given up. */
  readonly silenceTicksMax: number;
  /** Connections tried for one sending, the first included. */
  readonly attemptsMax: number;
  /** Between two of them. */
  readonly retryTicks: number;
}

export interface SnapshotSenderPorts {
  snapshot(): EngineSnapshot;
  readonly readHead: ReadHead;
  /** A snapshot below this index no longer meets the log. */
  indexMin(): Index;
  /** Opens a connection; `events` are called later, never from inside. */
  open(to: bigint, events: OutgoingEvents): OutgoingStream;
  /** Of all sendings; without one: as fast as it goes. */
  readonly pace?: Pace;
  /** For snapshot ids. */
  readonly random: Random;
  readonly probe: Probe;
}

interface Delivery {
  readonly to: bigint;
  readonly done: (meta: SnapshotMeta | null) => void;
  attempts: number;
  /** Null: waiting for the next attempt, or for a head to be read. */
  sending: Sending | null;
  waitTicks: number;
  cancelled: boolean;
}

export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  readonly #ports: SnapshotSenderPorts;
  readonly #kept: KeptSnapshots;
  readonly #deliveries = new Map<bigint, Delivery>();

  constructor(options: SnapshotSenderOptions, ports: SnapshotSenderPorts) {
    assertLe(1, options.chunkBytes, 'chunkBytes');
    assertLe(options.chunkBytes, SNAPSHOT_CHUNK_BYTES_MAX, 'chunkBytes');
    assertLe(1, options.attemptsMax, 'attemptsMax');
    this.#options = options;
    this.#ports = ports;
    this.#kept = new KeptSnapshots(options, ports.readHead, ports.random);
  }

  /** Snapshots of the engine held now. */
  get held(): number {
    return this.#kept.size;
  }

  /**
   * Entries behind this index will be needed by members that are getting a snapshot, or may go on with one:
   * cut, they would send them into the next snapshot, and so on for ever. 0: all of them; null: none.
   */
  get heldIndex(): Index | null {
    return this.#kept.indexMin;
  }

  /**
   * `done(meta)` once the member has the state; null if it did not come to that, at once if one is on
   * its way to that member already.
   */
  send(to: bigint, done: (meta: SnapshotMeta | null) => void): void {
    if (this.#deliveries.has(to)) {
      done(null);
      return;
    }
    const delivery = { to, done, attempts: 0, sending: null, waitTicks: 0, cancelled: false };
    this.#deliveries.set(to, delivery);
    this.#attempt(delivery);
  }

  tick(): void {
    this.#kept.tick();
    for (const delivery of [...this.#deliveries.values()]) {
      if (delivery.sending !== null) delivery.sending.tick();
      else if (delivery.waitTicks > 0 && --delivery.waitTicks === 0) this.#attempt(delivery);
    }
  }

  /**
   * Ends every sending, with null: the process stops, or another engine takes the place of this one.
   * `released` is called once nothing of this engine is held, so that it may be closed. What is sent
   * afterwards is of the other engine, and not waited for.
   */
  close(released: () => void = () => {}): void {
    for (const delivery of [...this.#deliveries.values()]) {
      delivery.cancelled = true;
      delivery.sending?.close('the sender stops');
      this.#finish(delivery, null);
    }
    this.#kept.clear(released);
  }

  #attempt(delivery: Delivery): void {
    delivery.attempts++;
    const again = this.#kept.again(delivery.to, this.#ports.indexMin());
    if (again !== null) {
      this.#start(delivery, again);
      return;
    }
    this.#kept.open(this.#ports.snapshot, (kept, failure) => {
      if (delivery.cancelled) {
        if (kept !== null) this.#kept.release(kept, false);
      } else if (kept === null) this.#ended(delivery, { type: 'broken', text: failure });
      else this.#start(delivery, kept);
    });
  }

  #start(delivery: Delivery, kept: Sending['kept']): void {
    kept.targets.add(delivery.to);
    const sending = new Sending(
      {
        clusterId: this.#options.clusterId,
        chunkBytes: this.#options.chunkBytes,
        silenceTicksMax: this.#options.silenceTicksMax,
        pace: this.#ports.pace ?? NO_PACE,
      },
      kept,
      (outcome) => {
        delivery.sending = null;
        this.#kept.release(kept, outcome.type === 'broken' && !delivery.cancelled);
        if (!delivery.cancelled) this.#ended(delivery, outcome);
      },
    );
    delivery.sending = sending;
    sending.connect((events) => this.#ports.open(delivery.to, events));
  }

  #ended(delivery: Delivery, outcome: SendingOutcome): void {
    const to = hexId(delivery.to);
    switch (outcome.type) {
      case 'delivered':
        this.#ports.probe.log('info', 'sent snapshot', { to, index: outcome.meta.index });
        this.#finish(delivery, outcome.meta);
        return;
      case 'refused':
        this.#ports.probe.log('warn', 'snapshot refused', { to, error: outcome.text });
        this.#finish(delivery, null);
        return;
      case 'broken':
        this.#ports.probe.log('warn', 'snapshot stream broke', { to, error: outcome.text });
        if (delivery.attempts >= this.#options.attemptsMax) this.#finish(delivery, null);
        else delivery.waitTicks = Math.max(1, this.#options.retryTicks);
    }
  }

  #finish(delivery: Delivery, meta: SnapshotMeta | null): void {
    this.#deliveries.delete(delivery.to);
    delivery.done(meta);
  }
}
