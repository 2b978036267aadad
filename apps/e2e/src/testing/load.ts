/**
 * Load that can be judged: writers whose every acknowledged write must be there exactly once, counters
 * that must end at the number of acknowledged increments, and watchers that must see every revision.
 */
import { decodeUtf8, encodeUtf8 } from '@conclave/base';
import { CompareResult, CompareTarget } from '@conclave/wire';
import { RawClient, type RawCallError, type RawWatch } from './raw-client.js';

const PAUSE_MS = 2;
/** After a failed call: its gateway may be dead, and refusals come fast. */
const FAILED_PAUSE_MS = 50;
const ALL = Uint8Array.of(0);

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export interface Failure {
  readonly what: string;
  readonly error: string;
  readonly tookMs: number;
}

/** Writes keys of its own, each once, one after the other. */
export class Writer {
  readonly prefix: string;
  /** Key to revision, of every acknowledged write. */
  readonly acknowledged = new Map<string, number>();
  readonly failures: Failure[] = [];
  /** Start and end (ms) of the acknowledged writes since they were last looked at. */
  recent: { readonly startMs: number; readonly endMs: number }[] = [];
  readonly #client: RawClient;
  #running = true;
  #done: Promise<void> = Promise.resolve();
  #sequence = 0;

  constructor(prefix: string, endpoint: string) {
    this.prefix = prefix;
    this.#client = new RawClient(endpoint);
  }

  start(): this {
    this.#done = this.#loop();
    return this;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const key = `${this.prefix}/${String(this.#sequence++).padStart(7, '0')}`;
      const startMs = performance.now();
      try {
        const answer = await this.#client.put({
          key: encodeUtf8(key),
          value: encodeUtf8(`value of ${key}`),
        });
        this.acknowledged.set(key, answer.header?.revision ?? 0);
        this.recent.push({ startMs, endMs: performance.now() });
      } catch (error) {
        const tookMs = performance.now() - startMs;
        this.failures.push({ what: `put ${key}`, error: String(error), tookMs });
        await pause(FAILED_PAUSE_MS);
      }
      await pause(PAUSE_MS);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#client.close();
  }
}

/** Raises one counter by compare-and-set; several may raise the same one. */
export class Incrementer {
  readonly key: string;
  acknowledged = 0;
  /** Outcomes nobody knows: each may have raised the counter once. */
  unknown = 0;
  readonly failures: Failure[] = [];
  readonly #client: RawClient;
  #running = true;
  #done: Promise<void> = Promise.resolve();

  constructor(key: string, endpoint: string) {
    this.key = key;
    this.#client = new RawClient(endpoint);
  }

  start(): this {
    this.#done = this.#loop();
    return this;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      let proposed = false;
      const startMs = performance.now();
      try {
        const kv = (await this.#client.range({ key: encodeUtf8(this.key) })).kvs[0];
        const next = kv === undefined ? 1 : Number(decodeUtf8(kv.value)) + 1;
        proposed = true;
        const answer = await this.#client.txn({
          compare: [
            {
              result: CompareResult.EQUAL,
              target: CompareTarget.MOD,
              key: encodeUtf8(this.key),
              rangeEnd: new Uint8Array(0),
              targetUnion: { $case: 'modRevision', modRevision: kv?.modRevision ?? 0 },
            },
          ],
          success: [
            {
              request: {
                $case: 'requestPut',
                requestPut: {
                  key: encodeUtf8(this.key),
                  value: encodeUtf8(String(next)),
                  lease: 0n,
                  prevKv: false,
                  ignoreValue: false,
                  ignoreLease: false,
                },
              },
            },
          ],
        });
        if (answer.succeeded) this.acknowledged++;
      } catch (error) {
        if (proposed) this.unknown++;
        const tookMs = performance.now() - startMs;
        this.failures.push({ what: `increment ${this.key}`, error: String(error), tookMs });
        await pause(FAILED_PAUSE_MS);
      }
      await pause(PAUSE_MS);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#client.close();
  }
}

/**
 * Watches the whole store from a revision on and judges as it goes: every revision once, in order, whole.
 * When a stream ends it goes on behind the last one received, as a client would.
 */
export class FullWatcher {
  readonly endpoint: string;
  /** The last revision received. */
  revision: number;
  events = 0;
  opened = 0;
  fault: string | null = null;
  #client: RawClient;
  #watch: RawWatch | null = null;
  #closed = false;

  /** Watches what comes behind `revision`. */
  constructor(endpoint: string, revision = 1) {
    this.endpoint = endpoint;
    this.revision = revision;
    this.#client = new RawClient(endpoint);
    this.#open();
  }

  #open(): void {
    if (this.#closed || this.fault !== null) return;
    this.opened++;
    this.#watch = this.#client.watch({
      response: (response) => {
        if (response.canceled) this.fault = `canceled: ${response.cancelReason}`;
        let inThis = 0;
        for (const event of response.events) {
          const at = event.kv?.modRevision ?? 0;
          if (at === inThis) {
            this.events++;
            continue;
          }
          inThis = at;
          if (at !== this.revision + 1) {
            this.fault ??= `revision ${at} after ${this.revision}`;
          }
          this.revision = at;
          this.events++;
        }
      },
      end: (_error: RawCallError | null) => {
        if (!this.#closed) setTimeout(() => this.#open(), 50);
      },
    });
    this.#watch.create({ key: ALL, rangeEnd: ALL, startRevision: this.revision + 1 });
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#client.close();
  }
}

/** What is wrong with the acknowledged writes of a writer as the store shows them now. */
export async function missingWrites(client: RawClient, writer: Writer): Promise<string[]> {
  const acknowledged = [...writer.acknowledged];
  const answer = await client.range({
    key: encodeUtf8(`${writer.prefix}/`),
    rangeEnd: encodeUtf8(`${writer.prefix}0`),
  });
  const found = new Map(answer.kvs.map((kv) => [decodeUtf8(kv.key), kv]));
  const faults: string[] = [];
  for (const [key, revision] of acknowledged) {
    const kv = found.get(key);
    if (kv === undefined) faults.push(`${key} is lost`);
    else if (kv.version !== 1) faults.push(`${key} was applied ${kv.version} times`);
    else if (kv.modRevision !== revision) {
      faults.push(`${key} is at ${kv.modRevision}, acknowledged at ${revision}`);
    } else if (decodeUtf8(kv.value) !== `value of ${key}`) faults.push(`${key} has a wrong value`);
  }
  return faults;
}

/** The value of a counter; 0 if it was never raised. */
export async function counterValue(client: RawClient, key: string): Promise<number> {
  const kv = (await client.range({ key: encodeUtf8(key) })).kvs[0];
  return kv === undefined ? 0 : Number(decodeUtf8(kv.value));
}

/** HashKV of each client at one revision; waits for those that are behind. */
export async function hashesAt(
  clients: readonly RawClient[],
  revision: number,
  timeoutMs = 20_000,
): Promise<number[]> {
  const deadline = Date.now() + timeoutMs;
  return Promise.all(
    clients.map(async (client) => {
      for (;;) {
        try {
          return (await client.hashKv(revision)).hash;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await pause(50);
        }
      }
    }),
  );
}

/** The value below which `share` of the sorted numbers lie. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}
