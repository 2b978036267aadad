'use strict';
// Our client against node:http2, whose frames and header compression are another's (nghttp2).
const http2 = require('node:http2');
const { Connection, newCall } = require('./connection.cjs');
const { FrameReader } = require('./frame-reader.cjs');
const { frame } = require('./frames.cjs');

/** A gRPC server of one line: `answer(path, body, stream)`. */
class Server {
  sessions = [];
  sockets = [];

  static async start(answer, settings = {}) {
    const server = new Server();
    server.http = http2.createServer({ settings });
    server.http.on('connection', (socket) => server.sockets.push(socket));
    server.http.on('session', (session) => {
      server.sessions.push(session);
      session.on('error', () => undefined);
    });
    server.http.on('stream', (stream, headers) => {
      const chunks = [];
      stream.on('error', () => undefined);
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => answer(headers, Buffer.concat(chunks), stream, server));
    });
    await new Promise((resolve) => server.http.listen(0, '127.0.0.1', resolve));
    server.port = server.http.address().port;
    return server;
  }

  async stop() {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

function reply(stream, trailers, body = Buffer.alloc(5), headers = {}) {
  stream.respond({ 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

class Client {
  #waiting = new Map();
  closed = new Promise((resolve) => (this.onClosed = resolve));

  static async open(port) {
    const client = new Client();
    await new Promise((resolve) => {
      client.connection = new Connection('127.0.0.1', port, {
        ready: resolve,
        done: (call, code, text) => client.#waiting.get(call)?.({ call, code, text }),
        turn: () => undefined,
        closed: (why) => client.onClosed(why),
      });
    });
    return client;
  }

  start(path, message = Buffer.alloc(0)) {
    const call = newCall();
    call.capture = [];
    const ended = new Promise((resolve) => this.#waiting.set(call, resolve));
    this.connection.send(call, path, message);
    return { call, ended };
  }

  ask(path, message) {
    const { ended } = this.start(path, message);
    this.connection.flush();
    return ended;
  }
}

let server = null;
let client = null;
const open = async (answer, settings) => {
  server = await Server.start(answer, settings);
  client = await Client.open(server.port);
};
afterEach(async () => {
  client?.connection.close();
  await server?.stop();
  server = client = null;
});

const ok = (stream, body) => reply(stream, { 'grpc-status': '0', 'grpc-message': '' }, body);

describe('connection', () => {
  it('sends what a gRPC server needs, and its message unchanged', async () => {
    let seen;
    await open((headers, body, stream) => {
      seen = { headers: { ...headers }, body };
      ok(stream);
    });
    const message = Buffer.from('hello');
    const { code } = await client.ask('/a.B/C', message);
    expect(code).toBe('0');
    expect(seen.headers).toMatchObject({
      ':method': 'POST',
      ':path': '/a.B/C',
      ':authority': `127.0.0.1:${server.port}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    expect(seen.body).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 0, 5]), message]));
  });

  it("reads status and text of an error, also when it is the answer's only header block", async () => {
    const failure = { 'grpc-status': '11', 'grpc-message': 'etcdserver: too far' };
    await open((headers, _, stream) => {
      if (headers[':path'] === '/trailers') reply(stream, failure);
      else stream.respond({ ':status': 200, ...failure }, { endStream: true });
    });
    const wanted = { code: '11', text: 'etcdserver: too far' };
    expect(await client.ask('/trailers')).toMatchObject(wanted);
    expect(await client.ask('/only')).toMatchObject(wanted);
  });

  it('keeps the header table in step over every byte that nghttp2 can compress', async () => {
    const texts = [];
    for (let byte = 0x20; byte < 0x100; byte++) {
      if (byte !== 0x7f) texts.push(`${'a'.repeat(60)}${String.fromCharCode(byte)}b`);
    }
    await open((_, body, stream) => {
      const text = texts[body.readUInt8(5)];
      reply(stream, { 'grpc-status': '2', 'grpc-message': text });
    });
    for (let i = 0; i < texts.length; i++) {
      const { text } = await client.ask('/x', Buffer.from([i]));
      expect(text).toBe(texts[i]);
    }
  });

  it('holds bodies back until the windows of stream and connection let them go', async () => {
    const settings = { initialWindowSize: 1_000, maxFrameSize: 16_384 };
    await open((_, body, stream) => ok(stream, body), settings);
    const messages = [300_000, 10, 40_000, 999, 5].map((n, i) => Buffer.alloc(n, i));
    const started = messages.map((message) => client.start('/echo', message));
    client.connection.flush();
    for (let i = 0; i < messages.length; i++) {
      const { call, code } = await started[i].ended;
      expect(code).toBe('0');
      expect(Buffer.concat(call.capture).subarray(5).equals(messages[i])).toBe(true);
    }
  });

  it('carries thousands of calls at once and after one another', async () => {
    await open((_, body, stream) => ok(stream, body));
    const total = 3_000;
    for (let round = 0; round < 3; round++) {
      const started = Array.from({ length: total / 3 }, (_, i) => {
        const message = Buffer.alloc(4);
        message.writeUInt32BE(i);
        return client.start('/echo', message);
      });
      client.connection.flush();
      for (const [i, { ended }] of started.entries()) {
        const { call, code } = await ended;
        expect(code).toBe('0');
        expect(Buffer.concat(call.capture).readUInt32BE(5)).toBe(i);
      }
    }
    expect(client.connection.calls.size).toBe(0);
  });

  it('says when a server resets a stream or leaves out the trailers', async () => {
    await open((headers, _, stream) => {
      if (headers[':path'] === '/reset') stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
      else {
        stream.respond({ 'content-type': 'application/grpc' });
        stream.end(Buffer.alloc(5));
      }
    });
    expect((await client.ask('/reset')).code).toBe('reset 11');
    expect((await client.ask('/bare')).code).toBe('no trailers');
  });

  it('finishes calls below a GOAWAY and then closes', async () => {
    await open((_, __, stream, { sessions }) => {
      sessions[0].goaway(0, stream.id);
      setImmediate(() => ok(stream));
    });
    const { ended } = client.start('/slow');
    client.connection.flush();
    expect((await ended).code).toBe('0');
    expect(await client.closed).toMatch(/^goaway 0/);
  });

  it('ends every call when the connection is lost', async () => {
    await open((_, __, ___, { sockets }) => sockets[0].destroy());
    const started = [client.start('/a'), client.start('/b')];
    client.connection.flush();
    for (const { ended } of started) expect((await ended).code).toBe('connection lost');
    expect(client.connection.ready).toBe(false);
  });

  it('answers pings and knows the limit of streams', async () => {
    await open((_, __, stream) => ok(stream), { maxConcurrentStreams: 7 });
    expect(client.connection.maxStreams).toBe(7);
    const payload = Buffer.from('12345678');
    const pong = await new Promise((resolve) =>
      server.sessions[0].ping(payload, (error, _, bytes) => resolve(error ?? bytes)),
    );
    expect(pong).toEqual(payload);
  });

  it('gives up a call without losing the ones beside it', async () => {
    await open((headers, _, stream) => {
      if (headers[':path'] !== '/never') ok(stream);
    });
    const never = client.start('/never');
    const other = client.start('/other');
    client.connection.cancel(never.call, 'timeout');
    client.connection.flush();
    expect((await never.ended).code).toBe('timeout');
    expect((await other.ended).code).toBe('0');
    expect((await client.ask('/again')).code).toBe('0');
  });
});

describe('frame reader', () => {
  const frames = [0, 1, 8, 300, 16_384, 0].map((n, i) => frame(i, i, i, Buffer.alloc(n, i)));
  const stream = Buffer.concat(frames);

  it.each([1, 2, 8, 9, 10, 100, 16_392, 100_000])('cuts chunks of %d bytes alike', (size) => {
    const seen = [];
    const reader = new FrameReader((type, flags, id, bytes, lo, hi) => {
      seen.push(frame(type, flags, id, Buffer.from(bytes.subarray(lo, hi))));
    });
    for (let at = 0; at < stream.length; at += size) {
      const chunk = stream.subarray(at, at + size);
      reader.read(chunk, chunk.length);
    }
    expect(seen).toEqual(frames);
  });

  it('refuses a frame above the size that was allowed', () => {
    const reader = new FrameReader(() => undefined);
    const head = frame(0, 0, 1, Buffer.alloc(16_385)).subarray(0, 9);
    expect(() => reader.read(head, 9)).toThrow('a frame of 16385 bytes');
  });
});
