/** The gateway on a real port over a handler of a few lines, with limits small enough to be met. */
import { type Server, type IncomingMessage, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  type CallHandler,
  type ServerCall,
  type ServerCallEvents,
  Status,
  encodeUtf8,
} from '@conclave/base';
import { METHODS, PutRequest, PutResponse, WatchResponse } from '@conclave/wire';
import { JsonGateway, type JsonGatewayLimits, jsonGatewayLimits } from './json-gateway.js';
import { readJsonHead } from './json-head.js';

/** Keeps what it is told; answers when the test says so. */
class Handler implements CallHandler {
  readonly calls: ServerCall[] = [];
  readonly told: string[] = [];
  onMessage: (call: ServerCall, bytes: Uint8Array) => void = () => undefined;

  open(call: ServerCall): ServerCallEvents {
    this.calls.push(call);
    return {
      message: (bytes) => {
        this.told.push('message');
        this.onMessage(call, bytes);
      },
      halfClosed: () => void this.told.push('half closed'),
      cancelled: () => void this.told.push('cancelled'),
      drained: () => void this.told.push('drained'),
    };
  }
}

let handler: Handler;
let gateway: JsonGateway;
let server: Server | null = null;

async function start(limits: Partial<JsonGatewayLimits> = {}): Promise<void> {
  handler = new Handler();
  const services = new Map(METHODS.map((method) => [method.service, handler]));
  gateway = new JsonGateway({ ...jsonGatewayLimits(1 << 20), ...limits }, services);
  const made = createServer((q, a) => {
    a.on('error', () => undefined);
    if (!gateway.handle(q, a, q.url ?? '')) a.end('not ours');
  });
  server = made;
  await new Promise<void>((done) => made.listen(0, '127.0.0.1', done));
}

afterEach(async () => {
  const open = server;
  server = null;
  open?.closeAllConnections();
  await new Promise((done) => (open === null ? done(null) : open.close(done)));
});

const port = (): number => (server?.address() as AddressInfo).port;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Without `body` the request stays open. */
function post(path: string, body?: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: port(),
      method: 'POST',
      path,
      headers,
      agent: false,
    };
    const asked = request(options, (response: IncomingMessage) => {
      let text = '';
      response.on('data', (part) => (text += String(part)));
      response.on('close', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asked.on('error', reject);
    if (body === undefined) asked.write('{"key":');
    else asked.end(body);
  });
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isTrue(); i++) await new Promise((done) => setTimeout(done, 10));
  expect({ what, isTrue: isTrue() }).toEqual({ what, isTrue: true });
}

const failed = (text: string, code: number): string =>
  `{"error":"${text}","message":"${text}","code":${code}}`;

test('header fields become metadata, and the plain trace context wins', () => {
  const head = readJsonHead([
    ...['Authorization', 'token', 'authorization', 'second', 'X-Other', 'x'],
    ...['Grpc-Metadata-hasleader', 'true', 'Grpc-Metadata-Hasleader', 'false'],
    ...['Grpc-Metadata-Traceparent', 'theirs', 'traceparent', 'ours'],
    ...['tracestate', 'a=1', 'TraceState', 'b=2', 'Grpc-Metadata-x-bin', '/wA='],
    ...['Grpc-Metadata-grpc-timeout', '1S', 'Grpc-Timeout', '1500m'],
  ]);
  expect(head).toEqual({
    ok: true,
    timeoutMs: 1500,
    metadata: new Map([
      ['authorization', 'token'],
      ['traceparent', 'ours'],
      ['tracestate', 'a=1,b=2'],
      ['hasleader', 'true'],
      ['x-bin', '\xff\x00'],
    ]),
  });
});

test('a request is a Call: message, half close, answer; and knows its route', async () => {
  await start();
  handler.onMessage = (call, bytes) => {
    expect(PutRequest.decode(bytes).key).toEqual(encodeUtf8('a'));
    call.send(PutResponse.encode(PutResponse.create({})));
    call.end(Status.OK, '');
    call.end(Status.INTERNAL, 'twice');
  };
  const answer = await post('/v3beta/kv/put', '{"key":"YQ=="}', { 'Grpc-Timeout': '5S' });
  expect(answer).toEqual({ status: 200, body: '{}' });
  expect(handler.calls[0]?.head).toMatchObject({
    method: '/etcdserverpb.KV/Put',
    timeoutMs: 5000,
    http: { method: 'POST', route: '/v3/kv/put' },
  });
  await until('it is over', () => gateway.callCount === 0);
  expect(handler.told).toEqual(['message']);
});

test('a body that does not come is answered 408, and no Call is made', async () => {
  await start({ bodyMs: 30 });
  const answer = await post('/v3/kv/put');
  const text = 'the request body was not complete after 30 ms';
  expect(answer).toEqual({ status: 408, body: failed(text, 1) });
  expect(handler.calls).toHaveLength(0);
});

