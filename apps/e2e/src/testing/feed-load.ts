/**
 * Load for a feed: puts, deletes, transactions of several keys, and keys that go with their lease; what
 * fails is not looked at, for the store itself says what happened.
 */
import { EMPTY_BYTES, Random, encodeUtf8, toByteString } from '@conclave/base';
import type { PutRequest, RequestOp } from '@conclave/wire';
import type { FeedView, NatsServer } from './nats.js';
import { until } from './process.js';
import { RawClient } from './raw-client.js';

const PAUSE_MS = 5;
const KEYS = 60;
const LEASE_TTL_S = 2;
/** Keys of the feed itself. */
const RESERVED = '_conclave/';

function putOf(key: string, value: string, lease = 0n): PutRequest {
  const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
  return { key: encodeUtf8(key), value: encodeUtf8(value), lease, ...flags };
}

export class FeedLoad {
  readonly #client: RawClient;
  readonly #random: Random;
  #running = true;
  #done: Promise<void> = Promise.resolve();
  acknowledged = 0;
  failed = 0;

  constructor(endpoint: string, seed: number) {
    this.#client = new RawClient(endpoint, { deadlineMs: 2_000 });
    this.#random = new Random(seed);
  }

  start(): this {
    this.#done = this.#loop();
    return this;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      try {
        await this.#once();
        this.acknowledged++;
      } catch {
        this.failed++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #key(): string {
    return `/load/k${this.#random.below(KEYS)}`;
  }

  async #once(): Promise<void> {
    const client = this.#client;
    const value = `${this.#random.uint32()}`;
    const dice = this.#random.below(100);
    if (dice < 60) await client.put(putOf(this.#key(), value));
    else if (dice < 75) await client.deleteRange({ key: encodeUtf8(this.#key()) });
    else if (dice < 97) {
      const keys = new Set([this.#key(), this.#key(), this.#key()]);
      const success = [...keys].map((key): RequestOp => {
        return { request: { $case: 'requestPut', requestPut: putOf(key, value) } };
      });
      await client.txn({ success });
    } else {
      const { ID } = await client.leaseGrant(0n, LEASE_TTL_S);
      await client.put(putOf(`/leased/${ID}`, value, ID));
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#client.close();
  }
}

/** The keys of the store as a consumer should know them. */
export async function storeView(
  client: RawClient,
): Promise<{ revision: number; keys: Map<string, { revision: number; value: string }> }> {
  const all = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
  const answer = await client.range(all);
  const keys = new Map<string, { revision: number; value: string }>();
  for (const kv of answer.kvs) {
    const key = toByteString(kv.key);
    if (key.startsWith(RESERVED)) continue;
    keys.set(key, { revision: kv.modRevision, value: toByteString(kv.value ?? EMPTY_BYTES) });
  }
  return { revision: answer.header?.revision ?? 0, keys };
}

/** Waits until the stream says what the store says, and answers what a consumer then knows. */
export async function caughtUp(
  nats: NatsServer,
  client: RawClient,
  timeoutMs = 20_000,
): Promise<FeedView> {
  const end = `/end/${Math.random()}`;
  const { header } = await client.put(putOf(end, 'end'));
  const revision = header?.revision ?? 0;
  await until(
    `the feed reaches revision ${revision}`,
    async () => (await lastRevision(nats)) >= revision,
    timeoutMs,
  );
  return nats.replay();
}

async function lastRevision(nats: NatsServer): Promise<number> {
  return nats.manage(async (jsm) => {
    try {
      const last = await jsm.streams.getMessage('CONCLAVE', { last_by_subj: 'conclave.>' });
      return Number(last?.header.get('Conclave-Revision') ?? 0);
    } catch {
      return 0;
    }
  });
}

/** The name of the process that publishes; null: none. */
export async function publisherOf(client: RawClient): Promise<string | null> {
  const { kvs } = await client.range({ key: encodeUtf8('_conclave/feed/CONCLAVE') });
  const kv = kvs[0];
  return kv === undefined ? null : (toByteString(kv.value).split(' ')[0] ?? null);
}
