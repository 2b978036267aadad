import { type Engine, Random } from '@conclave/base';
import { MemoryEngine } from '@conclave/testkit';
import { LocalStore } from './local-store.js';
import { DEFAULT_STORE_LIMITS, StoreError, type StoreLimits } from './registry-store.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const SCHEDULER = { yieldTo: (task: () => void) => void setImmediate(task) };

class World {
  readonly engine = new MemoryEngine(SCHEDULER);
  nowMs = 1_000;
  failure = '';

  open(limits: Partial<StoreLimits> = {}, engine: Engine = this.engine): Promise<LocalStore> {
    const clock = { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs };
    const failed = (message: string): void => {
      this.failure = message;
    };
    const ports = { engine, clock, failed };
    return LocalStore.open({ ...DEFAULT_STORE_LIMITS, ...limits }, ports);
  }
}

/** The engine as one process sees it: once that is dead, it asks for nothing more. */
function engineOf(engine: Engine, isDead: () => boolean): Engine {
  return {
    get: (keys, done) => void (isDead() || engine.get(keys, done)),
    scan: (lo, hi, limit, done) => void (isDead() || engine.scan(lo, hi, limit, done)),
    write: (ops, done) => void (isDead() || engine.write(ops, done)),
    flush: (done) => void (isDead() || engine.flush(done)),
    snapshot: () => engine.snapshot(),
    sizeBytes: () => engine.sizeBytes(),
    close: (done) => void (isDead() || engine.close(done)),
  };
}

const ids = async (store: LocalStore, token: string): Promise<string[]> => {
  const { record } = await store.read(token);
  return (record?.members ?? []).map((m) => m.id);
};

test('members stand in the order in which they registered, whatever their ids', async () => {
  const store = await new World().open();
  await store.createToken('token-one', 3);
  for (const id of ['c', 'a', 'b']) await store.putMember('token-one', id, `v${id}`, 'create');
  expect(await ids(store, 'token-one')).toEqual(['c', 'a', 'b']);
  await store.putMember('token-one', 'c', 'other', 'update');
  expect(await ids(store, 'token-one')).toEqual(['c', 'a', 'b']);
  await store.putMember('token-one', 'c', 'again', 'set');
  expect(await ids(store, 'token-one')).toEqual(['a', 'b', 'c']);
});

test('changes that do not fit are refused by name, and take no index', async () => {
  const store = await new World().open({ tokensMax: 1, membersPerTokenMax: 1, bytesMax: 20 });
  const codes: unknown[] = [];
  const code = async (change: ReturnType<LocalStore['createToken']>): Promise<void> => {
    const changed = await change;
    codes.push(changed.ok ? changed.index : changed.code);
  };
  await code(store.putMember('token-one', 'a', 'v', 'create'));
  await code(store.createToken('token-one', 3));
  await code(store.createToken('token-one', 3));
  await code(store.createToken('token-two', 3));
  await code(store.putMember('token-one', 'a', 'v', 'update'));
  await code(store.putMember('token-one', 'a', 'far too long a value', 'create'));
  await code(store.putMember('token-one', 'a', 'v', 'create'));
  await code(store.putMember('token-one', 'a', 'v', 'create'));
  await code(store.putMember('token-one', 'b', 'v', 'set'));
  await code(store.removeMember('token-one', 'b'));
  await code(store.removeMember('token-one', 'a'));
  await code(store.removeToken('token-two'));
  expect(codes).toEqual([
    ...['no-token', 2, 'token-exists', 'too-many-tokens', 'no-member', 'registry-full'],
    ...[3, 'member-exists', 'too-many-members', 'no-member', 4, 'no-token'],
  ]);
});

