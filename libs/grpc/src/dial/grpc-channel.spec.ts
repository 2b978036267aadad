import { EventEmitter } from 'node:events';
import * as http2 from 'node:http2';
import * as net from 'node:net';

import { decodeUtf8, encodeUtf8, Status } from '@conclave/base';

import { type Rig, startRig } from '../testing/echo.js';
import { GrpcCallError } from './grpc-call-error.js';
import { GrpcChannel } from './grpc-channel.js';

describe('GrpcChannel', () => {
  let rig: Rig;
  let channel: GrpcChannel;

  beforeEach(async () => {
    rig = await startRig();
    channel = new GrpcChannel(`127.0.0.1:${rig.port}`, { connectTimeoutMs: 2000 });
  });

  afterEach(async () => {
    channel.close();
    await rig.close();
  });

  test('a unary call returns its answer, calls share one connection', async () => {
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((text) => channel.unary('/test.Echo/Unary', encodeUtf8(text))),
    );
    expect(answers.map((bytes) => decodeUtf8(bytes))).toEqual(['one', 'two', 'three']);
  });

  test('calls leave nothing on the connection', async () => {
    await channel.unary('/test.Echo/Unary', encodeUtf8('first'));
    const once = jest.spyOn(EventEmitter.prototype, 'once');
    for (let i = 0; i < 3; i++) await channel.unary('/test.Echo/Unary', encodeUtf8('x'));
    const waiting = once.mock.calls.filter(([name]) => name === 'connect');
    once.mockRestore();
    expect(waiting).toEqual([]);
  });

  test("the server's code and text are kept, percent-encoding undone", async () => {
    const fault = channel.unary('/test.Echo/Fail', encodeUtf8('50% of Zürich'));
    await expect(fault).rejects.toMatchObject({
      code: Status.FAILED_PRECONDITION,
      message: '50% of Zürich',
      origin: 'handler',
    });
  });

  test('metadata reaches the handler, binary values too', async () => {
    const metadata = new Map([
      ['token', 'abc'],
      ['raw-bin', '\u0000\u00ff'],
    ]);
    await channel.unary('/test.Echo/Unary', encodeUtf8('x'), { metadata });
    const seen = rig.calls[0]?.call.head.metadata;
    expect(seen?.get('token')).toBe('abc');
    expect(seen?.get('raw-bin')).toBe('\u0000\u00ff');
  });

  test('a call that is not answered ends at its deadline, and the server hears of it', async () => {
    const fault = channel.unary('/test.Echo/Hang', encodeUtf8('x'), { timeoutMs: 50 });
    await expect(fault).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
  });

  test('a stream goes both ways and ends in good order', async () => {
    const stream = channel.stream('/test.Echo/Bidi');
    await stream.send(encodeUtf8('a'));
    await stream.send(encodeUtf8('b'));
    stream.end();
    const read: string[] = [];
    for await (const bytes of stream) read.push(decodeUtf8(bytes));
    expect(read).toEqual(['a', 'b']);
  });

  test('a slow reader of a stream stops the server and loses nothing', async () => {
    const stream = channel.stream('/test.Echo/Pour');
    await stream.send(encodeUtf8('200'));
    stream.end();
    let bytes = 0;
    for await (const message of stream) {
      bytes += message.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(200 * 64 * 1024);
    expect(rig.calls[0]?.drains).toBeGreaterThan(0);
  });

  test('nobody listens: the call was certainly not sent, and the text names the address', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const port = (server.address() as net.AddressInfo).port;
    await new Promise((resolve) => server.close(resolve));
    const dead = new GrpcChannel(`http://127.0.0.1:${port}`);
    const fault = await dead.unary('/test.Echo/Unary', encodeUtf8('x')).catch((error) => error);
    dead.close();
    expect(fault).toBeInstanceOf(GrpcCallError);
    expect(fault).toMatchObject({ code: Status.UNAVAILABLE, origin: 'unsent' });
    expect(fault.message).toBe(
      `dial http://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  test('a connection that is lost ends its calls as lost, and the next call dials again', async () => {
    const sockets: net.Socket[] = [];
    const proxy = net.createServer((socket) => {
      const on = net.connect(rig.port, '127.0.0.1');
      sockets.push(socket, on);
      for (const one of [socket, on]) one.on('error', () => {});
      socket.pipe(on).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const port = (proxy.address() as net.AddressInfo).port;
    const through = new GrpcChannel(`http://127.0.0.1:${port}`);
    await through.unary('/test.Echo/Unary', encodeUtf8('x'));
    const hanging = through.unary('/test.Echo/Hang', encodeUtf8('x')).catch((error) => error);
    await through.unary('/test.Echo/Unary', encodeUtf8('x'));
    for (const socket of sockets) socket.destroy();
    expect(await hanging).toMatchObject({ code: Status.UNAVAILABLE, origin: 'lost' });
    expect(decodeUtf8(await through.unary('/test.Echo/Unary', encodeUtf8('y')))).toBe('y');
    through.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });

  test('an answer that is no gRPC is told by its HTTP status', async () => {
    const server = http2.createServer((_request, response) => {
      response.writeHead(503);
      response.end('busy');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as net.AddressInfo).port;
    const odd = new GrpcChannel(`http://127.0.0.1:${port}`);
    const fault = odd.unary('/a.B/C', encodeUtf8('x'));
    await expect(fault).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      message: 'unexpected HTTP status code received from server: 503',
    });
    odd.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
