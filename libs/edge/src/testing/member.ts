/** What the tests of this room put behind the edge. */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import { RangeRequest, RangeResponse, WatchService } from '@conclave/wire';

import type { AlarmName, NodeVersions, NodeView } from '../node-view.js';

/** A member of a few lines: Range answers, Watch stays open, everything else is unknown. */
export class Member implements CallHandler, NodeView {
  readonly heads: CallHead[] = [];
  readonly ranges: RangeRequest[] = [];
  active: AlarmName[] = [];
  leader = true;
  learner = false;
  rangeFailure: { code: StatusCode; text: string; linearizableOnly: boolean } | null = null;
  isStuck = false;
  cancelled = 0;

  versions(): NodeVersions {
    return { server: '3.6.9', cluster: this.leader ? '3.6.0' : null, storage: null };
  }

  alarms(): readonly AlarmName[] {
    return this.active;
  }

  hasLeader(): boolean {
    return this.leader;
  }

  isLearner(): boolean {
    return this.learner;
  }

  open(call: ServerCall): ServerCallEvents {
    this.heads.push(call.head);
    return {
      message: (bytes) => this.#message(call, bytes),
      halfClosed() {},
      cancelled: () => void this.cancelled++,
      drained() {},
    };
  }

  #message(call: ServerCall, bytes: Uint8Array): void {
    if (call.head.method === WatchService.watch.path || this.isStuck) return;
    const range = RangeRequest.decode(bytes);
    this.ranges.push(range);
    const failure = this.rangeFailure;
    if (failure !== null && !(failure.linearizableOnly && range.serializable)) {
      call.end(failure.code, failure.text);
      return;
    }
    call.send(RangeResponse.encode(RangeResponse.create({ count: 7 })));
    call.end(Status.OK, '');
  }
}
