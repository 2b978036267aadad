// Peer links: two members' PeerLinks over real sockets.
import { NO_PROBE, type Probe } from '@conclave/base';
import type { RefusalCode } from '@conclave/wire';
import { type Hello, MessageType, type RaftMessage, encodeLinkFrames } from '@conclave/wire';
import { WebSocket } from 'ws';
import type { FrameSocketEvents } from './frame-socket.js';
import { type KnownMember, type LinkIdentity, judgeHello, readHelloAnswer } from './handshake.js';
import { LinkServer } from './link-server.js';
import type { LinkOptions } from './options.js';
import { PeerLinks } from './peer-links.js';
import { SnapshotLinks, type SnapshotReceiverEvents } from './snapshot-links.js';
import { Loopback, TEST_OPTIONS, identity, testPorts, until } from './testing/loopback.js';

class Member {
  readonly self: LinkIdentity;
  readonly peers: PeerLinks;
  readonly snapshots: SnapshotLinks;
  readonly server: LinkServer;
  readonly loopback: Loopback;
  readonly got: RaftMessage[] = [];
  readonly unreachable: bigint[] = [];
  readonly refusals: RefusalCode[] = [];
  readonly known = new Map<bigint, KnownMember>();
  receiver: SnapshotReceiverEvents | null = null;

  constructor(self: LinkIdentity, options: LinkOptions = TEST_OPTIONS, probe: Probe = NO_PROBE) {
    this.self = self;
    const lookup = (id: bigint): KnownMember =>
      this.known.get(id) ?? { state: 'member', incarnation: null };
    const ports = {
      ...testPorts(),
      probe,
      identity: () => self,
      slotOf: (id: bigint) => Number(id),
      lookup,
    };
    this.peers = new PeerLinks(options, ports, {
      messages: (_from, messages) => this.got.push(...messages),
      unreachable: (to) => this.unreachable.push(to),
      connected() {},
      refused: (_to, code) => this.refusals.push(code),
    });
    this.snapshots = new SnapshotLinks(options, ports, () => this.receiver ?? NO_RECEIVER);
    this.server = new LinkServer(options, {
      ...testPorts(),
      identity: () => self,
      admit: (hello, path, done) => done(judgeHello(hello, self, path, lookup)),
      accepted: (socket, hello, path): FrameSocketEvents =>
        path === '/raft'
          ? this.peers.accepted(socket, hello)
          : this.snapshots.accepted(socket, hello),
    });
    this.loopback = new Loopback(() => this.server);
    cleanups.push(async () => {
      this.peers.close('test is over');
      this.snapshots.close('test is over');
      this.server.close('test is over');
      await this.loopback.close();
    });
  }
}

const NO_RECEIVER: SnapshotReceiverEvents = { begin() {}, chunk() {}, end() {}, closed() {} };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function heartbeat(commit: number): RaftMessage {
  return {
    type: MessageType.HEARTBEAT,
    to: 2,
    from: 1,
    term: 5,
    logTerm: 0,
    index: 0,
    commit,
    reject: false,
    rejectHint: 0,
    context: 0,
    entries: [],
    snapshot: null,
  };
}

function append(index: number, bytes: number): RaftMessage {
  const entry = { term: 5, index, type: 0 as const, data: new Uint8Array(bytes).fill(index) };
  return { ...heartbeat(0), type: MessageType.APPEND, index: index - 1, entries: [entry] };
}

async function pair(): Promise<[Member, Member]> {
  const a = new Member(identity(1n));
  const b = new Member(identity(2n));
  const url = await b.loopback.listen();
  a.peers.setPeer(2n, 'b', [url]);
  await until(() => a.peers.isConnected(2n));
  return [a, b];
}

