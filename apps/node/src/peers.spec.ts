// Who is let in on the peer port, and who is asked about a stranger; on real sockets of the loopback.
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { NO_PROBE, Random, Status } from '@conclave/base';
import type { BlobStore } from '@conclave/base';
import type { Replica } from '@conclave/replica';
import { type Hello, type LinkFrame, decodeLinkFrames, encodeLinkFrames } from '@conclave/wire';
import { WebSocket } from 'ws';
import { Incarnations } from './incarnations.js';
import type { KnownPeer } from './known-peers.js';
import type { RemoteCluster } from './peer-http.js';
import { Peers } from './peers.js';

const CLUSTER = 7n;
const STORE = {
  readSync: () => null,
  replace: (_name, _bytes, done) => done(null),
} satisfies Partial<BlobStore> as unknown as BlobStore;

const peer = (id: bigint): KnownPeer => ({
  id,
  name: `m${id}`,
  peerURLs: [`http://127.0.0.1:${id}`],
});

/** What this side of a replica shows to `Peers`. */
interface Shown {
  readonly members?: readonly { readonly id: bigint; readonly incarnation: bigint }[];
  readonly leaving?: readonly { readonly id: bigint; readonly incarnation: bigint }[];
  readonly removed?: readonly bigint[];
  readonly feature?: number;
}

/** Member 1 of cluster 7, which knows members 2 and 3 by what it was told. */
class World {
  readonly asked: (readonly string[])[] = [];
  readonly peers: Peers;
  /** What those asked tell; null: nobody answers. */
  told: RemoteCluster | null = null;
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();

  constructor(shown: Shown | null = null) {
    const identity = { clusterId: CLUSTER, memberId: 1n, incarnation: 11n, feature: 2, name: 'm1' };
    const replica = shown === null ? null : replicaOf(shown);
    this.peers = new Peers(
      {
        clock: { monotonicMs: () => performance.now(), wallMs: () => 0 },
        random: new Random(1),
        probe: NO_PROBE,
        incarnations: new Incarnations(STORE, (text) => {
          throw new Error(text);
        }),
        told: [],
        identity: () => identity,
        replica: () => replica,
        handler: {
          open: (call) => {
            call.end(Status.UNAVAILABLE, '');
            return { message() {}, halfClosed() {}, cancelled() {}, drained() {} };
          },
        },
        acceptSnapshot: () => ({ begin() {}, chunk() {}, end() {}, closed() {} }),
        removed() {},
        outdated() {},
        wiped() {},
        seeds: ['http://seed:1'],
        fetch: (urls) => {
          this.asked.push(urls);
          if (this.told === null) return Promise.reject(new Error('nobody answers'));
          return Promise.resolve(this.told);
        },
      },
      [peer(2n), peer(3n)],
    );
    this.#http = createServer();
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#http.on('upgrade', (request, socket, head) => {
      if (!this.peers.handleUpgrade(request, socket, head)) socket.destroy();
    });
  }

  listen(): Promise<void> {
    return new Promise((done) => this.#http.listen(0, '127.0.0.1', done));
  }

  /** The answer to a hello of member 4, unless `hello` says another: 'hello-answer' or why not. */
  greet(hello: Partial<Hello> = {}, path = '/raft'): Promise<string> {
    const { port } = this.#http.address() as AddressInfo;
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    return new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.on('open', () => ws.send(encodeLinkFrames([{ ...STRANGER, ...hello }])));
      ws.on('message', (data) => {
        const [frame] = decodeLinkFrames(new Uint8Array(data as Buffer)) as LinkFrame[];
        ws.terminate();
        resolve(frame?.type === 'refusal' ? frame.code : String(frame?.type));
      });
    });
  }

  close(): Promise<void> {
    this.peers.close('the test is over');
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((done) => this.#http.close(() => done()));
  }
}

const STRANGER: Hello = {
  type: 'hello',
  role: 'member',
  clusterId: CLUSTER,
  from: 4n,
  to: 1n,
  incarnation: 44n,
  session: 0n,
  feature: 2,
  name: 'm4',
  peerURLs: ['http://stranger:4'],
};

