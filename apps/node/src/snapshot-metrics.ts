/** etcd's metrics of snapshots between members, observed where they pass. */
import { type Clock, type Probe, hexId } from '@conclave/base';
import type { SnapshotReceiverEvents, SnapshotStreamReceiver } from '@conclave/link';
import type { SnapshotMeta } from '@conclave/wire';

const MS_PER_S = 1_000;

/** What comes of a received snapshot, as it is counted. */
const RECEIVED = 'etcd_network_snapshot_receive_success';
const NOT_RECEIVED = 'etcd_network_snapshot_receive_failures';

export class SnapshotMetrics {
  readonly #probe: Probe;
  readonly #clock: Clock;
  #sending = 0;
  #receiving = 0;

  constructor(probe: Probe, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** `done` of a sending, counted when it is called. */
  sending(
    to: bigint,
    done: (meta: SnapshotMeta | null) => void,
  ): (meta: SnapshotMeta | null) => void {
    const labels = { To: hexId(to) };
    const startMs = this.#clock.monotonicMs();
    const inflights = 'etcd_network_snapshot_send_inflights_total';
    this.#probe.gauge(inflights, ++this.#sending, labels);
    return (meta) => {
      this.#probe.gauge(inflights, --this.#sending, labels);
      const seconds = (this.#clock.monotonicMs() - startMs) / MS_PER_S;
      if (meta === null) this.#probe.count('etcd_network_snapshot_send_failures', 1, labels);
      else {
        this.#probe.count('etcd_network_snapshot_send_success', 1, labels);
        this.#probe.observe('etcd_network_snapshot_send_total_duration_seconds', seconds, labels);
      }
      done(meta);
    };
  }

  /** A stream that a member offers a snapshot on; `accept` gets it and answers who receives. */
  receiving(
    from: bigint,
    stream: SnapshotStreamReceiver,
    accept: (stream: SnapshotStreamReceiver) => SnapshotReceiverEvents,
  ): SnapshotReceiverEvents {
    const labels = { From: hexId(from) };
    const inflights = 'etcd_network_snapshot_receive_inflights_total';
    let startMs = 0;
    let underWay = false;
    const ended = (outcome: typeof RECEIVED | typeof NOT_RECEIVED): void => {
      if (!underWay) return;
      underWay = false;
      this.#probe.gauge(inflights, --this.#receiving, labels);
      this.#probe.count(outcome, 1, labels);
      if (outcome === NOT_RECEIVED) return;
      const seconds = (this.#clock.monotonicMs() - startMs) / MS_PER_S;
      this.#probe.observe('etcd_network_snapshot_receive_total_duration_seconds', seconds, labels);
      // Each row goes to the engine as it comes: the saving is the receiving.
      this.#probe.observe('etcd_snap_db_save_total_duration_seconds', seconds);
    };
    const events = accept({
      ack: (frame) => {
        if (frame.state === 'received') ended(RECEIVED);
        else if (frame.state === 'refused') ended(NOT_RECEIVED);
        stream.ack(frame);
      },
      close: (reason) => {
        ended(NOT_RECEIVED);
        stream.close(reason);
      },
    });
    return {
      begin: (frame) => {
        if (!underWay) {
          underWay = true;
          startMs = this.#clock.monotonicMs();
          this.#probe.gauge(inflights, ++this.#receiving, labels);
        }
        events.begin(frame);
      },
      chunk: (frame) => events.chunk(frame),
      end: (frame) => events.end(frame),
      closed: (reason) => {
        ended(NOT_RECEIVED);
        events.closed(reason);
      },
    };
  }
}