test('an expired token is gone at once, is swept, and its name may be used again', async () => {
  const world = new World();
  const store = await world.open({ tokenTtlMs: 1_000 });
  await store.createToken('token-one', 3);
  await store.putMember('token-one', 'a', 'v', 'create');
  world.nowMs += 999;
  expect(await ids(store, 'token-one')).toEqual(['a']);
  world.nowMs += 1;
  expect((await store.read('token-one')).record).toBeNull();
  expect(await store.createToken('token-one', 2)).toMatchObject({ ok: true });
  expect(await ids(store, 'token-one')).toEqual([]);
  world.nowMs += 1_000;
  expect(await store.sweep()).toBe(1);
  expect(store.tokenCount).toBe(0);
  world.engine.crash();
  expect((await (await world.open()).read('token-one')).record).toBeNull();
});

test('a registry of more rows than one scan brings is read whole', async () => {
  const world = new World();
  const store = await world.open({ tokensMax: 2_000 });
  const made = Array.from({ length: 1_100 }, (_, i) => store.createToken(`token-${i}`, 3));
  await Promise.all(made);
  await store.putMember('token-1099', 'a', 'v', 'create');
  world.engine.crash();
  const again = await world.open();
  expect(again.tokenCount).toBe(1_100);
  expect(await ids(again, 'token-1099')).toEqual(['a']);
});

test('who watches is told after the change can be read, and not after it stopped', async () => {
  const store = await new World().open();
  await store.createToken('token-one', 3);
  const seen: number[] = [];
  const stop = store.watch('token-one', () => {
    void store.read('token-one').then(({ record }) => seen.push(record?.members.length ?? -1));
  });
  await store.putMember('token-one', 'a', 'v', 'create');
  await store.createToken('token-two', 3);
  stop();
  await store.putMember('token-one', 'b', 'v', 'create');
  expect(seen).toEqual([1]);
});

test('a failure of the engine ends everything, and nothing is acknowledged behind it', async () => {
  const world = new World();
  const store = await world.open();
  await store.createToken('token-one', 3);
  world.engine.inject = (operation) => {
    return operation === 'flush' ? { code: 'EIO', message: 'flush: no more' } : null;
  };
  await expect(store.putMember('token-one', 'a', 'v', 'create')).rejects.toThrow(StoreError);
  await expect(store.putMember('token-one', 'b', 'v', 'create')).rejects.toThrow(/no more/);
  expect(world.failure).toContain('flush: no more');
  expect(await ids(store, 'token-one')).toEqual([]);
  expect(await store.isHealthy()).toBe(false);
});

test(`what was acknowledged survives crashes at any moment (SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const world = new World();
  for (let life = 0; life < 30; life++) {
    let isDead = false;
    const store = await world.open(
      {},
      engineOf(world.engine, () => isDead),
    );
    const before = (await store.read('token-one')).record;
    if (before === null) await store.createToken('token-one', 3);
    const acknowledged = new Set(before?.members.map((m) => m.id));
    const removed = new Set<string>();
    let index = (await store.read('token-one')).index;
    const worker = async (name: string): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const id = `${life}-${name}-${i}`;
        const changed = await store.putMember('token-one', id, 'v', 'create');
        // An answer that comes after the crash reaches nobody.
        if (isDead) return;
        if (changed.ok) acknowledged.add(id);
        if (changed.ok && random.chance(0.3)) {
          acknowledged.delete(id);
          await store.removeMember('token-one', id);
          if (isDead) return;
          removed.add(id);
        }
        index = Math.max(index, changed.index);
      }
    };
    const workers = ['x', 'y', 'z'].map(worker);
    for (let turns = random.below(40); turns > 0; turns--) {
      await new Promise((done) => setImmediate(done));
    }
    isDead = true;
    world.engine.crash(random.chance(0.5));
    // Completions of a dead process never come.
    void Promise.allSettled(workers);
    const again = await world.open({ membersPerTokenMax: 1_000 });
    const kept = new Set(await ids(again, 'token-one'));
    for (const id of acknowledged) expect(kept).toContain(id);
    for (const id of removed) expect(kept).not.toContain(id);
    const next = await again.putMember('token-one', `${life}-next`, 'v', 'set');
    expect(next.ok && next.index).toBeGreaterThan(index);
    await again.removeToken('token-one');
    world.engine.crash();
  }
});
