/**
 * A world for the router: model members behind links that can be cut, slowed and silenced, driven by
 * one seed and one clock. For tests; pure like the router itself.
 *
 * The members share one log: what is proposed at any of them is applied once per proposal, in order,
 * by the session rule of the design (kept answers per sequence, a mark that only rises). Proposals
 * may come late or twice, answers may be lost: everything a real cluster may do to a gateway.
 */
import {
  type Channel,
  type ClientCall,
  type ClientCallEvents,
  type EndOrigin,
  EMPTY_METADATA,
  type Metadata,
  NO_PROBE,
  Random,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  assert,
} from '@conclave/base';
import { DEFAULT_ROUTER_OPTIONS, type RouterOptions } from '../options.js';
import { Router } from '../router.js';

interface Task {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** Time and chance. */
export class World {
  readonly random: Random;
  nowMs = 10_000;
  #sequence = 0;
  readonly #tasks: Task[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  after(ms: number, run: () => void): void {
    const task = { atMs: this.nowMs + ms, sequence: this.#sequence++, run };
    let at = this.#tasks.length;
    while (at > 0 && (this.#tasks[at - 1] as Task).atMs > task.atMs) at--;
    this.#tasks.splice(at, 0, task);
  }

  /** Runs everything of the next `ms`. */
  run(ms: number): void {
    const end = this.nowMs + ms;
    for (let n = 0; ; n++) {
      assert(n < 5_000_000, 'World.run: it ends');
      const next = this.#tasks[0];
      if (next === undefined || next.atMs > end) break;
      this.#tasks.shift();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = end;
  }

  between(lo: number, hi: number): number {
    return lo + this.random.below(hi - lo + 1);
  }
}

/** What a model member does with one call. */
export interface MemberService {
  open(member: FakeMember, call: MemberCall): void;
}

/** The member's end of a call. */
export class MemberCall {
  readonly method: string;
  readonly metadata: Metadata;
  onMessage: (bytes: Uint8Array) => void = () => {};
  onHalfClose: () => void = () => {};
  onCancel: () => void = () => {};
  readonly #world: World;
  readonly #member: FakeMember;
  #events: ClientCallEvents | null;
  readonly #leftMs: number;
  #hasLeft = true;
  #isMute = false;
  #up: number;
  #down: number;

  constructor(
    world: World,
    member: FakeMember,
    method: string,
    metadata: Metadata,
    events: ClientCallEvents,
  ) {
    this.#world = world;
    this.#member = member;
    this.method = method;
    this.metadata = metadata;
    this.#events = events;
    this.#leftMs = world.nowMs + 1;
    this.#up = world.nowMs;
    this.#down = world.nowMs;
  }

  get isOpen(): boolean {
    return this.#events !== null;
  }

  /** Requests reach the member in order, each after the delay of the link. */
  toMember(run: () => void): void {
    this.#up = Math.max(this.#up, this.#world.nowMs + this.#member.delayMs());
    // What was cut off before it left never arrives; what left arrives even if the link is cut.
    this.#world.after(this.#up - this.#world.nowMs, () => this.#hasLeft && run());
  }

  send(bytes: Uint8Array): void {
    this.#toClient((events) => events.message(bytes));
  }

  end(code: StatusCode, message: string): void {
    this.#toClient((events) => {
      this.close();
      events.ended(code, message, 'handler');
    });
  }

  #toClient(run: (events: ClientCallEvents) => void): void {
    this.#down = Math.max(this.#down, this.#world.nowMs + this.#member.delayMs());
    this.#world.after(this.#down - this.#world.nowMs, () => {
      // What a silent member loses it loses for good, with all that comes behind it.
      if (this.#member.isSilent) this.#isMute = true;
      if (this.#events !== null && !this.#isMute) run(this.#events);
    });
  }

  cut(): void {
    const events = this.#events;
    if (events === null) return;
    const origin: EndOrigin = this.#world.nowMs < this.#leftMs ? 'unsent' : 'lost';
    this.close();
    this.onCancel();
    events.ended(Status.UNAVAILABLE, 'link lost', origin);
  }

  close(): void {
    if (this.#world.nowMs < this.#leftMs) this.#hasLeft = false;
    this.#events = null;
    this.#member.calls.delete(this);
  }
}

export class FakeMember implements Channel {
  readonly id: bigint;
  readonly calls = new Set<MemberCall>();
  /** Knows a leader and can reach a quorum. */
  hasQuorum = true;
  /** Cut off without a sign: neither reports nor answers arrive. */
  isSilent = false;
  delayMaxMs = 10;
  linkId = -1;
  readonly #world: World;
  readonly #service: MemberService;

