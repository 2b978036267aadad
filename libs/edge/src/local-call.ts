/**
 * One unary Call made by the edge itself, in memory: how a health check reads from the store.
 */
import {
  type CallHandler,
  EMPTY_METADATA,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';

export type CallDone = (code: StatusCode, message: string, response: Uint8Array | null) => void;

/** Sends `request` and calls `done` exactly once, at the latest after `timeoutMs`. */
export function callOnce(
  handler: CallHandler,
  method: string,
  request: Uint8Array,
  timeoutMs: number,
  done: CallDone,
): void {
  let response: Uint8Array | null = null;
  let events: ServerCallEvents | null = null;
  let isOver = false;
  const end = (code: StatusCode, message: string): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    done(code, message, code === Status.OK ? response : null);
  };
  const timer = setTimeout(() => {
    const open = isOver ? null : events;
    end(Status.DEADLINE_EXCEEDED, 'context deadline exceeded');
    open?.cancelled();
  }, timeoutMs);
  const call: ServerCall = {
    head: { method, metadata: EMPTY_METADATA, timeoutMs, peer: 'edge' },
    send(message) {
      response ??= message;
      return true;
    },
    end,
    pauseInput() {},
    resumeInput() {},
  };
  events = handler.open(call);
  // `isOver` may have changed inside `open` and inside `message`.
  if (!isOver) events.message(request);
  if (!isOver) events.halfClosed();
}
