// Calls over a link: a LinkPool (gateway) against a LinkServer with a LinkHost (member).
import {
  type Channel,
  type ClientCallEvents,
  EMPTY_METADATA,
  type EndOrigin,
  type LogFields,
  NO_PROBE,
  type ServerCall,
  type ServerCallEvents,
  Status,
} from '@conclave/base';
import { DATED_MEMBERS_FEATURE, type MembersFrame } from '@conclave/wire';
import type { CallOpener } from './call-opener.js';
import { judgeHello } from './handshake.js';
import { LinkHost } from './link-host.js';
import { LinkPool } from './link-pool.js';
import { LinkServer } from './link-server.js';
import type { LinkOptions } from './options.js';
import { Loopback, TEST_OPTIONS, identity, testPorts, until } from './testing/loopback.js';

type Handler = (call: ServerCall) => ServerCallEvents;

/** Calls by method: `/echo`, `/big`, `/silent`, `/count`. */
class Member {
  readonly host: LinkHost;
  readonly server: LinkServer;
  readonly loopback: Loopback;
  readonly seen: { head: ServerCall['head']; cancelled: boolean; halfClosed: boolean }[] = [];
  readonly calls: ServerCall[] = [];
  leaderId = 1n;
  urls: string[] = [];
  /** Term and index of the last entry applied. */
  applied: [number, number] = [3, 9];
  /** Members it tells of besides itself. */
  others: MembersFrame['members'] = [];

  constructor(id: bigint, options: LinkOptions, handler: Handler | null = null) {
    const self = identity(id);
    this.host = new LinkHost(options, {
      ...testPorts(),
      handler: { open: handler ?? ((call) => this.#open(call)) },
      members: (): MembersFrame => ({
        type: 'members',
        term: 3,
        leaderId: this.leaderId,
        appliedTerm: this.applied[0],
        appliedIndex: this.applied[1],
        members: [{ id, name: 'm', linkUrls: this.urls, learner: false }, ...this.others],
      }),
    });
    this.server = new LinkServer(options, {
      ...testPorts(),
      identity: () => self,
      admit: (hello, path, done) =>
        done(judgeHello(hello, self, path, () => ({ state: 'member', incarnation: null }))),
      accepted: (socket, hello, _path, peer) => this.host.accepted(socket, hello, peer),
    });
    this.loopback = new Loopback(() => this.server);
  }

  #open(call: ServerCall): ServerCallEvents {
    const record = { head: call.head, cancelled: false, halfClosed: false };
    this.seen.push(record);
    this.calls.push(call);
    let size = 0;
    return {
      message: (bytes) => {
        size += bytes.length;
        if (call.head.method === '/echo') call.send(bytes);
        if (call.head.method === '/big') call.send(new Uint8Array(3_000_000).fill(bytes[0] ?? 0));
      },
      halfClosed: () => {
        record.halfClosed = true;
        if (call.head.method === '/count') call.send(Uint8Array.of(size & 255, size >> 8));
        if (call.head.method !== '/silent') call.end(Status.OK, 'well');
      },
      cancelled: () => {
        record.cancelled = true;
      },
      drained() {},
    };
  }

  close(): Promise<void> {
    this.host.close('test is over');
    this.server.close('test is over');
    return this.loopback.close();
  }
}

class Answer implements ClientCallEvents {
  readonly messages: Uint8Array[] = [];
  end: { code: number; text: string; origin: EndOrigin } | null = null;
  drains = 0;
  onMessage: (() => void) | null = null;

  message(bytes: Uint8Array): void {
    expect(this.end).toBeNull();
    this.messages.push(bytes);
    this.onMessage?.();
  }

  ended(code: number, text: string, origin: EndOrigin = 'handler'): void {
    expect(this.end).toBeNull();
    this.end = { code, text, origin };
  }

