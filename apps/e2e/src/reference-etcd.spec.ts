/**
 * The feeder proves itself between two etcds before it may judge Conclave.
 */
import { Random } from '@conclave/base';
import type { RequestOp } from '@conclave/wire';
import { RawCallError, type RawClient } from './testing/raw-client.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = 400;
const LEASES = 8;

const bytes = (text: string): Uint8Array => Buffer.from(text);
const NO_FLAGS = { prevKv: false, ignoreValue: false, ignoreLease: false };

class RandomHistory {
  readonly #random: Random;
  readonly #client: RawClient;
  readonly #granted = new Set<bigint>();

  constructor(random: Random, client: RawClient) {
    this.#random = random;
    this.#client = client;
  }

  /** One request; answers the source's revision. */
  async step(): Promise<number> {
    const kind = this.#random.below(10);
    if (kind < 5) return this.#put();
    if (kind < 6) return this.#delete();
    if (kind < 9) return this.#txn();
    return this.#revoke();
  }

  async #put(): Promise<number> {
    const lease = await this.#lease();
    const value = Uint8Array.from({ length: this.#random.below(300) }, (_, i) => i & 0xff);
    const answer = await this.#client.put({ key: this.#key(), value, lease });
    return answer.header?.revision ?? 0;
  }

  async #delete(): Promise<number> {
    const from = this.#key();
    const to = this.#random.chance(0.5) ? this.#key() : new Uint8Array(0);
    const answer = await this.#client.deleteRange({ key: from, rangeEnd: to });
    return answer.header?.revision ?? 0;
  }

  async #txn(): Promise<number> {
    const success: RequestOp[] = [];
    const used = new Set<string>();
    const count = this.#random.below(20);
    for (let i = 0; i < count; i++) {
      const key = this.#key();
      const name = Buffer.from(key).toString('hex');
      if (used.has(name)) continue;
      used.add(name);
      const lease = await this.#lease();
      success.push(
        this.#random.chance(0.3)
          ? {
              request: {
                $case: 'requestDeleteRange',
                requestDeleteRange: { key, rangeEnd: new Uint8Array(0), prevKv: false },
              },
            }
          : {
              request: {
                $case: 'requestPut',
                requestPut: { key, value: bytes(`t${i}`), lease, ...NO_FLAGS },
              },
            },
      );
    }
    const answer = await this.#client.txn({ success });
    return answer.header?.revision ?? 0;
  }

  async #revoke(): Promise<number> {
    const id = this.#random.pick([...this.#granted, 0n]);
    if (id === 0n) return this.#put();
    this.#granted.delete(id);
    const answer = await this.#client.leaseRevoke(id);
    return answer.header?.revision ?? 0;
  }

  /** Mostly none; an id is granted again after it was revoked. */
  async #lease(): Promise<bigint> {
    if (this.#random.chance(0.6)) return 0n;
    const id = 0x7f00_0000_0000_0000n + BigInt(this.#random.below(LEASES));
    if (!this.#granted.has(id)) {
      await this.#client.leaseGrant(id, 600);
      this.#granted.add(id);
    }
    return id;
  }

  #key(): Uint8Array {
    return Uint8Array.of(0x61 + this.#random.below(4), this.#random.below(16) * 17);
  }
}

describe(`reference etcd (SEED=${SEED})`, () => {
  let source: ReferenceEtcd;
  let reference: ReferenceEtcd;

  beforeEach(async () => {
    [source, reference] = await Promise.all([ReferenceEtcd.start(), ReferenceEtcd.start()]);
  }, 30_000);

  afterEach(async () => {
    await Promise.all([source.stop(), reference.stop()]);
  }, 30_000);

  it('has the same HashKV as its source at every revision compared, compacted or not', async () => {
    const history = new RandomHistory(new Random(SEED), source.client);
    const feeder = reference.feedFromWatch(source.endpoint);
    let last = 1;
    for (let i = 0; i < STEPS; i++) last = await history.step();
    await feeder.reached(last);
    const compare = async (revision: number): Promise<void> => {
      const [a, b] = await Promise.all([
        source.client.hashKv(revision),
        reference.client.hashKv(revision),
      ]);
      expect({ revision, hash: b.hash }).toEqual({ revision, hash: a.hash });
    };
    for (let revision = 2; revision < last; revision += 37) await compare(revision);
    await compare(last);
    const compacted = Math.floor(last / 2);
    for (const etcd of [source, reference]) {
      await etcd.client.compact({ revision: compacted, physical: true });
    }
    for (const revision of [compacted + 1, last]) await compare(revision);
    expect(feeder.opened).toBe(1);
  }, 60_000);

  it('stops with the revision when somebody else writes to it', async () => {
    await reference.client.put({ key: bytes('intruder'), value: bytes('x') });
    const feeder = reference.feedFromWatch(source.endpoint);
    await source.client.put({ key: bytes('a'), value: bytes('1') });
    await expect(feeder.reached(2)).rejects.toThrow('revision 2 landed on revision 3');
  }, 30_000);

  it('goes on from the next endpoint when one is gone', async () => {
    await source.client.put({ key: bytes('a'), value: bytes('1') });
    const feeder = reference.feedFromWatch(['127.0.0.1:1', source.endpoint]);
    await feeder.reached(2);
    expect(feeder.opened).toBe(2);
    const answer = await reference.client.range({ key: bytes('a') });
    expect(Buffer.from(answer.kvs[0]?.value ?? []).toString()).toBe('1');
  }, 30_000);

  it('says that the source was compacted before it was fed', async () => {
    for (const value of ['1', '2', '3']) {
      await source.client.put({ key: bytes('a'), value: bytes(value) });
    }
    await source.client.compact({ revision: 3, physical: true });
    const feeder = reference.feedFromWatch(source.endpoint);
    await expect(feeder.reached(4)).rejects.toThrow('the source compacted 3');
  }, 30_000);

  it("raw client rejects with etcd's code and text", async () => {
    const failed = source.client.range({ key: bytes('a'), revision: 99 });
    await expect(failed).rejects.toBeInstanceOf(RawCallError);
    await expect(failed).rejects.toMatchObject({
      code: 11,
      text: 'etcdserver: mvcc: required revision is a future revision',
    });
  }, 30_000);
});
