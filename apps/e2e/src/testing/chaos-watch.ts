/** A watch of the whole store that feeds the judge, and opens again where it stopped. */
import { decodeUtf8 } from '@conclave/base';
import { type Event, EventType, type WatchResponse } from '@conclave/wire';
import type { HistoryJudge, SeenEvent } from './judges-history.js';
import { RawClient, type RawWatch } from './raw-client.js';

const ALL = Uint8Array.of(0);
const REOPEN_MS = 50;

export class JudgedWatch {
  readonly name: string;
  /** The last revision shown. */
  revision: number;
  opened = 0;
  /** Why it cannot go on; null: it can. */
  fault: string | null = null;
  readonly #judge: HistoryJudge;
  readonly #client: RawClient;
  #watch: RawWatch | null = null;
  #closed = false;

  /** Watches what comes behind `revision`. */
  constructor(name: string, endpoint: string, judge: HistoryJudge, revision: number) {
    this.name = name;
    this.revision = revision;
    this.#judge = judge;
    this.#client = new RawClient(endpoint);
    this.#open();
  }

  #open(): void {
    if (this.#closed || this.fault !== null) return;
    this.opened++;
    this.#watch = this.#client.watch({
      response: (response) => this.#response(response),
      end: () => {
        if (!this.#closed) setTimeout(() => this.#open(), REOPEN_MS);
      },
    });
    this.#watch.create({ key: ALL, rangeEnd: ALL, startRevision: this.revision + 1 });
  }

  #response(response: WatchResponse): void {
    if (response.canceled) {
      if (response.compactRevision !== 0) this.fault = `compacted at ${response.compactRevision}`;
      this.#watch?.close();
      if (!this.#closed) setTimeout(() => this.#open(), REOPEN_MS);
      return;
    }
    const nowMs = performance.now();
    let group: SeenEvent[] = [];
    let at = 0;
    for (const event of response.events) {
      const revision = event.kv?.modRevision ?? 0;
      if (revision !== at) this.#group(at, group, nowMs);
      if (revision !== at) group = [];
      at = revision;
      group.push(seenEvent(event));
    }
    this.#group(at, group, nowMs);
  }

  #group(revision: number, events: readonly SeenEvent[], nowMs: number): void {
    if (events.length === 0) return;
    if (revision !== this.revision + 1) {
      this.fault ??= `revision ${revision} after ${this.revision}`;
    }
    this.revision = revision;
    this.#judge.events(this.name, revision, events, nowMs);
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#client.close();
  }
}

function seenEvent({ type, kv }: Event): SeenEvent {
  const isDelete = type === EventType.DELETE;
  return {
    key: kv === null ? '' : decodeUtf8(kv.key),
    value: kv === null || isDelete ? null : decodeUtf8(kv.value),
    version: kv?.version ?? 0,
    createRevision: kv?.createRevision ?? 0,
  };
}
