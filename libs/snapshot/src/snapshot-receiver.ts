import { type Probe, assertLe, hexId } from '@conclave/base';
import type { SnapshotAckState, SnapshotBeginFrame, SnapshotMeta } from '@conclave/wire';
import { type Progress, readProgress } from './progress-row.js';
import { Receiving, type ReceivingOptions } from './receiving.js';
import { STREAM_START } from './row-stream.js';
import {
  type FreshState,
  type IncomingEvents,
  type IncomingStream,
  type ReadHead,
  type ReceivedState,
  SNAPSHOT_FORMAT,
} from './types.js';
import { sameMeta } from './verify-state.js';

/**
 * Receives snapshots of other members, one at a time, each into an empty state of its own.
 *
 * A stream that breaks can be taken up by another connection with the same snapshot, also after a restart
 * (`resume`). A newer snapshot takes the place of an older one; an older one is refused while the newer is
 * coming. A whole one waits for `take`.
 *
 * Invariants: at most one of `#receiving` and `#whole`; `#stream` belongs to `#receiving`; every
 * state handed in by `fresh` or `resume` leaves by `take` or `discard`, with nothing in flight.
 */
export interface SnapshotReceiverOptions {
  readonly clusterId: bigint;
  /** The highest feature number this program knows. */
  readonly feature: number;
  readonly rowBytesMax: number;
  readonly creditChunks: number;
  readonly flushBytes: number;
  /** How long a broken or a whole snapshot waits before it is discarded. */
  readonly keptTicks: number;
}

export interface SnapshotReceiverPorts {
  readonly fresh: FreshState;
  /** Closes the engine and removes its directory. */
  discard(state: ReceivedState): void;
  readonly readHead: ReadHead;
  /** Why a snapshot that stands there is not wanted; null: it is. */
  judge(meta: SnapshotMeta): string | null;
  readonly probe: Probe;
}

interface Offer {
  readonly stream: IncomingStream;
  readonly frame: SnapshotBeginFrame;
}

export class SnapshotReceiver {
  readonly #options: SnapshotReceiverOptions;
  readonly #ports: SnapshotReceiverPorts;
  #receiving: Receiving | null = null;
  /** The connection that fills `#receiving`. */
  #stream: IncomingStream | null = null;
  /** An offer that waits for an empty state. */
  #offer: Offer | null = null;
  #preparing = false;
  #whole: { readonly meta: SnapshotMeta; readonly state: ReceivedState } | null = null;
  #idleTicks = 0;

  constructor(options: SnapshotReceiverOptions, ports: SnapshotReceiverPorts) {
    assertLe(1, options.creditChunks, 'creditChunks');
    assertLe(1, options.rowBytesMax, 'rowBytesMax');
    this.#options = options;
    this.#ports = ports;
  }

  /** A state that a stopped process left half filled. False: of no use, and not taken over. */
  resume(state: ReceivedState, done: (taken: boolean) => void): void {
    readProgress(state.engine, (progress) => {
      const usable =
        progress !== null &&
        progress.clusterId === this.#options.clusterId &&
        progress.feature <= this.#options.feature &&
        this.#ports.judge(progress.meta) === null;
      if (!usable || this.#receiving !== null || this.#preparing || this.#whole !== null) {
        return done(false);
      }
      this.#receiving = this.#start(progress, state);
      this.#log('kept a half received snapshot', this.#receiving);
      done(true);
    });
  }

  /** The verified state that stands exactly there, out of our hands; null: there is none. */
  take(meta: SnapshotMeta): ReceivedState | null {
    const whole = this.#whole;
    if (whole === null || !sameMeta(whole.meta, meta)) return null;
    this.#whole = null;
    return whole.state;
  }