function replicaOf({ members = [], leaving = [], removed = [], feature = 0 }: Shown): Replica {
  const isRemoved = (id: bigint): boolean => removed.includes(id);
  const shown = {
    memberId: 1n,
    machine: { members, leaving, feature, isRemoved },
    slots: { slotOf: (id: bigint) => Number(id) },
    unreachable() {},
  };
  return shown as unknown as Replica;
}

let world: World;
async function begin(shown: Shown | null = null): Promise<World> {
  world = new World(shown);
  await world.listen();
  return world;
}
afterEach(() => world.close());

/** Lets what was told be taken in. */
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

test('a stranger is let in once those who are asked say that it is a member', async () => {
  const { asked } = await begin();
  world.told = { clusterId: CLUSTER, members: [peer(1n), peer(2n), peer(4n)], feature: 0 };
  expect(await world.greet()).toBe('unknown-member');
  await settled();
  expect(asked).toEqual([
    ['http://127.0.0.1:2', 'http://127.0.0.1:3', 'http://seed:1', 'http://stranger:4'],
  ]);
  expect(await world.greet()).toBe('hello-answer');
});

test('one that nobody names stays out, and so does everybody by the word of another cluster', async () => {
  await begin();
  world.told = { clusterId: CLUSTER, members: [peer(2n), peer(3n)], feature: 0 };
  expect([await world.greet(), await world.greet()]).toEqual(['unknown-member', 'unknown-member']);
  await world.close();
  await begin();
  world.told = { clusterId: 8n, members: [peer(4n)], feature: 0 };
  expect(await world.greet()).toBe('unknown-member');
  await settled();
  expect([await world.greet(), world.asked.length]).toEqual(['unknown-member', 1]);
});

test('a stranger of another cluster, or one that asks for another, makes us ask nobody', async () => {
  await begin();
  expect(await world.greet({ clusterId: 8n })).toBe('other-cluster');
  expect(await world.greet({ to: 5n })).not.toBe('hello-answer');
  expect(await world.greet({ role: 'gateway' })).not.toBe('hello-answer');
  expect(world.asked).toEqual([]);
});

test('one that the log removed is refused, whoever names it', async () => {
  await begin({ removed: [4n] });
  world.told = { clusterId: CLUSTER, members: [peer(4n)], feature: 0 };
  expect(await world.greet()).toBe('removed');
  world.peers.membersChanged([]);
  expect([await world.greet(), world.asked.length]).toEqual(['removed', 0]);
});

test('one that is on its way out is a peer still, by the incarnation the log knows', async () => {
  await begin({ leaving: [{ id: 3n, incarnation: 33n }] });
  expect(await world.greet({ from: 3n, incarnation: 33n })).toBe('hello-answer');
  expect(await world.greet({ from: 3n, incarnation: 34n })).toBe('other-incarnation');
});

test('the first incarnation met is the one until the log says another', async () => {
  await begin();
  expect(await world.greet({ from: 2n, incarnation: 22n })).toBe('hello-answer');
  expect(await world.greet({ from: 2n, incarnation: 23n })).toBe('other-incarnation');
  expect(await world.greet({ from: 2n, incarnation: 22n }, '/raft/snapshot')).toBe('hello-answer');
});

test('a build that does not support what the cluster uses is refused, a member or not', async () => {
  await begin({ feature: 2 });
  expect(await world.greet({ from: 2n, incarnation: 22n, feature: 1 })).toBe('feature-too-low');
  expect(await world.greet({ from: 2n, incarnation: 22n, feature: 2 })).toBe('hello-answer');
});

test('many strangers at once make one question, with what each may name bounded', async () => {
  await begin();
  const many = Array.from({ length: 20 }, (_, i) =>
    world.greet({ from: BigInt(100 + i), peerURLs: ['', 'unix://x', `http://s:${i}`] }),
  );
  expect(new Set(await Promise.all(many))).toEqual(new Set(['unknown-member']));
  expect(world.asked.length).toBe(1);
});
