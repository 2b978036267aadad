// Strangers and broken peers on the link port: each connection ends, and the server serves on.
import { connect } from 'node:net';
import { NO_PROBE, type ServerCallEvents, Status } from '@conclave/base';
import { type Hello, type LinkFrame, LINK_FORMAT, encodeLinkFrames } from '@conclave/wire';
import { WebSocket } from 'ws';
import type { FrameSocketEvents } from './frame-socket.js';
import { judgeHello } from './handshake.js';
import { LinkHost } from './link-host.js';
import { LinkServer } from './link-server.js';
import { PeerLinks } from './peer-links.js';
import { Loopback, TEST_OPTIONS, identity, testPorts, until } from './testing/loopback.js';

const SELF = identity(2n);
const MASKED = 0x80;

class Victim {
  readonly options = { ...TEST_OPTIONS, handshakeMs: 300, connectionsMax: 20 };
  readonly host: LinkHost;
  readonly peers: PeerLinks;
  readonly server: LinkServer;
  readonly loopback: Loopback;
  /** Level, message and fields of what it logged. */
  readonly lines: unknown[][] = [];

  constructor() {
    const ports = {
      ...testPorts(),
      probe: { ...NO_PROBE, log: (...line: unknown[]) => void this.lines.push(line) },
      identity: () => SELF,
      slotOf: (id: bigint) => Number(id),
      lookup: () => ({ state: 'member' as const, incarnation: null }),
    };
    this.host = new LinkHost(this.options, {
      ...ports,
      handler: {
        open: (call): ServerCallEvents => ({
          message() {},
          halfClosed: () => call.end(Status.OK, ''),
          cancelled() {},
          drained() {},
        }),
      },
      members: () => ({
        type: 'members',
        term: 1,
        leaderId: 2n,
        appliedTerm: 1,
        appliedIndex: 1,
        members: [],
      }),
    });
    this.peers = new PeerLinks(this.options, ports, {
      messages() {},
      unreachable() {},
      connected() {},
      refused() {},
    });
    this.server = new LinkServer(this.options, {
      ...ports,
      admit: (hello, path, done) => done(judgeHello(hello, SELF, path, ports.lookup)),
      accepted: (socket, hello, path, peer): FrameSocketEvents =>
        path === '/link'
          ? this.host.accepted(socket, hello, peer)
          : this.peers.accepted(socket, hello),
    });
    this.loopback = new Loopback(() => this.server);
  }
}

let victim: Victim;
beforeEach(async () => {
  victim = new Victim();
  await victim.loopback.listen();
});
afterEach(async () => {
  // It still serves an honest gateway.
  const honest = await dial('/link');
  honest.ws.terminate();
  victim.host.close('over');
  victim.peers.close('over');
  victim.server.close('over');
  await victim.loopback.close();
});

const UPGRADE = (path: string, extra = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`;

/** Sends raw bytes after the upgrade; resolves with all that came back once the socket closed. */
function raw(path: string, frames: readonly Uint8Array[], extra = ''): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(victim.loopback.port, '127.0.0.1');
    let got = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (got === '') for (const frame of frames) socket.write(frame);
      got += bytes.toString('latin1');
    });
    socket.on('close', () => resolve(got));
    socket.write(UPGRADE(path, extra));
  });
}

/** A masked client frame with any first byte and announced length. */
function frame(first: number, payload: Uint8Array, announced = payload.length): Uint8Array {
  const head =
    announced < 126
      ? [first, MASKED | announced]
      : [first, MASKED | 127, 0, 0, 0, ...[24, 16, 8, 0].map((s) => (announced >> s) & 255)];
  if (announced >= 126) head.splice(2, 0, 0);
  return Uint8Array.from([...head, 0, 0, 0, 0, ...payload]);
}

async function dial(path: string): Promise<{ ws: WebSocket; closed: Promise<string> }> {
  const ws = new WebSocket(`ws://127.0.0.1:${victim.loopback.port}${path}`);
  ws.on('error', () => {});
  const closed = new Promise<string>((done) => {
    ws.once('close', (_code, reason) => done(reason.toString()));
  });
  await new Promise((done) => ws.once('open', done));
  const isGateway = path === '/link';
  const hello: Hello = {
    type: 'hello',
    role: isGateway ? 'gateway' : 'member',
    clusterId: 7n,
    from: isGateway ? 0n : 1n,
    to: 0n,
    incarnation: isGateway ? 0n : 100n,
    session: 0n,
    feature: 1,
    name: 'x',
    peerURLs: [],
  };
  ws.send(encodeLinkFrames([hello]));
  await new Promise((done) => ws.once('message', done));
  return { ws, closed };
}

test('a socket that never says hello is closed after the handshake time', async () => {
  expect(await raw('/link', [])).toMatch(/101 Switching/);
  await until(() => victim.server.connections === 0);
});

