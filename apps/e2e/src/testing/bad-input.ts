/**
 * One row of a table of bad inputs: a question, and the exact answer to it; and the words in which KV
 * rows are written.
 */
import { encodeUtf8 } from '@conclave/base';
import type { PutRequest, TxnRequest } from '@conclave/wire';
import { RawClient } from './raw-client.js';
import { type Outcome, type World, type Worlds, outcomeOf } from './worlds.js';

export const OPS_MAX = 128;
export const REQUEST_BYTES_MAX = 1_572_864;
export const INT64_MAX = 2n ** 63n - 1n;

/** Reads all the while, and is not to notice. */
export class Bystander {
  readonly tookMs: number[] = [];
  readonly #clients: RawClient[];
  readonly #loops: Promise<void>[];
  #running = true;

  constructor(ours: readonly World[]) {
    this.#clients = ours.map((world) => new RawClient(world.client.endpoint));
    this.#loops = this.#clients.map((client) => this.#loop(client));
  }

  async #loop(client: RawClient): Promise<void> {
    while (this.#running) {
      const startMs = performance.now();
      await client.range({ key: encodeUtf8('warm') });
      this.tookMs.push(performance.now() - startMs);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    for (const client of this.#clients) client.close();
  }
}

export type Ask = (world: World) => Promise<unknown>;

export interface Row {
  readonly what: string;
  readonly ask: Ask;
  readonly expected: Outcome;
  /** What etcd 3.4.23 answers instead; null: it is not asked. */
  readonly etcd?: Outcome | null;
}

export const put = (fields: Partial<PutRequest>): Ask => {
  return (world) => world.client.put(fields);
};
export const range = (fields: Parameters<RawClient['range']>[0]): Ask => {
  return (world) => world.client.range(fields);
};
export const del = (fields: Parameters<RawClient['deleteRange']>[0]): Ask => {
  return (world) => world.client.deleteRange(fields);
};
export const txn = (fields: Partial<TxnRequest>): Ask => {
  return (world) => world.client.txn(fields);
};
export const bytes = (method: { path: string }, body: Uint8Array): Ask => {
  return async (world) => {
    const answer = await world.client.callBytes(method.path, body);
    return { bytes: answer.length > 0 };
  };
};

export const INVALID = 3;
export const NOT_FOUND = 5;
export const EXHAUSTED = 8;
export const OUT_OF_RANGE = 11;
export const INTERNAL = 13;
export const NO_KEY = { code: INVALID, text: 'etcdserver: key is not provided' };
export const TOO_LARGE = { code: INVALID, text: 'etcdserver: request is too large' };
export const DUPLICATE = { code: INVALID, text: 'etcdserver: duplicate key given in txn request' };
export const TOO_MANY = { code: INVALID, text: 'etcdserver: too many operations in txn request' };
export const COMPACTED = {
  code: OUT_OF_RANGE,
  text: 'etcdserver: mvcc: required revision has been compacted',
};
export const FUTURE = {
  code: OUT_OF_RANGE,
  text: 'etcdserver: mvcc: required revision is a future revision',
};
export const BAD_SORT = { code: INVALID, text: 'etcdserver: invalid sort option' };
export const LEASE_UNKNOWN = { code: NOT_FOUND, text: 'etcdserver: requested lease not found' };
export const undecodable = (why: string | RegExp): Outcome => ({
  code: INTERNAL,
  text: typeof why === 'string' ? `grpc: error unmarshalling request: ${why}` : why,
});

export interface Compared {
  readonly world: string;
  readonly got: Outcome;
  readonly wanted: Outcome;
}

/** Asks every world that is to be asked, one after the other. A text that matches counts as equal. */
export async function answers(worlds: Worlds, row: Row): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const world of worlds.all) {
    const isEtcd = world.name === 'etcd';
    const expected = isEtcd && row.etcd !== undefined ? row.etcd : row.expected;
    if (expected === null) continue;
    const got = await outcomeOf(row.ask(world));
    let wanted = expected;
    if ('text' in expected && expected.text instanceof RegExp) {
      const matches = 'text' in got && typeof got.text === 'string' && expected.text.test(got.text);
      if (matches) wanted = { code: expected.code, text: got.text };
    }
    compared.push({ world: world.name, got, wanted });
  }
  return compared;
}
