// What traces cost in CPU time: a call that is not sampled, and the recording of one trace of five spans.
// Run it bundled by esbuild, as the other benches (the command is in the README).
import { type CallHandler, type ServerCall } from '@conclave/base';
import { tracedHandler } from '@conclave/telemetry';
import { emptyResource } from '@opentelemetry/resources';
import { OtlpTracer } from './otlp-tracer.js';

const ROUNDS = 5;
const NS_PER_US = 1_000;

function tracer(ratio: number): OtlpTracer {
  const sink = {
    resource: emptyResource(),
    scope: { name: 'bench' },
    nowMs: () => performance.timeOrigin + performance.now(),
    chance: Math.random,
    ended: () => undefined,
  };
  return new OtlpTracer(sink, { parentBased: true, ratio });
}

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
const outer = tracedHandler(inner, tracer(0), true);
const all = tracer(1);
measure('a call without a tracer', 3e6, () => void inner.open(CALL));
measure('a call that is not sampled', 3e6, () => void outer.open(CALL));
measure('a trace of five spans, recorded', 1e5, () => recordOne(all));
