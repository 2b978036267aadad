/**
 * Calls that only the leader can answer and that do not go through the log: a member that does not lead
 * sends them on to the one that does, and tries again until the request timeout (spec 2.2).
 *
 * A call that was sent on is marked and never sent on again, so that two members that believe in each
 * other's leadership cannot play ball.
 */
import {
  type Metadata,
  type StatusCode,
  Status,
  TraceMetadata,
  type TraceSpan,
} from '@conclave/base';
import type { Cancel } from '@conclave/replica';
import { type Codec, DecodeError } from '@conclave/wire';
import type { ApiContext } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import type { UnaryCall } from './unary.js';

const FORWARDED = 'conclave-forwarded';
const FORWARDED_METADATA: Metadata = new Map([[FORWARDED, '1']]);
/** Pause between two tries, as at etcd. */
const RETRY_MS = 50;

export function wasForwarded(metadata: Metadata): boolean {
  return metadata.has(FORWARDED);
}

export type Reached =
  | { readonly ok: true; readonly messages: readonly Uint8Array[] }
  | { readonly ok: false; readonly code: StatusCode; readonly message: string };

/** Sends `requests` to the leader as one call; collects as many answers. Null: no leader to ask. */
export function askLeader(
  api: ApiContext,
  method: string,
  requests: readonly Uint8Array[],
  timeoutMs: number,
  done: (reached: Reached) => void,
  trace?: TraceSpan,
): Cancel | null {
  const channel = api.replica.leaderChannel();
  if (channel === null) return null;
  const span = trace?.child('ask leader');
  const metadata = span === undefined ? FORWARDED_METADATA : tracedMetadata(span);
  const messages: Uint8Array[] = [];
  let over = false;
  const finish = (reached: Reached): void => {
    if (over) return;
    over = true;
    span?.end(reached.ok ? '' : reached.message);
    done(reached);
  };
  const call = channel.open(method, metadata, timeoutMs, {
    message: (bytes) => void (messages.length < requests.length && messages.push(bytes)),
    ended: (code, message) => {
      finish(code === Status.OK ? { ok: true, messages } : { ok: false, code, message });
    },
    drained: () => undefined,
  });
  for (const request of requests) call.send(request);
  call.halfClose();
  return () => {
    if (over) return;
    over = true;
    span?.end('cancelled');
    call.cancel();
  };
}

function tracedMetadata(span: TraceSpan): Metadata {
  return new Map(FORWARDED_METADATA).set(TraceMetadata.PARENT, span.traceparent);
}

/** One round of `LeaderRetry`: answers through `again` (try once more) or not at all. */
type Attempt = (again: () => void) => Cancel | null;

/**
 * Tries until something came of it or the request timeout passed; then `expired`. An attempt that
 * answers null found no leader.
 */
export function retryAtLeader(
  api: ApiContext,
  attempt: Attempt,
  expired: (code: ApiErrorCode) => void,
): Cancel {
  const { replica } = api;
  const deadlineMs = replica.nowMs + api.requestTimeoutMs;
  let stopped = false;
  let leaderSeen = false;
  let current: Cancel | null = null;
  const round = (): void => {
    if (stopped) return;
    if (replica.nowMs >= deadlineMs) {
      stopped = true;
      return expired(leaderSeen ? 'timeout' : 'no-leader');
    }
    let answered = false;
    const cancel = attempt(() => {
      answered = true;
      current = replica.after(RETRY_MS, round);
    });
    if (answered) {
      leaderSeen = true;
      return;
    }
    if (cancel === null) current = replica.after(RETRY_MS, round);
    else {
      leaderSeen = true;
      current = cancel;
    }
  };
  round();
  return () => {
    stopped = true;
    current?.();
  };
}

/** Whether an answer of the member asked is to be tried again: it does not lead, or is not there. */
export function isRetryable(code: StatusCode, message: string): boolean {
  if (code === Status.UNAVAILABLE || code === Status.CANCELLED) return true;
  return message === failureOf('not-leader').message || message === 'not a primary lessor';
}

/** Sends a unary request on, and hands over the leader's answer. */
export function forwardUnary<T>(
  api: ApiContext,
  call: UnaryCall,
  body: Uint8Array,
  codec: Codec<T>,
  answered: (response: T) => void,
): void {
  if (wasForwarded(call.head.metadata)) return call.fail('no-leader');
  call.hold(() =>
    retryAtLeader(
      api,
      (again) =>
        askLeader(
          api,
          call.head.method,
          [body],
          api.requestTimeoutMs,
          (reached) => {
            if (call.ended) return;
            if (!reached.ok && !isRetryable(reached.code, reached.message)) {
              return call.end(reached.code, reached.message);
            }
            const message = reached.ok ? reached.messages[0] : undefined;
            const response = message === undefined ? null : decodeAnswer(codec, message);
            if (response === null) again();
            else answered(response);
          },
          call.head.trace,
        ),
      (code) => call.fail(code),
    ),
  );
}

/** An answer of another member; null when its bytes are not that message. */
export function decodeAnswer<T>(codec: Codec<T>, bytes: Uint8Array): T | null {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