  constructor(world: World, id: bigint, service: MemberService) {
    this.#world = world;
    this.id = id;
    this.#service = service;
  }

  delayMs(): number {
    return 1 + this.#world.random.below(this.delayMaxMs);
  }

  open(
    method: string,
    metadata: Metadata,
    _timeoutMs: number | null,
    events: ClientCallEvents,
  ): ClientCall {
    const call = new MemberCall(this.#world, this, method, metadata, events);
    this.calls.add(call);
    call.toMember(() => this.#service.open(this, call));
    return {
      send: (bytes) => {
        call.toMember(() => call.onMessage(bytes));
        return true;
      },
      halfClose: () => call.toMember(() => call.onHalfClose()),
      cancel: () => {
        call.close();
        call.toMember(() => call.onCancel());
      },
      pauseInput() {},
      resumeInput() {},
    };
  }
}

/** The client's end of a call through the router. */
export class ClientSide {
  readonly messages: Uint8Array[] = [];
  end: { code: StatusCode; text: string; atMs: number } | null = null;
  onMessage: (bytes: Uint8Array) => void = () => {};
  readonly events: ServerCallEvents;
  #world: World;

  constructor(world: World, router: Router, method: string, options: ClientOptions = {}) {
    this.#world = world;
    const call: ServerCall = {
      head: {
        method,
        metadata: options.metadata ?? EMPTY_METADATA,
        timeoutMs: options.timeoutMs ?? null,
        peer: 'test',
      },
      send: (bytes) => {
        assert(this.end === null, 'no message after the end');
        this.messages.push(bytes);
        this.onMessage(bytes);
        return true;
      },
      end: (code, text) => {
        assert(this.end === null, 'a call ends once');
        this.end = { code, text, atMs: this.#world.nowMs };
      },
      pauseInput() {},
      resumeInput() {},
    };
    this.events = router.open(call);
  }

  request(bytes: Uint8Array): this {
    this.events.message(bytes);
    this.events.halfClosed();
    return this;
  }
}

export interface ClientOptions {
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
}

/** Members, their links, and one router that ticks. */
export class FakeCluster {
  readonly world: World;
  readonly router: Router;
  readonly members: FakeMember[];
  leader: FakeMember;
  term = 1;
  #nextLinkId = 1;

  constructor(
    world: World,
    count: number,
    service: MemberService,
    options: Partial<RouterOptions> = {},
  ) {
    this.world = world;
    this.members = Array.from({ length: count }, (_, i) => {
      return new FakeMember(world, BigInt(i + 1), service);
    });
    this.leader = this.members[0] as FakeMember;
    const all = { ...DEFAULT_ROUTER_OPTIONS, ...options };
    this.router = new Router(all, {
      clock: { monotonicMs: () => world.nowMs, wallMs: () => 0 },
      random: world.random.fork(),
      probe: NO_PROBE,
    });
    const tick = (): void => {
      this.router.tick();
      world.after(all.tickMs, tick);
    };
    tick();
    const report = (): void => {
      for (const m of this.members) this.report(m);
      world.after(100, report);
    };
    report();
  }

  /** Connects a member; its report follows. */
  up(member: FakeMember): void {
    if (member.linkId >= 0) return;
    member.linkId = this.#nextLinkId++;
    this.router.linkUp({ linkId: member.linkId, memberId: member.id, channel: member });
    this.report(member);
  }

  upAll(): this {
    for (const m of this.members) this.up(m);
    return this;
  }

  /** Breaks the link; as over a real one, the router is told before the calls end. */
  cut(member: FakeMember): void {
    if (member.linkId < 0) return;
    const { linkId } = member;
    member.linkId = -1;
    this.router.linkDown(linkId);
    for (const call of [...member.calls]) call.cut();
  }

  report(member: FakeMember): void {
    if (member.linkId < 0 || member.isSilent) return;
    const leaderId = member.hasQuorum ? this.leader.id : 0n;
    this.router.memberReport(member.linkId, { leaderId, term: this.term, members: [] });
  }

  elect(member: FakeMember): void {
    this.leader = member;
    this.term++;
    for (const m of this.members) this.report(m);
  }

  call(method: string, options: ClientOptions = {}): ClientSide {
    return new ClientSide(this.world, this.router, method, options);
  }
}
