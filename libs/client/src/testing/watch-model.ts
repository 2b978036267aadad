/**
 * Model members that serve watches by etcd's rules, from one history that each member has up to its
 * own revision. Batches, fragments and the moment of each response are drawn from the seed.
 */
import { assert } from '@conclave/base';
import {
  Event,
  EventType,
  KeyValue,
  ResponseHeader,
  WatchRequest,
  WatchResponse,
  type WatchCreateRequest,
} from '@conclave/wire';
import type { FakeMember, MemberCall, MemberService, World } from './sim.js';

interface ServedWatcher {
  readonly id: number;
  readonly create: WatchCreateRequest;
  next: number;
}

/** Events of a revision are `revision * 1000 + 0, 1, ...`; that number is the event's key. */
export class WatchModel implements MemberService {
  /** Number of events of each revision; index is the revision, the first is 2. */
  readonly history: number[] = [0, 0];
  /** How far each member has applied. */
  readonly applied = new Map<bigint, number>();
  compacted = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get revision(): number {
    return this.history.length - 1;
  }

  commit(events: number): void {
    this.history.push(events);
  }

  appliedAt(member: FakeMember): number {
    return Math.min(this.revision, this.applied.get(member.id) ?? this.revision);
  }

  open(member: FakeMember, call: MemberCall): void {
    new ServedStream(this.#world, this, member, call).poll();
  }
}

class ServedStream {
  readonly #world: World;
  readonly #model: WatchModel;
  readonly #member: FakeMember;
  readonly #call: MemberCall;
  readonly #watchers = new Map<number, ServedWatcher>();
  #nextId = 0;
  #closed = false;
  #progressWanted = 0;

  constructor(world: World, model: WatchModel, member: FakeMember, call: MemberCall) {
    this.#world = world;
    this.#model = model;
    this.#member = member;
    this.#call = call;
    call.onMessage = (bytes) => this.#request(WatchRequest.decode(bytes));
    call.onCancel = () => {
      this.#closed = true;
    };
  }

  #send(fields: Partial<WatchResponse>, revision: number): void {
    const header = ResponseHeader.create({
      clusterId: 5n,
      memberId: this.#member.id,
      revision,
      raftTerm: 2,
    });
    this.#call.send(WatchResponse.encode(WatchResponse.create({ header, ...fields })));
  }

  #request(message: WatchRequest): void {
    const request = message.requestUnion;
    if (request === null) return;
    const now = this.#model.appliedAt(this.#member);
    switch (request.$case) {
      case 'createRequest':
        return this.#create(request.createRequest, now);
      case 'cancelRequest': {
        const id = request.cancelRequest.watchId;
        if (this.#watchers.delete(id)) this.#send({ watchId: id, canceled: true }, now);
        return;
      }
      default:
        this.#progressWanted++;
    }
  }

  #create(create: WatchCreateRequest, now: number): void {
    const refuse = (cancelReason: string): void => {
      this.#send({ watchId: -1, created: true, canceled: true, cancelReason }, now);
    };
    if (create.key.length === 1 && create.key[0] === 0xff) {
      return refuse('mvcc: watcher range is empty');
    }
    let id = create.watchId;
    if (id === 0) {
      while (this.#watchers.has(this.#nextId)) this.#nextId++;
      id = this.#nextId++;
    } else if (this.#watchers.has(id)) {
      return refuse('mvcc: duplicate watch ID provided on the WatchStream');
    }
    this.#send({ watchId: id, created: true }, now);
    const next = create.startRevision === 0 ? now + 1 : create.startRevision;
    if (next < this.#model.compacted) {
      this.#send({ watchId: id, canceled: true, compactRevision: this.#model.compacted }, 0);
      return;
    }
    this.#watchers.set(id, { id, create, next });
  }

  poll(): void {
    if (this.#closed || !this.#call.isOpen) return;
    const now = this.#model.appliedAt(this.#member);
    for (const watcher of this.#watchers.values()) this.#feed(watcher, now);
    const synced = [...this.#watchers.values()].every((w) => w.next === now + 1);
    if (this.#progressWanted > 0 && synced && this.#watchers.size > 0) {
      this.#progressWanted--;
      this.#send({ watchId: -1 }, now);
    }
    this.#world.after(this.#world.between(2, 30), () => this.poll());
  }

  #feed(watcher: ServedWatcher, now: number): void {
    if (watcher.next > now) return;
    const hi = Math.min(now, watcher.next + this.#world.random.below(4));
    const events: Event[] = [];
    for (let r = watcher.next; r <= hi; r++) {
      for (let i = 0; i < (this.#model.history[r] as number); i++) {
        const kv = KeyValue.create({ key: Uint8Array.of(i), modRevision: r });
        events.push(Event.create({ type: EventType.PUT, kv }));
      }
    }
    watcher.next = hi + 1;
    if (events.length === 0) return;
    // A batch of history carries the store's revision, a live one that of its events.
    const revision = hi === now ? now : this.#world.random.chance(0.5) ? now : hi;
    const piece = watcher.create.fragment ? this.#world.between(1, 3) : events.length;
    for (let at = 0; at < events.length; at += piece) {
      const fragment = at + piece < events.length;
      const part = events.slice(at, at + piece);
      this.#send({ watchId: watcher.id, fragment, events: part }, revision);
    }
  }
}

/** A client that puts responses together as etcd's Go client does, and checks what it sees. */
export class WatchObserver {
  /** Keys seen of each watcher, as `revision.index`. */
  readonly seen = new Map<number, string[]>();
  readonly created: number[] = [];
  readonly canceled = new Map<number, WatchResponse>();
  readonly refused: string[] = [];
  progress: number[] = [];
  #current: WatchResponse | null = null;
  #isOpen = false;

  take(bytes: Uint8Array): void {
    const r = WatchResponse.decode(bytes);
    if (this.#isOpen) {
      // Pieces come back to back; only a cancellation may cut a group short.
      if (r.canceled) this.#isOpen = false;
      else {
        assert(!r.created && r.watchId === this.#current?.watchId, 'pieces come back to back');
        this.#current?.events.push(...r.events);
        this.#isOpen = r.fragment;
        if (!r.fragment) this.#complete(this.#current as WatchResponse);
        return;
      }
    }
    if (r.created && r.canceled) this.refused.push(r.cancelReason);
    else if (r.created) {
      assert(!this.seen.has(r.watchId), 'created once');
      this.created.push(r.watchId);
      this.seen.set(r.watchId, []);
    } else if (r.canceled) this.canceled.set(r.watchId, r);
    else if (r.fragment) {
      this.#current = r;
      this.#isOpen = true;
    } else this.#complete(r);
  }

  #complete(r: WatchResponse): void {
    if (r.events.length === 0) {
      const revision = r.header?.revision ?? 0;
      assert(revision >= (this.progress.at(-1) ?? 0), 'progress never falls');
      this.progress.push(revision);
      return;
    }
    const seen = this.seen.get(r.watchId);
    assert(seen !== undefined, 'events only of a created watcher');
    for (const event of r.events) seen.push(`${event.kv?.modRevision}.${event.kv?.key[0]}`);
  }

  /** Highest revision of which this watcher has events. */
  last(id: number): number {
    return Number((this.seen.get(id)?.at(-1) ?? '0').split('.')[0]);
  }
}

/** All events of `[from, to]` as an observer writes them. */
export function expected(model: WatchModel, from: number, to = model.revision): string[] {
  const out: string[] = [];
  for (let r = Math.max(from, 2); r <= to; r++) {
    for (let i = 0; i < (model.history[r] as number); i++) out.push(`${r}.${i}`);
  }
  return out;
}
