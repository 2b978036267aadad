/** The server against a stock client, @grpc/grpc-js, over real sockets on loopback. */
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

import { type Rig, startRig } from './testing/echo.js';

const same = (value: Buffer): Buffer => value;
const path = (method: string): string => `/test.Echo/${method}`;

let rig: Rig;
let client: Client;

beforeEach(async () => {
  rig = await startRig();
  client = new Client(`127.0.0.1:${rig.port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
});

afterEach(async () => {
  client.close();
  await rig.close();
});

interface Answer {
  readonly value?: Buffer;
  readonly error?: ServiceError;
}

function unary(
  method: string,
  request: Buffer,
  options = {},
  metadata = new Metadata(),
): Promise<Answer> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(path(method), same, same, request, metadata, options, (error, value) =>
      resolve({ ...(error ? { error } : {}), ...(value ? { value } : {}) }),
    );
  });
}

function bidi(method: string): ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(path(method), same, same, new Metadata(), {});
}

/** All messages and the status a stream ends with. */
function drain(
  stream: ClientReadableStream<Buffer>,
): Promise<{ all: Buffer[]; code: number; text: string }> {
  const all: Buffer[] = [];
  stream.on('data', (message: Buffer) => all.push(message));
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.on('status', (end) => resolve({ all, code: end.code, text: end.details }));
  });
}

/** Resolves once `test` holds; looked at whenever the handler's side heard something. */
function until(test: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!test()) return;
      rig.onEvent = () => undefined;
      resolve();
    };
    rig.onEvent = look;
    look();
  });
}

test('a unary call is answered', async () => {
  const { value } = await unary('Unary', Buffer.from('hello'));
  expect(value?.toString()).toBe('hello');
});

test('an empty message is a message', async () => {
  const { value, error } = await unary('Unary', Buffer.alloc(0));
  expect(error).toBeUndefined();
  expect(value?.length).toBe(0);
});

test('a message of nearly 2 MiB goes there and back unchanged', async () => {
  const big = Buffer.alloc(2 * 1024 * 1024, 'conclave');
  const { value } = await unary('Unary', big);
  expect(value?.equals(big)).toBe(true);
});

test('a message one byte too large is RESOURCE_EXHAUSTED with both sizes in the text', async () => {
  const { error } = await unary('Unary', Buffer.alloc(2 * 1024 * 1024 + 1));
  expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(error?.details).toBe('grpc: received message larger than max (2097153 vs. 2097152)');
});

test('the status and text of a handler reach the client, whatever the text holds', async () => {
  const text = ' 100% of “naïve” texts\nsurvive ';
  const { error } = await unary('Fail', Buffer.from(text));
  expect(error?.code).toBe(status.FAILED_PRECONDITION);
  expect(error?.details).toBe(text);
});

test('an unknown service and an unknown method have their own texts', async () => {
  const method = await unary('Nope', Buffer.alloc(0));
  expect(method.error?.code).toBe(status.UNIMPLEMENTED);
  expect(method.error?.details).toBe('unknown method Nope for service test.Echo');
  const service = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest('/no.Such/M', same, same, Buffer.alloc(0), (error) => resolve(error));
  });
  expect(service?.code).toBe(status.UNIMPLEMENTED);
  expect(service?.details).toBe('unknown service no.Such');
});

test('a bidirectional stream echoes in order and ends with the client', async () => {
  const stream = bidi('Bidi');
  const result = drain(stream);
  for (let i = 0; i < 500; i++) stream.write(Buffer.from(String(i)));
  stream.end();
  const { all, code } = await result;
  expect(code).toBe(status.OK);
  expect(all.map(String)).toEqual(Array.from({ length: 500 }, (_, i) => String(i)));
});

test('the server enforces a deadline and tells the handler to stop', async () => {
  const { error } = await unary('Hang', Buffer.from('x'), { deadline: Date.now() + 1_000 });
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  await until(() => rig.calls[0]?.cancelled === true);
  expect(rig.calls[0]?.call.head.timeoutMs).toBeGreaterThan(0);
});

test('a cancelled call tells the handler once, and what it sends after that is lost', async () => {
  const stream = bidi('Hang');
  stream.on('error', () => undefined);
  stream.write(Buffer.from('x'));
  await until(() => rig.calls[0]?.messages.length === 1);
  stream.cancel();
  await until(() => rig.calls[0]?.cancelled === true);
  expect(rig.calls[0]?.call.send(new Uint8Array(10))).toBe(true);
  rig.calls[0]?.call.end(0, '');
  const { value } = await unary('Unary', Buffer.from('still here'));
  expect(value?.toString()).toBe('still here');
});

test('metadata arrives, binary values as byte strings, transport fields not', async () => {
  const metadata = new Metadata();
  metadata.add('token', 'secret.1');
  metadata.add('raw-bin', Buffer.from([0, 255, 128]));
  const { value } = await unary('Metadata', Buffer.alloc(0), {}, metadata);
  expect(new Map(JSON.parse(String(value)))).toEqual(
    new Map([
      ['token', 'secret.1'],
      ['raw-bin', '\u0000\u00ff\u0080'],
    ]),
  );
});

test('a large answer flows within the credit: the handler waits for drained', async () => {
  const stream = client.makeServerStreamRequest(path('Pour'), same, same, Buffer.from('200'));
  const { all, code } = await drain(stream);
  expect(code).toBe(status.OK);
  expect(all.length).toBe(200);
  expect(rig.calls[0]?.drains).toBeGreaterThan(0);
});

test('an answer before the end of the request reaches the client', async () => {
  const stream = bidi('EndEarly');
  const result = drain(stream);
  stream.write(Buffer.from('x'));
  const { all, code } = await result;
  expect(code).toBe(status.OK);
  expect(all.length).toBe(1);
});

test('paused input holds messages back, and resuming delivers them in order', async () => {
  const stream = bidi('Hang');
  stream.on('error', () => undefined);
  await until(() => rig.calls.length === 1);
  const seen = rig.calls[0];
  seen?.call.pauseInput();
  const big = Buffer.alloc(64 * 1024);
  for (let i = 0; i < 40; i++) {
    big[0] = i;
    stream.write(Buffer.from(big));
  }
  stream.end();
  const other = await unary('Unary', Buffer.from('not held up'));
  expect(other.value?.toString()).toBe('not held up');
  expect(seen?.messages.length).toBe(0);
  seen?.call.resumeInput();
  await until(() => seen?.halfClosed === true);
  expect(seen?.messages.map((message) => message[0])).toEqual(
    Array.from({ length: 40 }, (_, i) => i),
  );
  seen?.call.end(0, '');
});

test('shutdown lets an open call end, refuses new ones, and is over then', async () => {
  const stream = bidi('Bidi');
  const result = drain(stream);
  stream.write(Buffer.from('a'));
  await until(() => rig.calls[0]?.messages.length === 1);
  const over = new Promise<void>((done) => rig.grpc.shutdown(5000, done));
  stream.write(Buffer.from('b'));
  stream.end();
  const { all, code } = await result;
  expect([all.map(String), code]).toEqual([['a', 'b'], status.OK]);
  await over;
  expect(rig.grpc.connectionCount).toBe(0);
});

test('shutdown breaks off with UNAVAILABLE what is open at its deadline', async () => {
  const result = drain(bidi('Hang'));
  await until(() => rig.calls.length === 1);
  await new Promise<void>((done) => rig.grpc.shutdown(0, done));
  const { code, text } = await result;
  expect([code, text]).toEqual([status.UNAVAILABLE, 'the server is shutting down']);
  expect(rig.calls[0]?.cancelled).toBe(true);
});
