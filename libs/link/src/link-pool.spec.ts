// Whom a LinkPool (gateway) believes when members of different age tell who there is.
import { Status } from '@conclave/base';
import { DATED_MEMBERS_FEATURE, type LinkMember, type MembersFrame } from '@conclave/wire';
import { LinkHost } from './link-host.js';
import { LinkPool } from './link-pool.js';
import { LinkServer } from './link-server.js';
import { Loopback, TEST_OPTIONS, identity, testPorts, until } from './testing/loopback.js';

/** A member that tells what it is told to tell. */
class Member {
  readonly id: bigint;
  readonly host: LinkHost;
  readonly loopback: Loopback;
  /** Hellos it has heard. */
  greeted = 0;
  /** Term and index of the last entry applied; zeros: an older build, which does not say. */
  applied: readonly [number, number] = [3, 9];
  members: readonly LinkMember[] = [];
  readonly #server: LinkServer;

  constructor(id: bigint) {
    this.id = id;
    this.host = new LinkHost(TEST_OPTIONS, {
      ...testPorts(),
      handler: {
        open: (call) => {
          call.end(Status.OK, '');
          return { message() {}, halfClosed() {}, cancelled() {}, drained() {} };
        },
      },
      members: (): MembersFrame => ({
        type: 'members',
        term: 3,
        leaderId: 1n,
        appliedTerm: this.applied[0],
        appliedIndex: this.applied[1],
        members: this.members,
      }),
    });
    this.#server = new LinkServer(TEST_OPTIONS, {
      ...testPorts(),
      identity: () => identity(id),
      admit: (_hello, _path, done) => {
        this.greeted++;
        done(null);
      },
      accepted: (socket, hello, _path, peer) => this.host.accepted(socket, hello, peer),
    });
    this.loopback = new Loopback(() => this.#server);
  }

  get listed(): LinkMember {
    return { id: this.id, name: '', linkUrls: [this.loopback.url], learner: false };
  }

  tell(applied: readonly [number, number], ...members: readonly Member[]): void {
    this.applied = applied;
    this.members = members.map((m) => m.listed);
    this.host.changed();
  }

  close(): Promise<void> {
    this.host.close('gone');
    this.#server.close('gone');
    return this.loopback.close();
  }
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function listening(count: number): Promise<Member[]> {
  const members = Array.from({ length: count }, (_, at) => new Member(BigInt(at + 1)));
  for (const member of members) {
    await member.loopback.listen();
    cleanups.push(() => member.close());
  }
  return members;
}

interface Watched {
  readonly pool: LinkPool;
  /** Frames that came, by the member's id. */
  readonly told: Map<bigint, MembersFrame[]>;
}

function watched(seeds: readonly Member[], feature = DATED_MEMBERS_FEATURE): Watched {
  const told = new Map<bigint, MembersFrame[]>();
  const ids = new Map<number, bigint>();
  const urls = seeds.map((m) => m.loopback.url);
  const pool = new LinkPool(TEST_OPTIONS, { ...testPorts(), name: 'g', feature }, urls, {
    up: (linkId, memberId) => void ids.set(linkId, memberId),
    down() {},
    members: (linkId, frame) => {
      const id = ids.get(linkId) as bigint;
      told.set(id, [...(told.get(id) ?? []), frame]);
    },
  });
  cleanups.push(() => pool.close('test is over'));
  return { pool, told };
}

/** Waits until two more frames of it have come. */
async function heard({ told }: Watched, member: Member): Promise<void> {
  const before = told.get(member.id)?.length ?? 0;
  await until(() => (told.get(member.id)?.length ?? 0) >= before + 2);
}

test('the list of a member that lags does not take the place of a newer one', async () => {
  const [a, lagging, added, gone] = (await listening(4)) as [Member, Member, Member, Member];
  a.tell([3, 9], a, lagging, added);
  lagging.tell([3, 8], a, lagging, gone);
  const world = watched([a]);
  await until(() => world.pool.links === 3);
  await heard(world, lagging);
  expect(world.told.get(2n)?.every((f) => f.members.length === 0)).toBe(true);
  // Of an earlier term, whatever the index: what a leader that was replaced has left behind.
  lagging.tell([2, 99], a, lagging, gone);
  await heard(world, lagging);
  expect([world.pool.links, gone.greeted]).toEqual([3, 0]);
  // It has caught up, and more.
  lagging.tell([3, 12], a, lagging, gone);
  await until(() => gone.greeted === 1 && added.host.links === 0);
});

test('a gateway of an older build is not told of when a list is', async () => {
  const [a] = (await listening(1)) as [Member];
  a.tell([3, 9], a);
  const world = watched([a], DATED_MEMBERS_FEATURE - 1);
  await until(() => (world.told.get(1n)?.length ?? 0) > 0);
  expect(world.told.get(1n)?.[0]).toMatchObject({ appliedIndex: 0, members: [{ id: 1n }] });
});

test('members of an older build are believed while no other one is linked', async () => {
  const [older, newer, b, c] = (await listening(4)) as [Member, Member, Member, Member];
  for (const one of [b, c]) one.applied = [0, 0];
  older.tell([0, 0], older, newer, b);
  newer.tell([3, 9], older, newer, c);
  const world = watched([older]);
  await until(() => c.greeted === 1 && b.host.links === 0);
  const greeted = b.greeted;
  older.tell([0, 0], older, newer, b);
  await heard(world, older);
  expect([world.pool.links, b.greeted]).toEqual([3, greeted]);
  await newer.close();
  await until(() => world.pool.links === 2);
  older.tell([0, 0], older, b);
  await until(() => b.greeted > greeted && c.host.links === 0);
});
