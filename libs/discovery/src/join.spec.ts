import { NO_PROBE } from '@conclave/base';
import {
  DiscoveryError,
  DiscoveryUnavailable,
  type Registered,
  type TokenClient,
  type TokenLook,
  joinCluster,
} from './join.js';

/** A registry in memory whose every call may fail first. */
class FakeToken implements TokenClient {
  size = 3;
  readonly members: Registered[] = [];
  /** What each next call rejects with; null: it goes well. */
  readonly trouble: (Error | null)[] = [];
  /** Runs before a look: time for others to register. */
  beforeLook: (look: number) => void = () => undefined;
  #looks = 0;
  waits = 0;

  async look(): Promise<TokenLook> {
    this.#fail();
    this.beforeLook(this.#looks++);
    return { size: this.size, members: [...this.members], index: this.members.length };
  }

  async register(id: string, value: string): Promise<'registered' | 'exists'> {
    const isThere = this.members.some((m) => m.id === id);
    if (!isThere) this.members.push({ id, value });
    this.#fail();
    return isThere ? 'exists' : 'registered';
  }

  async waitAfter(): Promise<void> {
    this.waits++;
    this.#fail();
  }

  close(): void {}

  #fail(): void {
    const trouble = this.trouble.shift() ?? null;
    if (trouble !== null) throw trouble;
  }
}

const SELF = { id: '1', value: 'a=http://a:1' };
const B = { id: '2', value: 'b=http://b:1' };
const C = { id: '3', value: 'c=http://c:1,c=http://c:2' };

function join(token: FakeToken, slept: number[] = []): Promise<string> {
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms / 1_000);
  };
  return joinCluster(token, SELF, { probe: NO_PROBE, sleep });
}

test('registers, waits for the others, and answers the first by order of registration', async () => {
  const token = new FakeToken();
  token.members.push(C);
  token.beforeLook = (look) => {
    if (look === 2) token.members.push(B, { id: '4', value: 'd=http://d:1' });
  };
  expect(await join(token)).toBe('c=http://c:1,c=http://c:2,a=http://a:1,b=http://b:1');
  expect(token.waits).toBe(1);
});

test.each([
  ['the cluster is full before', [B, C, { id: '4', value: 'd=http://d:1' }], 'cluster is full'],
  ['our id stands for something else', [{ id: '1', value: 'z=http://z:1' }], 'found duplicate id'],
  ['a name is there twice', [B, { id: '4', value: 'b=http://x:1' }], 'found duplicate name: b'],
  ['a value is nonsense', [B, { id: '4', value: 'hello' }], 'invalid peer URL: "hello"'],
])('%s: the join ends', async (_name, members, text) => {
  const token = new FakeToken();
  token.members.push(...members);
  const ended = join(token);
  await expect(ended).rejects.toThrow(DiscoveryError);
  await expect(ended).rejects.toThrow(`discovery: ${text}`);
});

test('somebody was faster in the moment between look and registration: full', async () => {
  const token = new FakeToken();
  token.beforeLook = (look) => {
    if (look === 1) token.members.unshift(B, C, { id: '4', value: 'd=http://d:1' });
  };
  await expect(join(token)).rejects.toThrow('discovery: cluster is full');
});

test('our own registration of an earlier try is taken while the cluster forms', async () => {
  const token = new FakeToken();
  token.members.push(SELF, B);
  token.beforeLook = (look) => {
    if (look === 2) token.members.push(C);
  };
  expect(await join(token)).toContain('a=http://a:1');
});

test('but not once the cluster was complete: it may have been founded, and we have lost its data', async () => {
  const token = new FakeToken();
  token.members.push(SELF, B, C);
  await expect(join(token)).rejects.toThrow('discovery: found duplicate id');
});

test('an answer that was lost is no duplicate, even of the last member', async () => {
  const token = new FakeToken();
  token.members.push(B, C);
  token.trouble.push(null, new DiscoveryUnavailable('the connection was lost'));
  expect(await join(token)).toContain('a=http://a:1');
});

test('a service that is away is asked again after 2, 4, ... 256 s, and afresh after an answer', async () => {
  const token = new FakeToken();
  token.members.push(B, C);
  const away = new DiscoveryUnavailable('away');
  token.trouble.push(...Array.from({ length: 10 }, () => away), null, away);
  const slept: number[] = [];
  await join(token, slept);
  expect(slept).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 2]);
});
