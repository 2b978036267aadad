/**
 * A client that watches: opens a stream, creates watchers from the past, the present and the future,
 * reads slowly at times, and takes up what broke off where it broke off.
 */
import { type ClientCall, encodeUtf8 } from '@conclave/base';
import { FilterType, WatchCreateRequest, WatchRequest, WatchResponse } from '@conclave/wire';
import type { SimClient } from './client.js';
import type { WatchRecord } from './judges/history.js';
import { Method, prefixEnd } from './requests.js';

export interface WatchShape {
  readonly watchersMax: number;
  /** Chance per look that the reader stops reading for a while. */
  readonly stallChance: number;
  readonly stallMs: number;
}

/** A stream's life before the client goes elsewhere, at most. */
const STREAM_MS = 20_000;
const LOOK_MS = 250;

export class WatchClient {
  readonly #client: SimClient;
  readonly #shape: WatchShape;
  readonly #records: WatchRecord[];
  /** The highest revision it knows of, as a start for the next. */
  #revision = 1;
  #stream: Stream | null = null;
  #count = 0;

  constructor(client: SimClient, shape: WatchShape, records: WatchRecord[]) {
    this.#client = client;
    this.#shape = shape;
    this.#records = records;
    this.#begin();
  }

  /** The run is ending: reads on, opens nothing more. */
  settle(): void {
    this.#stream?.resume();
  }

  #begin(): void {
    const { random, host } = this.#client;
    host.after(random.below(500), () => {
      if (this.#client.world.isEnding) return;
      this.#client.connect(() => this.#open());
    });
  }