test('messages of several turns arrive once, in order, with the slots of the receiver', async () => {
  const [a, b] = await pair();
  for (let i = 1; i <= 300; i++) {
    a.peers.send(2n, [heartbeat(i)]);
    if (i % 50 === 0) await new Promise((done) => setImmediate(done));
  }
  await until(() => b.got.length === 300);
  expect(b.got.map((m) => m.commit)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(b.got[0]).toMatchObject({ from: 1, to: 2, term: 5 });
});

test('an entry of 5 MiB arrives whole', async () => {
  const [a, b] = await pair();
  a.peers.send(2n, [append(9, 5 * 1024 * 1024)]);
  await until(() => b.got.length === 1);
  const data = b.got[0]?.entries[0]?.data as Uint8Array;
  expect([data.length, data[0], data.at(-1)]).toEqual([5 * 1024 * 1024, 9, 9]);
});

test('messages to a peer that is not connected are dropped and reported, never kept', async () => {
  const a = new Member(identity(1n));
  a.peers.setPeer(2n, 'b', ['http://127.0.0.1:1']);
  a.peers.send(2n, [heartbeat(1), heartbeat(2)]);
  a.peers.send(2n, [heartbeat(3)]);
  await until(() => a.unreachable.length > 0);
  expect(a.unreachable).toEqual([2n]);
});

test('a URL that nobody can dial is a failed attempt, and the next one is tried', async () => {
  const a = new Member(identity(1n));
  const b = new Member(identity(2n));
  const url = await b.loopback.listen();
  a.peers.setPeer(2n, 'b', ['unix://a#b', 'unix://?x', 'unix://%', 'http://%', '', url]);
  await until(() => a.peers.isConnected(2n));
});

test('a peer that does not read makes frames drop, not memory grow', async () => {
  const a = new Member(identity(1n), { ...TEST_OPTIONS, peerBufferedBytesMax: 1024 * 1024 });
  const b = new Member(identity(2n));
  const url = await b.loopback.listen();
  a.peers.setPeer(2n, 'b', [url]);
  await until(() => a.peers.isConnected(2n));
  // All in one turn of our own loop: nobody can read meanwhile.
  for (let i = 0; i < 20; i++) {
    a.peers.send(2n, [append(i + 1, 500_000)]);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(a.unreachable.length).toBeGreaterThan(0);
  await until(() => b.got.length === 20 - a.unreachable.length);
});

test('the link comes back after the peer was gone', async () => {
  const [a, b] = await pair();
  const { port } = b.loopback;
  await b.loopback.close();
  await until(() => !a.peers.isConnected(2n));
  const again = new Member(identity(2n));
  await again.loopback.listen(port);
  await until(() => a.peers.isConnected(2n));
  a.peers.send(2n, [heartbeat(7)]);
  await until(() => again.got.length === 1);
});

/** The log lines of a member, each as `message to`. */
function logging(): { lines: string[]; probe: Probe } {
  const lines: string[] = [];
  const log: Probe['log'] = (_level, message, fields) => lines.push(`${message} ${fields?.['to']}`);
  return { lines, probe: { ...NO_PROBE, log } };
}

test('a peer that says goodbye is told of as news, one that is lost as trouble', async () => {
  const lines: string[] = [];
  const log: Probe['log'] = (level, message) => void lines.push(`${level} ${message}`);
  const a = new Member(identity(1n), TEST_OPTIONS, { ...NO_PROBE, log });
  const b = new Member(identity(2n));
  a.peers.setPeer(2n, 'b', [await b.loopback.listen()]);
  await until(() => a.peers.isConnected(2n));
  b.server.close('the member is stopping');
  await until(() => lines.includes('info peer became inactive'));
  const c = new Member(identity(3n));
  a.peers.setPeer(3n, 'c', [await c.loopback.listen()]);
  await until(() => a.peers.isConnected(3n));
  await c.loopback.close();
  await until(() => lines.includes('warn peer became inactive'));
});

test('a peer that is back before it was missed for long is not told of in the log', async () => {
  const { lines, probe } = logging();
  const options = { ...TEST_OPTIONS, failingMs: 60_000 };
  const a = new Member(identity(1n), options, probe);
  const failed = new Member(identity(2n));
  const url = await failed.loopback.listen();
  const { port } = failed.loopback;
  await failed.loopback.close();
  a.peers.setPeer(2n, 'b', [url]);
  for (let i = 0; i < 3; i++) {
    a.peers.send(2n, [heartbeat(i)]);
    await until(() => a.unreachable.length > i);
  }
  const b = new Member(identity(2n));
  await b.loopback.listen(port);
  await until(() => a.peers.isConnected(2n));
  expect(lines.filter((line) => line.startsWith('link cannot'))).toEqual([]);
});

test('a peer that cannot be reached for long is told of once, by its id when it has no name', async () => {
  const { lines, probe } = logging();
  const a = new Member(identity(1n), { ...TEST_OPTIONS, failingMs: 50 }, probe);
  a.peers.setPeer(2n, '', ['http://127.0.0.1:1']);
  await until(() => lines.length > 0);
  const endMs = performance.now() + 5 * TEST_OPTIONS.backoffMaxMs;
  await until(() => performance.now() > endMs);
  expect(lines).toEqual(['link cannot be established 2']);
});

/** Dials `/raft` by hand; resolves with the answer to `hello`. */
async function dial(
  url: string,
  hello: Partial<Hello>,
): Promise<{ ws: WebSocket; answer: ReturnType<typeof readHelloAnswer> }> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/raft`);
  ws.on('error', () => {});
  await new Promise((done) => ws.once('open', done));
  const { clusterId, memberId, incarnation, feature, name } = identity(1n);
  const whole: Hello = {
    type: 'hello',
    role: 'member',
    clusterId,
    from: memberId,
    to: 2n,
    incarnation,
    session: 0n,
    feature,
    name,
    peerURLs: [],
    ...hello,
  };
  ws.send(encodeLinkFrames([whole]));
  const bytes = await new Promise<Buffer>((done) => ws.once('message', done));
  return { ws, answer: readHelloAnswer(new Uint8Array(bytes)) };
}

test.each([
  ['other-cluster', { clusterId: 8n }, /cluster id mismatch/],
  ['other-member', { to: 3n }, /member id mismatch/],
  ['unknown-member', { from: 9n }, /is not a member/],
  ['removed', { from: 4n }, /was removed/],
  ['other-incarnation', { from: 5n }, /wiped data directory: remove and add this member/],
  ['bad-hello', { role: 'gateway' as const, from: 0n, incarnation: 0n }, /no business/],
  ['bad-hello', { from: 2n }, /a member hello from 2/],
])('a hello is refused: %s %o', async (code, hello, text) => {
  const b = new Member(identity(2n));
  b.known.set(9n, { state: 'unknown', incarnation: null });
  b.known.set(4n, { state: 'removed', incarnation: null });
  b.known.set(5n, { state: 'member', incarnation: 1n });
  const url = await b.loopback.listen();
  const { ws, answer } = await dial(url, hello);
  expect(answer).toMatchObject({ type: 'refusal', code });
  expect((answer as { text: string }).text).toMatch(text);
  await new Promise((done) => ws.once('close', done));
});

test('the one who dials learns the code of a refusal, and goes on asking', async () => {
  const a = new Member({ ...identity(1n), clusterId: 8n });
  const b = new Member(identity(2n));
  a.peers.setPeer(2n, 'b', [await b.loopback.listen()]);
  await until(() => a.refusals.length >= 2);
  expect(a.refusals[0]).toBe('other-cluster');
  expect(a.peers.isConnected(2n)).toBe(false);
});

test('a second connection of a peer replaces the first, whose late frames are dropped', async () => {
  const b = new Member(identity(2n));
  const url = await b.loopback.listen();
  const first = await dial(url, {});
  const second = await dial(url, {});
  await new Promise((done) => first.ws.once('close', done));
  expect(second.answer.type).toBe('hello-answer');
  expect(second.ws.readyState).toBe(WebSocket.OPEN);
  second.ws.terminate();
});

test('a snapshot stream carries begin, chunks, end one way and acks the other', async () => {
  const [a, b] = await pair();
  const seen: string[] = [];
  b.receiver = {
    begin: (f) => seen.push(`begin ${f.meta.index}`),
    chunk: (f) => seen.push(`chunk ${f.number} ${f.data.length}`),
    end: (f) => seen.push(`end ${f.chunks}`),
    closed: () => seen.push('closed'),
  };
  const { crc32c } = await import('@conclave/base');
  const data = new Uint8Array(1024 * 1024).fill(3);
  let sent = 0;
  const stream = a.snapshots.open(2n, [b.loopback.url], {
    opened: () => {
      const confState = {
        voters: [1n, 2n],
        learners: [],
        votersOutgoing: [],
        learnersNext: [],
        autoLeave: false,
      };
      stream.send({
        type: 'snapshot-begin',
        snapshotId: 5n,
        format: 1,
        clusterId: 7n,
        feature: 0,
        meta: { index: 10, term: 2, confState },
      });
      for (let number = 0; number < 3; number++) {
        stream.send({ type: 'snapshot-chunk', snapshotId: 5n, number, crc: crc32c(data), data });
        sent++;
      }
      const bytes = 3 * data.length;
      stream.send({ type: 'snapshot-end', snapshotId: 5n, chunks: 3, rows: 1, bytes, crc: 0 });
    },
    ack() {},
    drained() {},
    closed() {},
  });
  await until(() => seen.at(-1) === 'end 3');
  expect(sent).toBe(3);
  const chunks = [0, 1, 2].map((n) => `chunk ${n} ${data.length}`);
  expect(seen).toEqual(['begin 10', ...chunks, 'end 3']);
  stream.close('done');
  await until(() => seen.at(-1) === 'closed');
});

test('a snapshot stream to nobody ends with a reason', async () => {
  const a = new Member(identity(1n));
  const ends: string[] = [];
  a.snapshots.open(2n, ['http://127.0.0.1:1'], {
    opened() {},
    ack() {},
    drained() {},
    closed: (reason) => ends.push(reason),
  });
  await until(() => ends.length === 1);
  expect(ends[0]).toMatch(/ECONNREFUSED/);
});
