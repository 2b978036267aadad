import type { Clock, Engine, Probe, Scheduler } from '@conclave/base';
import type { SnapshotLinks, SnapshotReceiverEvents, SnapshotStreamReceiver } from '@conclave/link';
import type { ReceivedState, SnapshotTransfer } from '@conclave/replica';
import type { MemberDirectory } from '@conclave/storage';
import type { SnapshotMeta } from '@conclave/wire';

export interface SnapshotTrafficPorts {
  readonly clusterId: bigint;
  readonly directory: MemberDirectory;
  engine(): Engine;
  readonly probe: Probe;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  links(): SnapshotLinks;
  urlsOf(id: bigint): readonly string[];
}

export class SnapshotTraffic implements SnapshotTransfer {
  readonly #ports: SnapshotTrafficPorts;

  constructor(ports: SnapshotTrafficPorts) {
    this.#ports = ports;
  }

  send(_to: bigint, done: (meta: SnapshotMeta | null) => void): void {
    this.#ports.scheduler.yieldTo(() => done(null));
  }

  take(_meta: SnapshotMeta): ReceivedState | null {
    return null;
  }

  accept(_from: bigint, stream: SnapshotStreamReceiver): SnapshotReceiverEvents {
    stream.close('not yet');
    const nothing = (): void => undefined;
    return { begin: nothing, chunk: nothing, end: nothing, closed: nothing };
  }

  tick(_nowMs: number): void {}
}