  /** A connection on which a member will offer a snapshot. */
  accept(from: bigint, stream: IncomingStream): IncomingEvents {
    let begun = false;
    return {
      begin: (frame) => {
        if (begun) return this.#drop(stream, 'a second begin');
        begun = true;
        this.#ports.probe.log('info', 'receiving snapshot', {
          from: hexId(from),
          index: frame.meta.index,
        });
        this.#begin({ stream, frame });
      },
      chunk: (frame) => this.#judgeFrame(stream, frame.snapshotId, (r) => r.chunk(frame)),
      end: (frame) => this.#judgeFrame(stream, frame.snapshotId, (r) => r.end(frame)),
      closed: () => this.#closed(stream),
    };
  }

  tick(): void {
    const receiving = this.#receiving;
    if (receiving !== null && this.#stream !== null) {
      this.#idleTicks = 0;
      // Reading back takes its time: the sender must not take us for dead.
      if (receiving.stage === 'finishing') this.#ack(this.#stream, receiving, 'receiving');
      return;
    }
    if (receiving === null && this.#whole === null) return;
    if (++this.#idleTicks < this.#options.keptTicks) return;
    if (receiving !== null && receiving.stage === 'finishing') return;
    this.#idleTicks = 0;
    this.#abandon();
  }

  /** Ends everything; states go to `discard`. `done` once nothing of them is in use here. */
  close(done: () => void = () => {}): void {
    const stream = this.#stream;
    this.#offer = null;
    this.#abandon(done);
    stream?.close('the receiver stops');
  }

  #begin(offer: Offer): void {
    const { frame, stream } = offer;
    const fault = this.#fault(frame) ?? this.#ports.judge(frame.meta);
    if (fault !== null) return this.#refuse(offer, fault);
    const whole = this.#whole;
    if (whole !== null) {
      if (sameMeta(whole.meta, frame.meta)) {
        this.#answer(stream, frame.snapshotId, 'received', 0, 0);
        return;
      }
      if (frame.meta.index <= whole.meta.index) {
        return this.#refuse(offer, 'a newer snapshot waits to be installed');
      }
    }
    const receiving = this.#receiving;
    if (receiving?.id === frame.snapshotId && sameMeta(receiving.meta, frame.meta)) {
      if (receiving.stage !== 'over') return this.#takeUp(receiving, stream);
    } else if (this.#isBusyWithNewer(frame.meta)) {
      return this.#refuse(offer, 'a newer snapshot is being received');
    }
    if (this.#offer !== null) this.#refuse(this.#offer, 'a newer snapshot takes its place');
    this.#offer = offer;
    this.#prepare();
  }

  #fault({ format, clusterId, feature }: SnapshotBeginFrame): string | null {
    if (format !== SNAPSHOT_FORMAT) {
      return `snapshot format ${format} is unknown, this member reads ${SNAPSHOT_FORMAT}`;
    }
    if (clusterId !== this.#options.clusterId) return 'a snapshot of another cluster';
    if (feature > this.#options.feature) {
      return `the state uses feature ${feature}, this member knows up to ${this.#options.feature}`;
    }
    return null;
  }

  /** Only what somebody is sending now counts. */
  #isBusyWithNewer(meta: SnapshotMeta): boolean {
    if (this.#offer !== null && meta.index <= this.#offer.frame.meta.index) return true;
    return (
      this.#receiving !== null &&
      (this.#stream !== null || this.#receiving.stage === 'finishing') &&
      meta.index <= this.#receiving.meta.index
    );
  }

  /** The snapshot under way goes on over another connection. */
  #takeUp(receiving: Receiving, stream: IncomingStream): void {
    const older = this.#stream;
    this.#stream = stream;
    older?.close('another connection goes on with this snapshot');
    receiving.rewind(() => {
      if (this.#stream === stream && this.#receiving === receiving) {
        this.#log('goes on with a snapshot', receiving);
        this.#ack(stream, receiving, receiving.stage === 'whole' ? 'received' : 'receiving');
      }
    });
  }

  /** Makes room, then an empty state for the offer that waits by then. */
  #prepare(): void {
    if (this.#preparing) return;
    this.#preparing = true;
    this.#abandon(() =>
      this.#ports.fresh((failure, state) => {
        this.#preparing = false;
        const offer = this.#offer;
        this.#offer = null;
        if (state === null) {
          const text = failure === null ? 'no state' : `${failure.code}: ${failure.message}`;
          if (offer !== null) this.#refuse(offer, text);
          return;
        }
        if (offer === null) {
          this.#ports.discard(state);
          return;
        }
        const { snapshotId, clusterId, feature, meta } = offer.frame;
        const from = { snapshotId, clusterId, feature, meta, next: 0, position: STREAM_START };
        const receiving = this.#start(from, state);
        this.#receiving = receiving;
        this.#stream = offer.stream;
        this.#ack(offer.stream, receiving, 'receiving');
      }),
    );
  }

  #start(from: Progress, state: ReceivedState): Receiving {
    this.#idleTicks = 0;
    const { rowBytesMax, creditChunks, flushBytes } = this.#options;
    const { readHead } = this.#ports;
    const options: ReceivingOptions = { rowBytesMax, creditChunks, flushBytes, readHead };
    const receiving: Receiving = new Receiving(options, from, state, {
      acked: () => {
        if (this.#stream !== null) this.#ack(this.#stream, receiving, 'receiving');
      },
      flushed: () => this.#log('flushed a part of a snapshot', receiving),
      whole: () => this.#becameWhole(receiving),
      failed: (text) => this.#failed(receiving, text),
    });
    return receiving;
  }

  /** What would not be sent again if this process died now. */
  #log(message: string, receiving: Receiving): void {
    const { meta, next, position } = receiving.kept;
    const fields = { index: meta.index, chunks: next, rows: position.rows, bytes: position.bytes };
    this.#ports.probe.log('info', message, fields);
  }

  #becameWhole(receiving: Receiving): void {
    const stream = this.#stream;
    this.#receiving = null;
    this.#stream = null;
    this.#idleTicks = 0;
    this.#whole = { meta: receiving.meta, state: receiving.state };
    this.#ports.probe.log('info', 'received snapshot', { index: receiving.meta.index });
    if (stream !== null) this.#ack(stream, receiving, 'received');
  }

  #failed(receiving: Receiving, text: string): void {
    this.#ports.probe.log('error', 'cannot use snapshot', { error: text });
    const stream = this.#stream;
    this.#abandon();
    if (stream !== null) this.#answer(stream, receiving.id, 'refused', 0, 0, text);
  }

  /** Lets go of what is being received and of what is whole. */
  #abandon(done: () => void = () => {}): void {
    const { discard } = this.#ports;
    const whole = this.#whole;
    this.#whole = null;
    if (whole !== null) discard(whole.state);
    const receiving = this.#receiving;
    const stream = this.#stream;
    this.#receiving = null;
    this.#stream = null;
    if (receiving === null) return done();
    if (this.#offer !== null && stream !== null) {
      this.#answer(stream, receiving.id, 'refused', 0, 0, 'a newer snapshot takes its place');
    }
    receiving.retire(() => {
      discard(receiving.state);
      done();
    });
  }

  #judgeFrame(
    stream: IncomingStream,
    snapshotId: bigint,
    hand: (receiving: Receiving) => string | null,
  ): void {
    if (stream !== this.#stream || this.#receiving === null) return;
    const fault = snapshotId === this.#receiving.id ? hand(this.#receiving) : 'another snapshot';
    if (fault !== null) this.#drop(stream, fault);
  }

  #closed(stream: IncomingStream): void {
    if (this.#stream === stream) this.#stream = null;
    if (this.#offer?.stream === stream) this.#offer = null;
  }

  /** The connection is of no use; what came over it is kept. */
  #drop(stream: IncomingStream, reason: string): void {
    this.#ports.probe.log('warn', 'dropped a snapshot stream', { error: reason });
    this.#closed(stream);
    stream.close(reason);
  }

  #refuse({ stream, frame }: Offer, text: string): void {
    this.#answer(stream, frame.snapshotId, 'refused', 0, 0, text);
  }

  #ack(stream: IncomingStream, receiving: Receiving, state: SnapshotAckState): void {
    this.#answer(stream, receiving.id, state, receiving.next, receiving.credit);
  }

  #answer(
    stream: IncomingStream,
    snapshotId: bigint,
    state: SnapshotAckState,
    next: number,
    credit: number,
    text = '',
  ): void {
    stream.ack({ type: 'snapshot-ack', snapshotId, state, next, credit, text });
  }
}