test.each([
  ['an unmasked frame', Uint8Array.of(0x82, 1, 1)],
  ['reserved bits', frame(0xf2, Uint8Array.of(1))],
  ['a compressed frame', frame(0xc2, Uint8Array.of(1))],
  ['a text message', frame(0x81, Uint8Array.of(97))],
  ['an unknown opcode', frame(0x83, Uint8Array.of(1))],
  ['a continuation of nothing', frame(0x80, Uint8Array.of(1))],
  ['a huge length without data', frame(0x82, new Uint8Array(0), 0x7fffffff)],
  ['a bad close code', frame(0x88, Uint8Array.of(0, 1))],
  ['garbage for a hello', frame(0x82, Uint8Array.of(LINK_FORMAT, 99, 1, 2, 3))],
  ['another format', frame(0x82, Uint8Array.of(200))],
  ['an empty message', frame(0x82, new Uint8Array(0))],
])('%s before the hello ends the connection', async (_what, bytes) => {
  for (const path of ['/link', '/raft', '/raft/snapshot']) {
    expect(await raw(path, [bytes])).toMatch(/101 Switching/);
  }
});

test('what no process of ours sends is told of in one line, with who and why', async () => {
  for (let i = 0; i < 3; i++) await raw('/raft', [frame(0x81, Uint8Array.of(97))]);
  await raw('/link', [frame(0xf2, Uint8Array.of(1))]);
  expect(victim.lines).toEqual([
    [
      'warn',
      'closed link: the other side does not speak our protocol',
      {
        'remote-peer': expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        path: '/raft',
        error: 'a text message where frames are binary',
      },
    ],
    ['warn', expect.anything(), expect.objectContaining({ path: '/link' })],
  ]);
});

test('a connection that is lost, or ended on purpose, is no violation', async () => {
  await raw('/link', []);
  const honest = await dial('/raft');
  honest.ws.close(1000);
  await honest.closed;
  expect(victim.lines).toEqual([]);
});

test('fragments of one byte are ended by their number', async () => {
  const many = Array.from({ length: 40 }, (_, i) => frame(i === 0 ? 0x02 : 0x00, Uint8Array.of(1)));
  await raw('/link', many);
});

test('a page in a browser (Origin) and strange upgrades are refused', async () => {
  expect(await raw('/link', [], 'Origin: http://evil.example\r\n')).toMatch(/403 Forbidden/);
  expect(await raw('/other', [])).toBe('');
});

test('a sub-protocol header of 100 KiB does not get through', async () => {
  const answer = await raw('/link', [], `Sec-WebSocket-Protocol: ${'x'.repeat(100_000)}\r\n`);
  expect(answer).not.toMatch(/101 Switching/);
});

test('connections above the bound are turned away', async () => {
  const idle = await Promise.all(Array.from({ length: 19 }, () => dial('/link')));
  const more = await Promise.all([1, 2, 3].map(() => raw('/link', [])));
  expect(more.filter((text) => /503/.test(text)).length).toBeGreaterThanOrEqual(2);
  for (const { ws } of idle) ws.terminate();
  await until(() => victim.server.connections === 0);
});

const BAD_CALLS: [string, LinkFrame[]][] = [
  [
    'a second hello',
    [{ type: 'members', term: 1, leaderId: 1n, appliedTerm: 1, appliedIndex: 1, members: [] }],
  ],
  [
    'a call id that is open',
    [1, 2].map(() => ({
      type: 'open' as const,
      callId: 1,
      method: '/x',
      metadata: new Map(),
      timeoutMs: null,
    })),
  ],
  [
    'data beyond the credit',
    [
      { type: 'open', callId: 1, method: '/x', metadata: new Map(), timeoutMs: null },
      ...Array.from({ length: 12 }, () => ({
        type: 'data' as const,
        callId: 1,
        fragment: new Uint8Array(60_000),
        last: false,
      })),
      { type: 'half-close', callId: 1 },
    ],
  ],
  ['an end from the asking side', [{ type: 'end', callId: 1, status: 0, message: '' }]],
];

test.each(BAD_CALLS)('%s ends the link', async (_what, frames) => {
  const { ws, closed } = await dial('/link');
  ws.send(encodeLinkFrames(frames));
  await closed;
});

test('frames for calls nobody opened are ignored', async () => {
  const { ws } = await dial('/link');
  ws.send(
    encodeLinkFrames([
      { type: 'cancel', callId: 4 },
      { type: 'credit', callId: 5, bytes: 9 },
      { type: 'data', callId: 6, fragment: new Uint8Array(3), last: true },
      { type: 'half-close', callId: 7 },
    ]),
  );
  const pong = new Promise((done) => ws.once('pong', done));
  ws.ping();
  await pong;
  ws.terminate();
});

test('a storm of opens and cancels leaves nothing behind', async () => {
  const { ws } = await dial('/link');
  for (let i = 0; i < 20; i++) {
    const frames: LinkFrame[] = [];
    for (let callId = 1; callId <= 1_000; callId++) {
      frames.push({ type: 'open', callId, method: '/x', metadata: new Map(), timeoutMs: null });
      frames.push({ type: 'cancel', callId });
    }
    ws.send(encodeLinkFrames(frames));
  }
  const pong = new Promise((done) => ws.once('pong', done));
  ws.ping();
  await pong;
  ws.terminate();
});

test.each([
  ['random bytes', Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 255)],
  ['a frame cut short', Uint8Array.of(1, 0, 0, 0)],
  ['a link frame', encodeLinkFrames([{ type: 'ping', token: 1 }])],
])('%s on /raft ends the link of that peer', async (_what, bytes) => {
  const { ws, closed } = await dial('/raft');
  ws.send(bytes);
  await closed;
});
