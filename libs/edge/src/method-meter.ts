/**
 * The metrics of one gRPC method, their series found once: a call adds to them and looks nothing up.
 * All exist from the start, at 0, as at etcd: a rate over a series that appears later misses its start.
 */
import {
  assertDefined,
  type Probe,
  type ProbeSeries,
  seriesOf,
  type StatusCode,
} from '@conclave/base';

import type { MethodLabels } from './method-labels.js';

export class MethodMeter {
  readonly method: MethodLabels;
  readonly started: ProbeSeries;
  readonly received: ProbeSeries;
  readonly sent: ProbeSeries;
  /** Of all methods together. */
  readonly receivedBytes: ProbeSeries;
  readonly sentBytes: ProbeSeries;
  /** How long calls take; null: it is not measured (`--metrics=extensive`). */
  readonly seconds: ProbeSeries | null;
  readonly nowMs: () => number;
  /** By status code. */
  readonly #handled: readonly ProbeSeries[];

  constructor(probe: Probe, method: MethodLabels, extensive: boolean, nowMs: () => number) {
    const { labels, byCode } = method;
    this.method = method;
    this.nowMs = nowMs;
    this.started = made(probe, 'grpc_server_started_total', labels);
    this.received = made(probe, 'grpc_server_msg_received_total', labels);
    this.sent = made(probe, 'grpc_server_msg_sent_total', labels);
    this.#handled = byCode.map((of) => made(probe, 'grpc_server_handled_total', of));
    this.receivedBytes = seriesOf(probe, 'etcd_network_client_grpc_received_bytes_total');
    this.sentBytes = seriesOf(probe, 'etcd_network_client_grpc_sent_bytes_total');
    this.seconds = extensive ? seriesOf(probe, 'grpc_server_handling_seconds', labels) : null;
  }

  handled(code: StatusCode): void {
    assertDefined(this.#handled[code], 'every status code has a name').add(1);
  }
}

/** A counter that is there at 0, whatever the probe. */
function made(probe: Probe, name: string, labels: Readonly<Record<string, string>>): ProbeSeries {
  probe.count(name, 0, labels);
  return seriesOf(probe, name, labels);
}
