import type { Revision } from '@conclave/base';
import type { MvccEvent } from '@conclave/mvcc';
import type { WatchRequest } from '@conclave/wire';

/** Where a watch stream sends: one encoded WatchResponse a call. False: stop until `drained`. */
export interface WatchSink {
  send(response: Uint8Array): boolean;
}

/** One client stream: many watchers, the whole protocol of spec 2.7. */
export interface WatchStream {
  /** Authorisation was checked by the caller. */
  request(request: WatchRequest): void;
  /** Answers a create that the caller refuses: created + canceled, watch id -1, this reason. */
  refuse(reason: string): void;
  /**
   * False: answers are queued beyond the bound because the client does not read them. Pause the call's
   * input and resume it after a `drained` that finds this true again. Requests that come all the
   * same are taken up to a hard bound and then ignored.
   */
  readonly accepting: boolean;
  drained(): void;
  /** The call is over: nothing is sent any more, all watchers go. */
  close(): void;
}

export interface WatchOptions {
  /** Event-less responses to watchers with progress_notify; default 600,000. */
  readonly progressIntervalMs: number;
  /** Responses larger than this are fragmented when asked for: max-request-bytes + 512 KiB. */
  readonly fragmentBytesMax: number;
  readonly watchersPerStreamMax: number;
  /** Rows read for catching up per slice. */
  readonly historyRowsMax: number;
  /** Bytes queued (about) for one stream before its watchers fall back to reading history. */
  readonly streamQueueBytesMax: number;
}

export interface WatchHub {
  /** `header(revision)` encodes the ResponseHeader (cluster, member, revision, term) of this moment. */
  open(sink: WatchSink, header: (revision: Revision) => Uint8Array): WatchStream;
  /** After apply, in order, once for each revision; `events` all have main === revision. */
  publish(revision: Revision, events: readonly MvccEvent[]): void;
  /** After a logical compaction. */
  compacted(revision: Revision): void;
  /** After a snapshot was installed: every watcher re-syncs from its next revision. */
  restored(): void;
  tick(nowMs: number): void;
  readonly watcherCount: number;
  readonly streamCount: number;
}