  #open(): void {
    const { random, host, world } = this.#client;
    const creates: WatchCreateRequest[] = [];
    const before = this.#stream;
    for (let n = 1 + random.below(this.#shape.watchersMax); n > 0; n--) {
      creates.push(before?.resumeOf() ?? this.#drawCreate());
    }
    const name = `${host.name} stream ${++this.#count}`;
    const stream = new Stream(this.#client, name, creates, this.#records, (revision) => {
      this.#revision = Math.max(this.#revision, revision);
    });
    this.#stream = stream;
    if (!stream.isOpen) {
      world.coverage.count('watch failed');
      return this.#begin();
    }
    const endMs = world.nowMs + 1_000 + random.below(STREAM_MS);
    const look = (): void => {
      if (this.#stream !== stream) return;
      if (!stream.isOpen) {
        world.coverage.count(`watch ended ${stream.endText}`);
        return this.#begin();
      }
      if (world.isEnding) return stream.resume();
      if (world.nowMs >= endMs) {
        stream.close();
        if (random.chance(0.3)) this.#client.disconnect();
        return this.#begin();
      }
      if (random.chance(this.#shape.stallChance)) {
        stream.pause();
        if (random.chance(0.5)) host.after(random.below(1_000), () => stream.progress());
        host.after(random.below(this.#shape.stallMs), () => stream.resume());
      }
      if (random.chance(0.05)) stream.progress();
      if (random.chance(0.02)) stream.cancelOne();
      host.after(LOOK_MS, look);
    };
    host.after(LOOK_MS, look);
  }

  #drawCreate(): WatchCreateRequest {
    const { random } = this.#client;
    const isPrefix = random.chance(0.7);
    const prefix = random.pick(['r/', 'n/', 'u/', 'l/', 'lock/']);
    const key = isPrefix ? prefix : `r/${random.below(4)}`;
    const filters: FilterType[] = [];
    if (random.chance(0.1)) filters.push(FilterType.NOPUT);
    else if (random.chance(0.1)) filters.push(FilterType.NODELETE);
    const { compacted } = this.#client.world.hints;
    const isEdge = compacted > 0 && random.chance(0.3);
    const revision = isEdge ? compacted : this.#revision + random.below(200) - 100;
    return WatchCreateRequest.create({
      key: encodeUtf8(key),
      rangeEnd: isPrefix ? prefixEnd(key) : new Uint8Array(0),
      startRevision: random.chance(0.4) ? 0 : Math.max(1, revision),
      progressNotify: random.chance(0.3),
      prevKv: random.chance(0.4),
      fragment: random.chance(0.3),
      filters,
    });
  }
}

class Stream {
  readonly #client: SimClient;
  readonly #records = new Map<number, WatchRecord>();
  /** In the order of their creates: the answers come in that order. */
  readonly #waiting: WatchRecord[] = [];
  readonly #seen: (revision: number) => void;
  /** Responses being put together, by watcher. */
  readonly #next = new Map<WatchRecord, number>();
  #call: ClientCall | null = null;
  endText = '';

  constructor(
    client: SimClient,
    name: string,
    creates: readonly WatchCreateRequest[],
    records: WatchRecord[],
    seen: (revision: number) => void,
  ) {
    this.#client = client;
    this.#seen = seen;
    const isStrict = client.random.chance(0.2);
    const metadata = new Map(isStrict ? [['hasleader', 'true']] : []);
    this.#call = client.open(
      Method.WATCH,
      null,
      {
        message: (bytes) => this.#response(WatchResponse.decode(bytes)),
        ended: (code, message) => this.#ended(`${code} ${message}`),
        drained: () => undefined,
      },
      metadata,
    );
    creates.forEach((create, i) => {
      const record: WatchRecord = {
        name: `${name} watcher ${i}`,
        create,
        createdRevision: 0,
        responses: [],
        state: 'open',
      };
      records.push(record);
      this.#waiting.push(record);
      const request = { $case: 'createRequest', createRequest: create } as const;
      this.#call?.send(WatchRequest.encode({ requestUnion: request }));
    });
    if (this.#call === null) this.#ended('not connected');
  }

  get isOpen(): boolean {
    return this.#call !== null;
  }

  /** A create that goes on behind the last response of a watcher that was lost; null: there is none. */
  resumeOf(): WatchCreateRequest | null {
    const lost = [...this.#records.values()].find((r) => r.state === 'lost');
    if (lost === undefined) return null;
    const id = [...this.#records].find(([, r]) => r === lost)?.[0] as number;
    this.#records.delete(id);
    const next = this.#next.get(lost);
    if (next === undefined) return null;
    return { ...lost.create, startRevision: next, watchId: 0 };
  }

  pause(): void {
    this.#call?.pauseInput();
  }

  resume(): void {
    this.#call?.resumeInput();
  }

  progress(): void {
    const request = { $case: 'progressRequest', progressRequest: {} } as const;
    this.#call?.send(WatchRequest.encode({ requestUnion: request }));
  }

  cancelOne(): void {
    const [watchId] = this.#records.keys();
    if (watchId === undefined) return;
    const request = { $case: 'cancelRequest', cancelRequest: { watchId } } as const;
    this.#call?.send(WatchRequest.encode({ requestUnion: request }));
  }

  close(): void {
    this.#call?.cancel();
    this.#ended('closed');
  }

  #ended(text: string): void {
    if (this.endText === '') this.endText = text;
    this.#call = null;
    for (const record of [...this.#records.values(), ...this.#waiting]) {
      if (record.state === 'open') record.state = 'lost';
    }
  }

  #response(response: WatchResponse): void {
    const { world, host } = this.#client;
    const revision = response.header?.revision ?? 0;
    this.#seen(revision);
    world.trace.mix(revision);
    world.trace.mix(response.events.length);
    if (world.trace.isOn) {
      const { watchId, created, canceled, fragment, events } = response;
      const marks = `${created ? ' created' : ''}${canceled ? ' canceled' : ''}${fragment ? ' part' : ''}`;
      const first = events[0]?.kv?.modRevision ?? '';
      const last = events.at(-1)?.kv?.modRevision ?? '';
      const text = `watch ${watchId}${marks} at ${revision}, ${events.length} events ${first}-${last}`;
      world.trace.line(host.name, text);
    }
    if (response.created) return this.#created(response, revision);
    if (response.watchId === -1) {
      // Progress of the whole stream.
      world.coverage.count('watch progress of all');
      for (const record of this.#records.values()) this.#take(record, response);
      return;
    }
    const record = this.#records.get(response.watchId);
    if (record !== undefined) this.#take(record, response);
  }

  #created(response: WatchResponse, revision: number): void {
    const record = this.#waiting.shift();
    if (record === undefined) return;
    if (response.canceled) {
      record.state = 'canceled';
      this.#client.world.coverage.count('watch refused');
      return;
    }
    record.createdRevision = revision;
    this.#records.set(response.watchId, record);
    const { startRevision } = record.create;
    const kind = startRevision === 0 ? 'now' : startRevision > revision ? 'future' : 'past';
    this.#client.world.coverage.count(`watch from ${kind}`);
    this.#next.set(record, startRevision === 0 ? revision + 1 : startRevision);
  }

  #take(record: WatchRecord, response: WatchResponse): void {
    if (record.state !== 'open') return;
    record.responses.push(response);
    const { coverage } = this.#client.world;
    if (response.canceled) {
      record.state = 'canceled';
      coverage.count(response.compactRevision > 0 ? 'watch compacted' : 'watch canceled');
      return;
    }
    if (response.fragment) {
      coverage.count('watch fragment');
      return;
    }
    const last = response.events.at(-1)?.kv?.modRevision;
    if (last !== undefined) {
      coverage.count('watch events');
      this.#next.set(record, last + 1);
    } else if (response.watchId !== -1) coverage.count('watch progress');
  }
}
