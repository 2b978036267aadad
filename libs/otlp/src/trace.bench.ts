// What traces cost in CPU time: a call that is not sampled, and one trace of five spans, recorded and put
// into the body of a request. What it costs to send one is not in it.
// Run it bundled by esbuild, as the other benches (the command is in the README).
import { type CallHandler, type ServerCall } from '@conclave/base';
import { tracedHandler } from '@conclave/telemetry';
import { OtlpTracer } from './otlp-tracer.js';
import type { RecordedSpan } from './recorded-span.js';
import { SpanBatches } from './span-batches.js';
import { requestHead, spanJson } from './span-json.js';
import { TraceIds } from './trace-ids.js';

const ROUNDS = 5;
const NS_PER_US = 1_000;

function tracer(ratio: number, ended: (span: RecordedSpan) => void): OtlpTracer {
  const nowMs = () => performance.timeOrigin + performance.now();
  const ids = new TraceIds(Math.random);
  return new OtlpTracer({ nowMs, ids, ended }, { parentBased: true, ratio }, Math.random);
}

const batches = new SpanBatches(
  { spansMax: 2_048, batchSpansMax: 512, delayMs: 5_000, timeoutMs: 30_000 },
  {
    head: () => requestHead({ 'service.name': 'bench' }, 'bench'),
    send: (_batch, done) => done({ code: 0 }),
    after: () => () => undefined,
    dropped: () => undefined,
  },
);

const EVENTS = { message() {}, halfClosed() {}, cancelled() {}, drained() {} };
const CALL: ServerCall = {
  head: {
    method: '/etcdserverpb.KV/Put',
    metadata: new Map([['user-agent', 'bench']]),
    timeoutMs: null,
    peer: '127.0.0.1:1',
  },
  send: () => true,
  end() {},
  pauseInput() {},
  resumeInput() {},
};

/** The last of some rounds, when the code is compiled. */
function measure(name: string, times: number, task: () => void): void {
  let perCall = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < times; i++) task();
    const { user, system } = process.cpuUsage(before);
    perCall = ((user + system) * NS_PER_US) / times;
  }
  process.stdout.write(`${name}: ${perCall.toFixed(0)} ns of CPU\n`);
}

function recordOne(all: OtlpTracer): void {
  const call = all.call(CALL.head, true);
  const propose = call?.child('propose');
  const context = propose?.contextBytes() as Uint8Array;
  const spans = ['log write', 'replicate', 'apply'].map((name) => all.resume(context, name));
  for (const span of spans) span?.set('conclave.entry.index', 1);
  for (const span of spans) span?.end();
  propose?.end();
  call?.mark('reply');
  call?.end();
}

const inner: CallHandler = { open: () => EVENTS };
const outer = tracedHandler(
  inner,
  tracer(0, () => undefined),
  true,
);
const recorded = tracer(1, () => undefined);
const written = tracer(1, (span) => {
  if (batches.takes()) batches.add(spanJson(span));
});
measure('a call without a tracer', 3e6, () => void inner.open(CALL));
measure('a call that is not sampled', 3e6, () => void outer.open(CALL));
measure('a trace of five spans, recorded', 1e5, () => recordOne(recorded));
measure('the same, and put into a request', 1e5, () => recordOne(written));