test('bodies that are being read have one bound together', async () => {
  await start({ heldBytesMax: 10 });
  const first = post('/v3/kv/put');
  await until('it is held', () => gateway.callCount === 1);
  const second = await post('/v3/kv/put');
  expect(second.status).toBe(429);
  expect(second.body).toContain('too many bytes of request bodies at the same time');
  gateway.endCalls('stop');
  expect(await first).toEqual({ status: 503, body: failed('stop', 14) });
  await until('nothing is held', () => gateway.callCount === 0);
  expect(gateway.hold(10)).toBe(true);
  gateway.hold(-10);
});

test('so many requests at a time and no more', async () => {
  await start({ callsMax: 1 });
  const first = post('/v3/kv/put', '{}');
  await until('it is open', () => handler.calls.length === 1);
  const second = await post('/v3/kv/put', '{}');
  expect(second).toEqual({ status: 429, body: failed('too many requests at the same time', 8) });
  handler.calls[0]?.end(Status.NOT_FOUND, 'gone "1"');
  expect((await first).status).toBe(404);
});

test('a message above the limit never reaches a handler', async () => {
  await start({ messageBytesMax: 10 });
  const answer = await post('/v3/kv/put', `{"key":"${'AAAA'.repeat(5)}"}`);
  const text = 'grpc: received message larger than max (17 vs. 10)';
  expect(answer).toEqual({ status: 429, body: failed(text, 8) });
  expect(handler.calls).toHaveLength(0);
});

test('a deadline ends the call, and its handler is told', async () => {
  await start();
  const answer = await post('/v3/kv/put', '{}', { 'Grpc-Timeout': '20m' });
  expect(answer).toEqual({ status: 504, body: failed('context deadline exceeded', 4) });
  expect(handler.told).toEqual(['message', 'half closed', 'cancelled']);
});

test('a stream is a line for each message, and its error the last', async () => {
  await start();
  handler.onMessage = (call) => {
    call.send(WatchResponse.encode(WatchResponse.create({ created: true })));
    call.end(Status.UNAVAILABLE, 'etcdserver: no leader');
  };
  const answer = await post('/v3/watch', '{}');
  expect(answer.status).toBe(200);
  expect(answer.body).toBe(
    '{"result":{"created":true}}\n{"error":{"grpc_code":14,"http_code":503,' +
      '"message":"etcdserver: no leader","http_status":"Service Unavailable"}}\n',
  );
});

test('an input that is paused waits, and goes on when it is resumed', async () => {
  await start();
  handler.onMessage = (call) => call.pauseInput();
  const answer = post('/v3/lease/keepalive', '{"ID":1}{"ID":2}');
  await until('the first came', () => handler.told.length === 1);
  await new Promise(setImmediate);
  expect(handler.told).toEqual(['message']);
  const [call] = handler.calls;
  call?.resumeInput();
  call?.resumeInput();
  await until('all came', () => handler.told.length === 3);
  expect(handler.told).toEqual(['message', 'message', 'half closed']);
  call?.end(Status.OK, '');
  expect(await answer).toEqual({ status: 200, body: '' });
});

const LINE = WatchResponse.encode(WatchResponse.create({ cancelReason: 'x'.repeat(100_000) }));

/** A client that asks for a watch and reads nothing; its call, once it is there. */
async function deafWatch(): Promise<ServerCall> {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('POST /v3/watch HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}');
  await until('it came', () => handler.calls.length === 1);
  return handler.calls[0] as ServerCall;
}

test('a client that reads nothing stops its handler at the credit, and is cut off', async () => {
  await start({ callCreditBytes: 300_000, stalledMs: 50 });
  const call = await deafWatch();
  let sent = 0;
  while (call.send(LINE)) {
    sent++;
    // Until the kernel's buffers are full.
    await new Promise((done) => setImmediate(done));
    if (sent > 1_000) break;
  }
  expect(sent).toBeLessThan(1_000);
  await until('it was cut off', () => handler.told.includes('cancelled'));
  await until('nothing is left', () => gateway.callCount === 0);
});

test('a handler that ignores the credit loses the call at the bound', async () => {
  await start({ callCreditBytes: 100_000, callQueueBytesMax: 1_000_000 });
  const call = await deafWatch();
  for (let i = 0; i < 30; i++) call.send(LINE);
  expect(handler.told.at(-1)).toBe('cancelled');
});

test('a handler over its credit is told when half of it has left', async () => {
  await start({ callCreditBytes: 100_000 });
  let all = 0;
  handler.onMessage = (call) => {
    while (all < 100 && call.send(LINE)) all++;
    all++;
  };
  const answer = post('/v3/watch', '{}');
  await until('it drained', () => handler.told.includes('drained'));
  handler.calls[0]?.end(Status.OK, '');
  expect((await answer).body).toHaveLength(
    all * ('{"result":{"cancel_reason":""}}\n'.length + 100_000),
  );
});

test('a client that goes away is told to the handler', async () => {
  await start();
  const socket = connect(port(), '127.0.0.1');
  socket.write('POST /v3/kv/put HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}');
  await until('it came', () => handler.calls.length === 1);
  socket.destroy();
  await until('it is told', () => handler.told.includes('cancelled'));
  expect(gateway.callCount).toBe(0);
});
