/**
 * Rebuilds one store from another's watch: every revision of the source becomes one transaction on the
 * target, so revisions, sub revisions, versions and leases come out the same and HashKV can be compared.
 *
 * It is a judge too: a revision that the watch skips, repeats or splits, or that lands on another
 * revision of the target, ends the feeding with an error that says which.
 */
import { type Event, EventType, type RequestOp, type WatchResponse } from '@conclave/wire';
import { RawCallError, RawClient, type RawWatch } from './raw-client.js';

/** Seconds; the target must never expire what the source still has. */
const LEASE_TTL = 1_000_000_000;
const RETRY_MS = 50;
const GRPC_FAILED_PRECONDITION = 9;
/** Revisions waiting for the target; above it, the source's stream is opened again later. */
const QUEUE_MAX = 100_000;

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

/** All events of one revision, in order. */
interface RevisionEvents {
  readonly revision: number;
  readonly events: readonly Event[];
}

export class WatchFeeder {
  readonly #target: RawClient;
  readonly #endpoints: readonly string[];
  readonly #leases = new Set<bigint>();
  readonly #waiters: Waiter[] = [];
  readonly #queue: RevisionEvents[] = [];
  #source: RawClient | null = null;
  #watch: RawWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #opened = 0;
  /** The last revision received from the source; 1 is a store at birth. */
  #received = 1;
  #applied = 1;
  #applying = false;
  #closed = false;
  #failure: Error | null = null;

  /** Watches one endpoint of `endpoints` at a time; the next one whenever a stream ends. */
  constructor(endpoints: readonly string[], target: RawClient) {
    this.#endpoints = endpoints;
    this.#target = target;
    this.#open();
  }

  /** The last revision that the target has. */
  get applied(): number {
    return this.#applied;
  }

  /** How often the watch was opened; 1 if nothing went wrong. */
  get opened(): number {
    return this.#opened;
  }

  get failure(): Error | null {
    return this.#failure;
  }

  /** Resolves once the target has `revision`; rejects if feeding failed. */
  async reached(revision: number, timeoutMs = 60_000): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#applied >= revision) return;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiters.push({ revision, resolve, reject });
        timer = setTimeout(() => {
          reject(
            new Error(
              `feeder: waited ${timeoutMs} ms for revision ${revision}; received ` +
                `${this.#received}, applied ${this.#applied}`,
            ),
          );
        }, timeoutMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#disconnect();
  }

  #open(): void {
    this.#timer = null;
    if (this.#closed || this.#failure !== null) return;
    if (this.#queue.length > QUEUE_MAX) {
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
      return;
    }
    const endpoint = this.#endpoints[this.#opened % this.#endpoints.length] as string;
    this.#opened++;
    const source = new RawClient(endpoint);
    this.#source = source;
    this.#watch = source.watch({
      response: (response) => this.#receive(response),
      end: () => this.#reopen(),
    });
    this.#watch.create({
      key: Uint8Array.of(0),
      rangeEnd: Uint8Array.of(0),
      startRevision: this.#received === 1 ? 1 : this.#received + 1,
    });
  }

  #reopen(): void {
    this.#disconnect();
    if (this.#closed || this.#failure !== null) return;
    this.#timer = setTimeout(() => this.#open(), RETRY_MS);
  }

  #disconnect(): void {
    this.#watch?.close();
    this.#source?.close();
    this.#watch = null;
    this.#source = null;
  }

  #receive(response: WatchResponse): void {
    if (response.compactRevision !== 0) {
      this.#fail(`the source compacted ${response.compactRevision} before it was fed`);
      return;
    }
    // A member that lost its leader cancels its watches; the next one goes on.
    if (response.canceled) {
      this.#reopen();
      return;
    }
    if (response.fragment) {
      this.#fail('a fragment, which was not asked for');
      return;
    }
    for (const group of byRevision(response.events)) {
      if (group.revision !== this.#received + 1) {
        this.#fail(`revision ${group.revision} came after revision ${this.#received}`);
        return;
      }
      this.#received = group.revision;
      this.#queue.push(group);
    }
    void this.#applyAll();
    if (this.#queue.length > QUEUE_MAX) this.#reopen();
  }

  async #applyAll(): Promise<void> {
    if (this.#applying) return;
    this.#applying = true;
    try {
      for (let at = 0; ;) {
        if (this.#closed || this.#failure !== null) return;
        const group = this.#queue[at];
        if (group === undefined) {
          this.#queue.length = 0;
          return;
        }
        await this.#apply(group);
        if (++at === 1_000) {
          this.#queue.splice(0, at);
          at = 0;
        }
      }
    } catch (error) {
      if (!this.#closed) this.#fail(error instanceof Error ? error.message : String(error));
    } finally {
      this.#applying = false;
    }
  }

  async #apply(group: RevisionEvents): Promise<void> {
    const success: RequestOp[] = [];
    for (const event of group.events) {
      if (event.kv === null) throw new Error(`an event of ${group.revision} without a key`);
      const { key, value, lease } = event.kv;
      if (event.type === EventType.DELETE) {
        const requestDeleteRange = { key, rangeEnd: new Uint8Array(0), prevKv: false };
        success.push({ request: { $case: 'requestDeleteRange', requestDeleteRange } });
        continue;
      }
      if (lease !== 0n) await this.#grant(lease);
      const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
      success.push({
        request: { $case: 'requestPut', requestPut: { key, value, lease, ...flags } },
      });
    }
    const answer = await this.#target.txn({ success });
    const landed = answer.header?.revision;
    if (landed !== group.revision) {
      throw new Error(`revision ${group.revision} landed on revision ${landed} of the target`);
    }
    this.#applied = group.revision;
    this.#wake();
  }

  async #grant(lease: bigint): Promise<void> {
    if (this.#leases.has(lease)) return;
    try {
      await this.#target.leaseGrant(lease, LEASE_TTL);
    } catch (error) {
      // Granted by an earlier feeder of the same target.
      const exists = error instanceof RawCallError && error.code === GRPC_FAILED_PRECONDITION;
      if (!exists) throw error;
    }
    this.#leases.add(lease);
  }

  #wake(): void {
    for (let i = this.#waiters.length - 1; i >= 0; i--) {
      const waiter = this.#waiters[i] as Waiter;
      if (waiter.revision > this.#applied) continue;
      this.#waiters.splice(i, 1);
      waiter.resolve();
    }
  }

  #fail(what: string): void {
    if (this.#failure !== null) return;
    const failure = new Error(`feeder: ${what}`);
    this.#failure = failure;
    this.#disconnect();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(failure);
  }
}

/** Consecutive events of one revision, together. */
function byRevision(events: readonly Event[]): RevisionEvents[] {
  const groups: { revision: number; events: Event[] }[] = [];
  for (const event of events) {
    const revision = event.kv?.modRevision ?? 0;
    const last = groups[groups.length - 1];
    if (last !== undefined && last.revision === revision) last.events.push(event);
    else groups.push({ revision, events: [event] });
  }
  return groups;
}