  drained(): void {
    this.drains++;
  }
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function linked(
  options: LinkOptions = TEST_OPTIONS,
  handler: Handler | null = null,
): Promise<{ member: Member; pool: LinkPool; channel: CallOpener; frames: MembersFrame[] }> {
  const member = new Member(1n, options, handler);
  cleanups.push(() => member.close());
  const url = await member.loopback.listen();
  member.urls = [url];
  let channel: CallOpener | null = null;
  const frames: MembersFrame[] = [];
  const pool = new LinkPool(
    options,
    { ...testPorts(), name: 'g', feature: DATED_MEMBERS_FEATURE },
    [url],
    {
      up: (_id, _member, opened) => {
        channel = opened;
      },
      down() {},
      members: (_id, frame) => frames.push(frame),
    },
  );
  cleanups.push(() => pool.close('test is over'));
  await until(() => channel !== null);
  return { member, pool, channel: channel as unknown as CallOpener, frames };
}

function ask(channel: Channel, method: string, ...messages: Uint8Array[]): Answer {
  const answer = new Answer();
  const call = channel.open(method, new Map([['token', 'x']]), 1_500, answer);
  for (const m of messages) call.send(m);
  call.halfClose();
  return answer;
}

test('a call carries method, metadata, time left, messages and its end', async () => {
  const { member, channel } = await linked();
  const answer = ask(channel, '/echo', Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3));
  await until(() => answer.end !== null);
  expect(answer.messages.map((m) => [...m])).toEqual([[1, 2], [], [3]]);
  expect(answer.end).toEqual({ code: Status.OK, text: 'well', origin: 'handler' });
  const { head } = member.seen[0] as (typeof member.seen)[0];
  expect([head.method, head.metadata.get('token'), head.timeoutMs]).toEqual(['/echo', 'x', 1_500]);
  expect(channel.openCalls).toBe(0);
});

test('a message larger than the credit arrives whole, in both directions', async () => {
  const { channel } = await linked();
  const up = ask(channel, '/count', new Uint8Array(1_000_000));
  const down = ask(channel, '/big', Uint8Array.of(9));
  await until(() => up.end !== null && down.end !== null);
  expect([...(up.messages[0] as Uint8Array)]).toEqual([1_000_000 & 255, (1_000_000 >> 8) & 255]);
  expect(down.messages[0]?.length).toBe(3_000_000);
  expect((down.messages[0] as Uint8Array).every((b) => b === 9)).toBe(true);
});

test('a small call overtakes the large answer of another', async () => {
  const { channel } = await linked();
  const order: string[] = [];
  const big = ask(channel, '/big', Uint8Array.of(1));
  big.onMessage = () => order.push('big');
  const small = ask(channel, '/echo', Uint8Array.of(2));
  small.onMessage = () => order.push('small');
  await until(() => big.end !== null && small.end !== null);
  expect(order).toEqual(['small', 'big']);
});

test('a reader that pauses holds up its own call and no other, within its credit', async () => {
  const { member, channel } = await linked();
  const slow = new Answer();
  const call = channel.open('/echo', EMPTY_METADATA, null, slow);
  call.pauseInput();
  const chunk = new Uint8Array(100_000);
  for (let i = 0; i < 20; i++) call.send(chunk);
  const other = ask(channel, '/echo', Uint8Array.of(1));
  await until(() => other.end !== null);
  expect(slow.messages).toHaveLength(0);
  call.resumeInput();
  await until(() => slow.messages.length === 20);
  call.cancel();
  await until(() => member.seen[0]?.cancelled === true);
});

test('send says when the receiver is behind, and drained when it caught up', async () => {
  const { member, channel } = await linked();
  const answer = new Answer();
  const call = channel.open('/count', EMPTY_METADATA, null, answer);
  await until(() => member.calls.length === 0 || true);
  expect(call.send(new Uint8Array(1_000))).toBe(true);
  expect(call.send(new Uint8Array(600_000))).toBe(false);
  await until(() => answer.drains === 1);
  call.halfClose();
  await until(() => answer.end !== null);
});

test('cancelling tells the handler, and nothing arrives afterwards', async () => {
  const { member, channel } = await linked();
  const answer = new Answer();
  const call = channel.open('/silent', EMPTY_METADATA, null, answer);
  call.send(Uint8Array.of(1));
  await until(() => member.seen.length === 1);
  call.cancel();
  await until(() => member.seen[0]?.cancelled === true);
  expect(answer.end).toBeNull();
  expect(channel.openCalls).toBe(0);
});

test('a lost link ends its calls: lost when something left, unsent when nothing did', async () => {
  const { member, channel } = await linked();
  const lost = ask(channel, '/silent', Uint8Array.of(1));
  await until(() => member.seen.length === 1);
  member.server.close('gone');
  // Opened in the very turn in which the link ends: its frames never leave.
  const unsent = ask(channel, '/silent', Uint8Array.of(1));
  await member.loopback.close();
  await until(() => lost.end !== null && unsent.end !== null);
  expect(lost.end).toMatchObject({ code: Status.UNAVAILABLE, origin: 'lost' });
  expect(member.seen[0]?.cancelled).toBe(true);
  const after = ask(channel, '/silent', Uint8Array.of(1));
  expect(after.end).toMatchObject({ code: Status.UNAVAILABLE, origin: 'unsent' });
});

test('calls above the bound are refused on both sides, and open ones go on', async () => {
  const { channel } = await linked({ ...TEST_OPTIONS, callsMax: 3 });
  const open = [1, 2, 3].map(() => ask(channel, '/silent', Uint8Array.of(1)));
  const fourth = ask(channel, '/echo', Uint8Array.of(1));
  expect(fourth.end).toMatchObject({ code: Status.RESOURCE_EXHAUSTED, origin: 'unsent' });
  expect(open.every((a) => a.end === null)).toBe(true);
});

test('a request above its bound is refused and costs only that call', async () => {
  const { member, channel } = await linked({ ...TEST_OPTIONS, requestBytesMax: 100_000 });
  const large = ask(channel, '/count', new Uint8Array(300_000));
  await until(() => large.end !== null);
  expect(large.end).toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  const next = ask(channel, '/echo', Uint8Array.of(5));
  await until(() => next.end !== null);
  expect(next.end?.code).toBe(Status.OK);
  expect(member.seen).toHaveLength(2);
});

test('metadata too large for a link is refused before it leaves', async () => {
  const { channel } = await linked();
  const answer = new Answer();
  channel.open('/echo', new Map([['a', 'x'.repeat(40_000)]]), null, answer);
  expect(answer.end?.code).toBe(Status.RESOURCE_EXHAUSTED);
});

test('the member tells who leads at once, at a change, and as a heartbeat', async () => {
  const { member, frames } = await linked();
  await until(() => frames.length > 0);
  expect(frames[0]).toMatchObject({ leaderId: 1n, term: 3, members: [{ id: 1n }] });
  member.leaderId = 0n;
  member.host.changed();
  await until(() => frames.some((f) => f.leaderId === 0n && f.members.length === 1));
  await until(() => frames.some((f) => f.members.length === 0));
});

test('two URLs of one member make one link, and the other serves when the first is lost', async () => {
  const member = new Member(1n, TEST_OPTIONS);
  cleanups.push(() => member.close());
  const url = await member.loopback.listen();
  const alias = new Loopback(() => member.server);
  cleanups.push(() => alias.close());
  const aliasUrl = await alias.listen();
  const urls: unknown[] = [];
  const probe = {
    ...NO_PROBE,
    log: (_level: string, text: string, fields?: LogFields) => {
      if (text === 'linked to member') urls.push(fields?.['url']);
    },
  };
  const pool = new LinkPool(
    TEST_OPTIONS,
    { ...testPorts(), probe, name: 'g', feature: DATED_MEMBERS_FEATURE },
    [url, aliasUrl],
    { up() {}, down() {}, members() {} },
  );
  cleanups.push(() => pool.close('test is over'));
  await until(() => urls.length === 1 && member.host.links === 1);
  expect(pool.links).toBe(1);
  await (urls[0] === url ? member.loopback : alias).close();
  await until(() => urls.length === 2);
  expect(new Set(urls)).toEqual(new Set([url, aliasUrl]));
  expect(pool.links).toBe(1);
});

test('10,000 small calls at once all get their own answer', async () => {
  const { channel } = await linked();
  const answers = Array.from({ length: 10_000 }, (_, i) =>
    ask(channel, '/echo', Uint8Array.of(i & 255, i >> 8)),
  );
  await until(() => answers.every((a) => a.end !== null));
  answers.forEach((a, i) => {
    expect([...(a.messages[0] as Uint8Array)]).toEqual([i & 255, i >> 8]);
  });
});
