import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type TraceSpan,
  type Tracer,
} from '@conclave/base';
import { tracedHandler } from './traced-handler.js';

const lines: string[] = [];
const SPAN: TraceSpan = {
  traceparent: 'ours',
  contextBytes: () => new Uint8Array(25),
  child: () => SPAN,
  mark: (event) => void lines.push(`mark ${event}`),
  set: (name, value) => void lines.push(`${name}=${value}`),
  end: (failure = '') => void lines.push(`end ${failure}`),
};
const SAMPLES: Tracer = { call: () => SPAN, resume: () => null };

class Echo implements CallHandler {
  calls: ServerCall[] = [];

  open(call: ServerCall): ServerCallEvents {
    this.calls.push(call);
    return {
      message: (bytes) => {
        call.send(bytes);
        call.end(Status.OK, '');
      },
      halfClosed: () => call.end(Status.INTERNAL, 'no message'),
      cancelled: () => void lines.push('handler cancelled'),
      drained: () => undefined,
    };
  }
}

function call(method = '/etcdserverpb.KV/Put'): ServerCall {
  const metadata = new Map([['traceparent', 'theirs']]);
  const head: CallHead = { method, metadata, timeoutMs: null, peer: 'p' };
  return {
    head,
    send: () => true,
    end: (code, message) => void lines.push(`status ${code} ${message}`),
    pauseInput() {},
    resumeInput() {},
  };
}

beforeEach(() => void (lines.length = 0));

test('without a tracer nothing stands in between', () => {
  const echo = new Echo();
  expect(tracedHandler(echo, null, true)).toBe(echo);
});

test('a call that is not sampled, and a stream without end, go through as they came', () => {
  const echo = new Echo();
  const none = call();
  tracedHandler(echo, { call: () => null, resume: () => null }, true).open(none);
  const watch = call('/etcdserverpb.Watch/Watch');
  tracedHandler(echo, SAMPLES, true).open(watch);
  expect(echo.calls).toEqual([none, watch]);
});

test('a sampled call hands its span on, and ends it with its status', () => {
  const echo = new Echo();
  const events = tracedHandler(echo, SAMPLES, true).open(call());
  expect(echo.calls[0]?.head.trace).toBe(SPAN);
  expect(echo.calls[0]?.head.metadata.get('traceparent')).toBe('ours');
  events.message(new Uint8Array(1));
  events.halfClosed();
  events.cancelled();
  expect(lines).toEqual(['mark reply', 'rpc.grpc.status_code=0', 'end ', 'status 0 ']);
});

test('a failure and a client that goes away end the span with the reason', () => {
  const handler = tracedHandler(new Echo(), SAMPLES, true);
  handler.open(call()).halfClosed();
  expect(lines.splice(0)).toEqual([
    'rpc.grpc.status_code=13',
    'end no message',
    'status 13 no message',
  ]);
  handler.open(call()).cancelled();
  expect(lines).toEqual([
    'rpc.grpc.status_code=1',
    'end the client went away or its time was up',
    'handler cancelled',
  ]);
});
