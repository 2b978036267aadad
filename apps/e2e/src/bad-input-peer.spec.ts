/**
 * Somebody on the peer port of a running cluster who means ill (RELIABILITY D4): no member ends, the
 * cluster goes on serving, and the log of the member says what was refused. Connections, hellos and
 * WebSocket frames here; what goes on inside them in bad-input-raft.spec.ts.
 */
import { encodeUtf8 } from '@conclave/base';
import { type Hello, LINK_FORMAT, encodeLinkFrames } from '@conclave/wire';
import { BesiegedCluster } from './testing/besieged-cluster.js';
import {
  BINARY,
  CLOSE,
  HostilePeer,
  PING,
  type PeerPath,
  TEXT,
  unmasked,
  wsFrame,
} from './testing/hostile-peer.js';
import { until } from './testing/process.js';
import { repeated } from './testing/proto-bytes.js';

jest.setTimeout(60_000);

let siege: BesiegedCluster;

beforeAll(async () => {
  siege = await BesiegedCluster.start();
});

afterEach(() => siege.stillWell());

afterAll(async () => {
  await (siege as BesiegedCluster | undefined)?.stop();
});

describe('a hello', () => {
  const other = (): [string, PeerPath, Partial<Hello>, string, RegExp][] => [
    [
      'of another cluster',
      '/raft',
      { clusterId: 99n },
      'other-cluster',
      /^cluster id mismatch: 63 was asked for, this is [0-9a-f]+$/,
    ],
    [
      'of an unknown member',
      '/raft',
      { from: 1234n },
      'unknown-member',
      /^member 4d2 is not a member of the cluster$/,
    ],
    [
      'of nobody',
      '/raft',
      { from: 0n },
      'bad-hello',
      /^link frame: a role that does not go with the id$/,
    ],
    [
      'of the member itself',
      '/raft',
      { from: siege.honest.to },
      'bad-hello',
      /^a member hello from [0-9a-f]+$/,
    ],
    [
      'to another member',
      '/raft',
      { to: siege.honest.from },
      'other-member',
      /^member id mismatch: [0-9a-f]+ was asked for, this is [0-9a-f]+$/,
    ],
    [
      'of a wiped member',
      '/raft',
      { incarnation: 5n },
      'other-incarnation',
      /^member [0-9a-f]+ has a wiped data directory: remove and add this member$/,
    ],
    [
      'of a wiped member, with a snapshot',
      '/raft/snapshot',
      { incarnation: 5n },
      'other-incarnation',
      /wiped data directory/,
    ],
    [
      'of a gateway on the path of members',
      '/raft',
      { role: 'gateway', from: 0n },
      'bad-hello',
      /^a gateway has no business on \/raft$/,
    ],
    [
      'of a gateway of another cluster',
      '/link',
      { role: 'gateway', from: 0n, clusterId: 99n },
      'other-cluster',
      /^cluster id mismatch/,
    ],
  ];
  test('that is not for this member is refused by name', async () => {
    for (const [what, path, change, code, text] of other()) {
      const peer = await HostilePeer.open(siege.victim.peerUrl, path);
      peer.hello({ ...siege.honest, ...change });
      await until('a refusal', () => peer.frames.length > 0);
      peer.destroy();
      expect({ what, frames: peer.frames }).toEqual({
        what,
        frames: [{ type: 'refusal', code, text: expect.stringMatching(text) }],
      });
      // The same trouble from the same host is told once.
      await siege.logged(`"path":"${path}","code":"${code}"`);
    }
  });

  test.each([
    [
      'of a future format',
      Uint8Array.of(200, 1, 2, 3),
      'unknown-format',
      'link format 200 is unknown here, ours is 1',
    ],
    ['that is empty', new Uint8Array(0), 'bad-hello', 'a hello of 0 bytes'],
    ['of 5,000 bytes', new Uint8Array(5_000), 'bad-hello', 'a hello of 5000 bytes'],
    ['that is garbage', Uint8Array.of(LINK_FORMAT, 99, 1, 2, 3), 'bad-hello', expect.any(String)],
    [
      'that is another frame',
      encodeLinkFrames([{ type: 'ping', token: 1 }]),
      'bad-hello',
      'a ping frame where a hello was expected',
    ],
  ])('%s is refused', async (_what, bytes, code, text) => {
    const peer = await HostilePeer.open(siege.victim.peerUrl, '/raft');
    peer.send(bytes);
    await until('a refusal', () => peer.frames.length > 0);
    peer.destroy();
    expect(peer.frames).toEqual([{ type: 'refusal', code, text }]);
    await siege.logged(`"code":"${code}"`);
  });

  test('said twice ends the connection', async () => {
    const peer = await siege.accepted('/raft');
    peer.hello(siege.honest);
    await peer.closed;
  });

  test('replayed on a second connection takes the place of the first, which ends', async () => {
    const first = await siege.accepted('/raft');
    const second = await siege.accepted('/raft');
    await first.closed;
    second.destroy();
  });

  test('that never comes costs a socket for some seconds only', async () => {
    const peers = await Promise.all(
      Array.from({ length: 50 }, () => HostilePeer.open(siege.victim.peerUrl, '/raft')),
    );
    await Promise.all(peers.map((peer) => peer.closed));
  });
});

