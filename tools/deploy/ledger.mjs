// What was acknowledged: writers through all gateways with a stock client (npm `etcd3`), who note each key
// once its put was answered, and the check that every one of them is there.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const WRITERS_PER_GATEWAY = 4;
const PAUSE_MS = 10;
const PAGE = 1000;

export class Ledger {
  /** Values by key, of acknowledged puts only. */
  acknowledged = new Map();
  failures = 0;
  /** Longest time in milliseconds between two answers, since `mark`. */
  longestGap = 0;
  #clients;
  #running = null;
  #isStopping = false;
  #next = 0;
  #lastAnswer = 0;

  constructor(endpoints) {
    const { Etcd3 } = require('etcd3');
    this.#clients = endpoints.map(
      (host) =>
        new Etcd3({ hosts: `http://${host}`, dialTimeout: 2000, faultHandling: { retry: 0 } }),
    );
  }

  start() {
    this.#isStopping = false;
    this.mark();
    this.#running = Promise.all(
      this.#clients.flatMap((client, gateway) =>
        Array.from({ length: WRITERS_PER_GATEWAY }, () => this.#write(client, gateway)),
      ),
    );
  }

  /** Begins a new measurement of the longest gap. */
  mark() {
    this.longestGap = 0;
    this.#lastAnswer = Date.now();
  }

  async stop() {
    this.#isStopping = true;
    await this.#running;
  }

  close() {
    for (const client of this.#clients) client.close();
  }

  /** Resolves when `count` more puts have been acknowledged. */
  async more(count, seconds) {
    const goal = this.acknowledged.size + count;
    const end = Date.now() + seconds * 1000;
    while (this.acknowledged.size < goal) {
      if (Date.now() > end) {
        throw new Error(
          `${count} writes were not acknowledged within ${seconds} s; ` +
            `${this.acknowledged.size - goal + count} were`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Throws unless every acknowledged key is there with its value, read through `client`. */
  async check(what) {
    // Writers go on: what is acknowledged while this reads is judged by the next check.
    const expected = [...this.acknowledged];
    for (const client of this.#clients) {
      const there = await readAll(client);
      const lost = expected.filter(([key, value]) => there.get(key) !== value);
      if (lost.length > 0) {
        throw new Error(
          `${what}: ${lost.length} acknowledged writes are lost, first ${lost[0][0]}`,
        );
      }
    }
    console.log(`  ${what}: all ${expected.length} acknowledged writes are there`);
  }

  async #write(client, gateway) {
    while (!this.#isStopping) {
      const n = this.#next++;
      const key = `deploy/${gateway}/${String(n).padStart(8, '0')}`;
      const value = `value ${n}`;
      try {
        await client.put(key).value(value);
        this.acknowledged.set(key, value);
        const now = Date.now();
        this.longestGap = Math.max(this.longestGap, now - this.#lastAnswer);
        this.#lastAnswer = now;
      } catch {
        this.failures++;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** All keys below `deploy/`, in pages. */
async function readAll(client) {
  const there = new Map();
  let from = 'deploy/';
  for (;;) {
    const page = await client.getAll().inRange({ start: from, end: 'deploy0' }).limit(PAGE).exec();
    for (const kv of page.kvs) there.set(kv.key.toString(), kv.value.toString());
    if (!page.more) return there;
    from = `${page.kvs[page.kvs.length - 1].key.toString()}\0`;
  }
}
