/**
 * Calls of the feed to the store, in memory: single questions, and the watch. Behind the handler stands
 * a member's api or a gateway's router.
 */
import {
  type ByteString,
  type CallHandler,
  EMPTY_BYTES,
  EMPTY_METADATA,
  type ServerCall,
  type ServerCallEvents,
  Status,
  fromByteString,
  toByteString,
} from '@conclave/base';
import { EventType, WatchCreateRequest, WatchRequest, WatchResponse } from '@conclave/wire';
import type { Answered } from './claim.js';
import type { Change } from './message.js';

const WATCH = '/etcdserverpb.Watch/Watch';
const PEER = 'feed';

/** Asks once; the first message is the answer, also of a stream. `done` comes exactly once. */
export function askStore(
  handler: CallHandler,
  method: string,
  request: Uint8Array,
  timeoutMs: number,
  done: Answered,
): void {
  let events: ServerCallEvents | null = null;
  let isOver = false;
  let first: Uint8Array | null = null;
  const isStream = method.endsWith('KeepAlive');
  const end: ServerCall['end'] = (code, message) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    done(code, message, code === Status.OK ? first : null);
  };
  const cancel = (code: Parameters<ServerCall['end']>[0], message: string): void => {
    if (isOver) return;
    end(code, message);
    events?.cancelled();
  };
  const timer = setTimeout(() => {
    cancel(Status.DEADLINE_EXCEEDED, 'context deadline exceeded');
  }, timeoutMs);
  const call: ServerCall = {
    head: { method, metadata: EMPTY_METADATA, timeoutMs: isStream ? null : timeoutMs, peer: PEER },
    send(message) {
      first ??= message;
      if (isStream) cancel(Status.OK, '');
      return true;
    },
    end,
    pauseInput() {},
    resumeInput() {},
  };
  events = handler.open(call);
  // `isOver` may have changed inside `open` and inside `message`.
  if (!isOver) events.message(request);
  if (!isOver && !isStream) events.halfClosed();
}

export interface WatchSink {
  /** False: no more until `resume`. */
  changes(changes: readonly Change[], isFragment: boolean, storeRevision: number): boolean;
  progress(revision: number): void;
  compacted(compactRevision: number): void;
  /** The stream ended; nothing follows. */
  ended(text: string): void;
}

/** One watch of all keys in [lo, hi). */
export class StoreWatch implements ServerCall {
  readonly head: ServerCall['head'];
  readonly #sink: WatchSink;
  readonly #handler: CallHandler;
  readonly #create: Uint8Array;
  #events: ServerCallEvents | null = null;
  #ended = false;

  constructor(
    handler: CallHandler,
    range: { readonly lo: ByteString; readonly hi: ByteString },
    startRevision: number,
    sink: WatchSink,
  ) {
    this.head = { method: WATCH, metadata: EMPTY_METADATA, timeoutMs: null, peer: PEER };
    this.#sink = sink;
    this.#handler = handler;
    const createRequest: WatchCreateRequest = {
      ...WatchCreateRequest.create(),
      key: fromByteString(range.lo),
      rangeEnd: fromByteString(range.hi),
      startRevision,
      progressNotify: true,
      fragment: true,
    };
    this.#create = WatchRequest.encode({
      requestUnion: { $case: 'createRequest', createRequest },
    });
  }

  /** Opens it; the sink may be called before this returns. */
  start(): void {
    this.#events = this.#handler.open(this);
    if (!this.#ended) this.#events.message(this.#create);
  }

  /** Asks how far the watch is; the answer comes by `progress`, if the watch is not behind. */
  askProgress(): void {
    if (this.#ended) return;
    const progressRequest = {};
    this.#events?.message(
      WatchRequest.encode({ requestUnion: { $case: 'progressRequest', progressRequest } }),
    );
  }

  resume(): void {
    if (!this.#ended) this.#events?.drained();
  }

  /** Ends it; the sink hears nothing more. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events?.cancelled();
  }

  // ---- what the store calls

  send(message: Uint8Array): boolean {
    if (this.#ended) return true;
    const response = WatchResponse.decode(message);
    if (response.canceled) {
      const { compactRevision, cancelReason } = response;
      if (compactRevision > 0) this.#sink.compacted(compactRevision);
      else this.#fail(`the watch was refused: ${cancelReason}`);
      return true;
    }
    if (response.created) return true;
    const revision = response.header?.revision ?? 0;
    if (response.events.length === 0 && !response.fragment) {
      this.#sink.progress(revision);
      return true;
    }
    return this.#sink.changes(changesOf(response), response.fragment, revision);
  }

  end(_code: number, message: string): void {
    this.#fail(`the watch ended: ${message}`);
  }

  #fail(text: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.ended(text);
  }

  pauseInput(): void {}

  resumeInput(): void {}
}

function changesOf(response: WatchResponse): Change[] {
  const changes: Change[] = [];
  for (const { type, kv } of response.events) {
    if (kv === null) continue;
    const isDelete = type === EventType.DELETE;
    changes.push({
      type: isDelete ? 'delete' : 'put',
      key: toByteString(kv.key),
      value: isDelete ? EMPTY_BYTES : kv.value,
      revision: kv.modRevision,
      createRevision: kv.createRevision,
      version: kv.version,
      lease: kv.lease,
    });
  }
  return changes;
}

/** The end of the range of keys that begin with `prefix`, as etcd writes it; `\0`: no end. */
export function prefixEnd(prefix: ByteString): ByteString {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix.charCodeAt(i);
    if (byte < 0xff) return prefix.slice(0, i) + String.fromCharCode(byte + 1);
  }
  return '\0';
}