test('a page in a browser (Origin) is refused, and so is an unknown path', async () => {
  const page = await HostilePeer.open(
    siege.victim.peerUrl,
    '/raft',
    'Origin: http://evil.example\r\n',
  );
  await page.closed;
  expect(page.received.toString()).toMatch(/^HTTP\/1\.1 403 /);
  const nowhere = await HostilePeer.open(siege.victim.peerUrl, '/etc/passwd');
  // A request for an upgrade that nobody takes is a plain one, so the connection may be used again.
  await until('it is told', () => nowhere.received.includes('\r\n\r\n'));
  expect(nowhere.received.toString()).toMatch(/^HTTP\/1\.1 404 /);
  expect(nowhere.upgraded).toBe(false);
  nowhere.destroy();
});

test('a sub-protocol header of 100 KiB is refused', async () => {
  const header = `Sec-WebSocket-Protocol: ${'x'.repeat(100 * 1024)}\r\n`;
  const peer = await HostilePeer.open(siege.victim.peerUrl, '/raft', header);
  await peer.closed;
  expect(peer.upgraded).toBe(false);
});

const ONE = Uint8Array.of(1);
const FRAMES: [string, Uint8Array[]][] = [
  ['an unmasked frame', [unmasked(BINARY, ONE)]],
  ['text instead of binary', [wsFrame(TEXT, encodeUtf8('hello'))]],
  ['a compressed frame', [wsFrame(BINARY | 0x40, ONE)]],
  ['reserved bits', [wsFrame(BINARY | 0x30, ONE)]],
  ['an unknown opcode', [wsFrame(0x83, ONE)]],
  ['a continuation of nothing', [wsFrame(0x80, ONE)]],
  ['a close code nobody may send', [wsFrame(CLOSE, Uint8Array.of(0, 1))]],
  ['a ping of 126 bytes', [wsFrame(PING, new Uint8Array(126))]],
  ['a length of 2^31 without data', [wsFrame(BINARY, new Uint8Array(0), 2 ** 31)]],
  ['a length of 2^53 without data', [wsFrame(BINARY, new Uint8Array(0), 2 ** 53)]],
  [
    'fragments of one byte',
    [wsFrame(0x02, ONE), ...Array.from({ length: 40 }, () => wsFrame(0x00, ONE))],
  ],
];

describe.each(['/raft', '/raft/snapshot', '/link'] as PeerPath[])('on %s', (path) => {
  test.each(FRAMES)(
    '%s ends the connection, before the hello and after it',
    async (_what, pieces) => {
      const stranger = await HostilePeer.open(siege.victim.peerUrl, path);
      await stranger.raw(...pieces).closed;
      const role =
        path === '/link' ? ({ role: 'gateway', from: 0n, incarnation: 0n } as const) : {};
      const known = await siege.accepted(path, role);
      await known.raw(...pieces).closed;
    },
  );
});

test('a flood of pings is bounded: it is answered, or the connection ends', async () => {
  const peer = await siege.accepted('/raft');
  for (let i = 0; i < 20; i++) peer.raw(repeated(wsFrame(PING, new Uint8Array(100)), 5_000));
  await new Promise((done) => setTimeout(done, 1_000));
  peer.destroy();
  await peer.closed;
});

test('afterwards nothing is lost, all hash alike, no watch has a gap, and memory is back', async () => {
  await siege.judge();
});
