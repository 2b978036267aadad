/**
 * The router: takes Calls from clients and sees that some member answers them, whatever happens to
 * links and members meanwhile. The same code runs in the gateway, in the SDK and under the simulator.
 *
 * Pure: links, reports of members, client messages and ticks come in as method calls; what goes out
 * leaves through the ports of `base` (`ServerCall`, `Channel`, `ClientCall`). Time is the handed-in
 * clock, and nothing fires but inside `tick`.
 *
 * Invariants: every call handed to `open` ends exactly once; nothing is kept of a call after its end
 * (`openCalls` returns to 0).
 */
import {
  type CallHandler,
  type Channel,
  EMPTY_BYTES,
  EMPTY_METADATA,
  SESSION_CLOSE_METHOD,
  SESSION_OPEN_METHOD,
  SessionMetadata,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import { type RouterCore, forwardedMetadata, wantsLeader } from './core.js';
import { KeepAliveCall } from './keepalive-call.js';
import { type MemberLink, type MemberReport, MemberTable } from './member-table.js';
import { type MethodRule, SESSION_RULE, methodRule } from './methods.js';
import type { RouterOptions, RouterPorts } from './options.js';
import { type Session, SessionPool } from './session.js';
import { SingleCall } from './single-call.js';
import { Texts } from './texts.js';
import { Timers } from './timers.js';
import { WatchCall } from './watch-call.js';

/** Election timeouts without a leader after which a stream with `hasleader` ends (etcd's 3). */
const LEADER_LOST_ELECTIONS = 3;

/** Events of a call that was answered at once. */
const NO_EVENTS: ServerCallEvents = Object.freeze({
  message() {},
  halfClosed() {},
  cancelled() {},
  drained() {},
});

export class Router implements CallHandler {
  readonly #options: RouterOptions;
  readonly #core: RouterCore;
  #openCalls = 0;
  #lastTickMs: number;

  constructor(options: RouterOptions, ports: RouterPorts) {
    const { clock, random, probe } = ports;
    const now = clock.monotonicMs();
    this.#options = options;
    this.#lastTickMs = now;
    const timers = new Timers(options.tickMs, now);
    this.#core = {
      options,
      random,
      probe,
      timers,
      table: new MemberTable(options, now),
      sessions: new SessionPool(options.sessionsMax, options.writesWaitingMax, {
        random,
        open: (session, done) => this.#openSession(session, done),
        later: (again) => {
          const at = clock.monotonicMs() + options.retryDelayMaxMs;
          timers.set({ bucket: -1, fire: again }, at);
        },
      }),
      waiting: new Set(),
      streams: new Set(),
      now: () => clock.monotonicMs(),
      closed: () => {
        this.#openCalls--;
      },
    };
  }

  /** Calls of clients and of the router itself that have not ended. */
  get openCalls(): number {
    return this.#openCalls;
  }

  /** Is there a member that knows a leader? */
  get hasLeader(): boolean {
    return this.#core.table.hasGood();
  }

  /** The channel a call of this kind would take now, for the owner's own questions; null: none. */
  channel(): Channel | null {
    return this.#core.table.pick('leader', -1, this.#core.now())?.channel ?? null;
  }

  open(call: ServerCall): ServerCallEvents {
    const { method, metadata } = call.head;
    const rule = methodRule(method);
    if (rule === undefined) return this.#refuse(call, Status.UNIMPLEMENTED, unknownMethod(method));
    if (this.#openCalls >= this.#options.callsMax) {
      return this.#refuse(call, Status.RESOURCE_EXHAUSTED, Texts.TOO_MANY_REQUESTS);
    }
    const leaderWanted = wantsLeader(metadata);
    if (leaderWanted && !this.#core.table.hasGood()) {
      return this.#refuse(call, Status.UNAVAILABLE, Texts.NO_LEADER);
    }
    this.#openCalls++;
    const forwarded = forwardedMetadata(metadata);
    if (rule.shape === 'watch') return new WatchCall(this.#core, call, forwarded, leaderWanted);
    if (rule.shape === 'keepalive') {
      return new KeepAliveCall(this.#core, call, forwarded, leaderWanted);
    }
    return new SingleCall(this.#core, call, rule, forwarded);
  }

  #refuse(call: ServerCall, code: StatusCode, message: string): ServerCallEvents {
    call.end(code, message);
    return NO_EVENTS;
  }

  /** A connection to a member stands; its calls may begin. */
  linkUp(link: MemberLink): void {
    this.#core.table.up(link, this.#core.now());
    this.#wake();
  }

  /** A connection is gone. Tell this before its channel ends its calls, so that none picks it. */
  linkDown(linkId: number): void {
    this.#core.table.down(linkId, this.#core.now());
  }

  /** What the member at the other end says of itself; also its sign of life. */
  memberReport(linkId: number, report: MemberReport): void {
    if (this.#core.table.report(linkId, report, this.#core.now())) this.#wake();
  }

  /** To be called every `tickMs`. */
  tick(): void {
    const now = this.#core.now();
    const gap = now - this.#lastTickMs - this.#options.tickMs;
    this.#lastTickMs = now;
    // A gap of a few ticks is jitter; more means that we ourselves stood still.
    this.#core.table.tick(now, gap > 4 * this.#options.tickMs ? gap : 0);
    this.#core.timers.advance(now);
    if (this.#core.table.hasGood()) {
      for (const user of this.#core.table.suspectUsers(now)) user.reconsider();
    }
    this.#endStreams(now);
    this.#wake();
    const { probe, table } = this.#core;
    probe.gauge('conclave_router_open_calls', this.#openCalls);
    probe.gauge('conclave_router_links', table.linkCount);
  }

  #wake(): void {
    if (this.#core.waiting.size === 0 || this.#core.table.linkCount === 0) return;
    for (const waiter of [...this.#core.waiting]) waiter.retry();
  }

  #endStreams(now: number): void {
    const { table, streams } = this.#core;
    if (streams.size === 0) return;
    const { electionTimeoutMs, orphanMs } = this.#options;
    if (table.noLinkForMs(now) > orphanMs) {
      for (const stream of [...streams]) stream.abort(Status.UNAVAILABLE, Texts.CONNECTION_LOST);
      return;
    }
    if (table.noLeaderForMs(now) < LEADER_LOST_ELECTIONS * electionTimeoutMs) return;
    for (const stream of [...streams]) {
      if (stream.wantsLeader) stream.abort(Status.UNAVAILABLE, Texts.NO_LEADER);
    }
  }

  #openSession(session: Session, done: (ok: boolean) => void): void {
    this.#core.probe.count('conclave_router_sessions_opened_total', 1);
    this.#ownCall(SESSION_OPEN_METHOD, session, done);
  }

  /** Closes this router's sessions through the log; for the end of the process. */
  closeSessions(done: () => void): void {
    const sessions = this.#core.sessions.takeAll();
    let left = sessions.length;
    if (left === 0) return done();
    for (const session of sessions) {
      this.#ownCall(SESSION_CLOSE_METHOD, session, () => {
        left--;
        if (left === 0) done();
      });
    }
  }

  #ownCall(method: string, session: Session, done: (ok: boolean) => void): void {
    const up: ServerCall = {
      head: { method, metadata: EMPTY_METADATA, timeoutMs: null, peer: 'router' },
      send: () => true,
      end: (code) => done(code === Status.OK),
      pauseInput() {},
      resumeInput() {},
    };
    const metadata = new Map([[SessionMetadata.SESSION, session.name]]);
    this.#openCalls++;
    new SingleCall(this.#core, up, SESSION_RULE satisfies MethodRule, metadata).start(EMPTY_BYTES);
  }
}

/** As grpc-go words it. */
function unknownMethod(path: string): string {
  const at = path.lastIndexOf('/');
  const service = path.slice(1, Math.max(1, at));
  return `unknown method ${path.slice(at + 1)} for service ${service}`;
}
