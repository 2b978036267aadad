/** Spans of calls at the edge; counting is tested through a real port (`client-edge.spec.ts`). */
import {
  type CallHandler,
  NO_PROBE,
  type ServerCall,
  type ServerCallEvents,
  Status,
  TraceMetadata,
  type TraceSpan,
  type Tracer,
} from '@conclave/base';
import { KvService, LeaseService, WatchService } from '@conclave/wire';
import { etcdServices } from './etcd-services.js';

const lines: string[] = [];
const SPAN: TraceSpan = {
  traceparent: 'ours',
  contextBytes: () => new Uint8Array(25),
  child: () => SPAN,
  mark: (event) => void lines.push(`mark ${event}`),
  set: (name, value) => void lines.push(`${name}=${value}`),
  end: (failure = '') => void lines.push(`end ${failure}`),
};
/** Samples all, and says what it was asked. */
const SAMPLES: Tracer = {
  call: (head, mayBegin) => {
    lines.push(`${head.method} ${mayBegin}`);
    return SPAN;
  },
  resume: () => null,
};

class Echo implements CallHandler {
  readonly calls: ServerCall[] = [];

  open(call: ServerCall): ServerCallEvents {
    this.calls.push(call);
    return {
      message: (bytes) => {
        call.send(bytes);
        call.send(bytes);
        call.end(bytes.length === 0 ? Status.NOT_FOUND : Status.OK, '');
      },
      halfClosed: () => undefined,
      cancelled: () => void lines.push('handler cancelled'),
      drained: () => undefined,
    };
  }
}

function open(method: string, echo: Echo, tracer: Tracer | null = SAMPLES): ServerCallEvents {
  lines.length = 0;
  const meter = { probe: NO_PROBE, extensive: false, nowMs: () => 0 };
  const service = method.slice(1, method.lastIndexOf('/'));
  const door = etcdServices(echo, echo, meter, tracer).get(service) as CallHandler;
  const metadata = new Map([[TraceMetadata.PARENT, 'theirs']]);
  return door.open({
    head: { method, metadata, timeoutMs: null, peer: 'p' },
    send: () => true,
    end: () => undefined,
    pauseInput: () => undefined,
    resumeInput: () => undefined,
  });
}

test('a sampled call hands its span on, and ends it with its status; only the first answer is marked', () => {
  const echo = new Echo();
  open(KvService.put.path, echo).message(Uint8Array.of(1));
  expect(lines).toEqual([
    `${KvService.put.path} true`,
    'mark reply',
    'rpc.grpc.status_code=0',
    'end ',
  ]);
  const head = echo.calls[0]?.head;
  expect(head?.trace).toBe(SPAN);
  expect(head?.metadata.get(TraceMetadata.PARENT)).toBe('ours');
});

test('a call that fails, or is cancelled, ends its span with the reason', () => {
  open(KvService.put.path, new Echo()).message(Uint8Array.of());
  expect(lines.slice(-2)).toEqual(['rpc.grpc.status_code=5', 'end code 5']);
  open(KvService.put.path, new Echo()).cancelled();
  expect(lines.slice(1)).toEqual([
    'rpc.grpc.status_code=1',
    'end the client went away',
    'handler cancelled',
  ]);
  open(KvService.put.path, new Echo()).halfClosed();
  expect(lines.slice(1, 3)).toEqual(['rpc.grpc.status_code=2', 'end EOF']);
});

test.each([WatchService.watch.path, LeaseService.leaseKeepAlive.path])(
  '%s, which has no end, has no span, and neither has a call where traces are off',
  (method) => {
    for (const [path, tracer] of [
      [method, SAMPLES],
      [KvService.put.path, null],
    ] as const) {
      const echo = new Echo();
      open(path, echo, tracer).message(Uint8Array.of(1));
      expect(lines).toEqual([]);
      expect(echo.calls[0]?.head.trace).toBeUndefined();
      expect(echo.calls[0]?.head.metadata.get(TraceMetadata.PARENT)).toBe('theirs');
    }
  },
);
