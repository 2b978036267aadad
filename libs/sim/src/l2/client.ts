/**
 * A client process: one connection at a time to some endpoint, calls over it, and a record of each. It
 * never repeats a call by itself; that is the gateway's business.
 */
import {
  type ClientCall,
  type ClientCallEvents,
  EMPTY_METADATA,
  type Metadata,
  type Random,
  Status,
  type StatusCode,
} from '@conclave/base';
import { CallConnection } from './call-connection.js';
import type { ConnectionPorts } from './connection.js';
import type { Coverage } from './coverage.js';
import type { Endpoint } from './gateway.js';
import { Host, type HostPorts } from './host.js';
import type { Operation, Outcome } from './judges/history.js';
import type { Trace } from './trace.js';

/** Revisions that clients tell each other of, because something interesting happened there. */
export interface Hints {
  /** Of a recent deletion. */
  deleted: number;
  /** Of the last compaction. */
  compacted: number;
}

export interface ClientWorld {
  readonly hints: Hints;
  readonly hostPorts: HostPorts;
  readonly links: ConnectionPorts;
  readonly trace: Trace;
  readonly coverage: Coverage;
  readonly operations: Operation[];
  /** Credit of one call on a client's connection. */
  readonly clientCreditBytes: number;
  /** The next stamp of the order of calls and returns. */
  stamp(): number;
  /** Endpoints that serve now. */
  endpoints(): readonly Endpoint[];
  /** No new work: the run is ending. */
  readonly isEnding: boolean;
  readonly nowMs: number;
}

export interface UnaryResult {
  readonly outcome: Outcome;
  readonly call: number;
}

export class SimClient {
  readonly host: Host;
  readonly world: ClientWorld;
  readonly random: Random;
  /** Only endpoints that this accepts: gateways, members, or one of them. */
  readonly #accepts: (endpoint: Endpoint) => boolean;
  #connection: CallConnection | null = null;
  readonly #whenConnected: (() => void)[] = [];
  #pending = 0;

  constructor(
    world: ClientWorld,
    name: string,
    random: Random,
    accepts: (endpoint: Endpoint) => boolean,
  ) {
    this.world = world;
    this.random = random;
    this.#accepts = accepts;
    this.host = new Host(name, 0, world.hostPorts);
    this.host.start();
  }

  /** Calls under way. */
  get pending(): number {
    return this.#pending;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /** Runs `then` once there is a connection. */
  connect(then: () => void): void {
    if (this.#connection !== null) return then();
    this.#whenConnected.push(then);
    if (this.#whenConnected.length === 1) this.#dial();
  }

  /** Goes to another endpoint. */
  disconnect(): void {
    this.#connection?.connection.break();
  }

  /** Opens a call; null: there is no connection. */
  open(
    method: string,
    timeoutMs: number | null,
    events: ClientCallEvents,
    metadata: Metadata = EMPTY_METADATA,
  ): ClientCall | null {
    return this.#connection?.open(method, metadata, timeoutMs, events) ?? null;
  }

  /** One request, one answer, on record. `label` says which variant it is, for the coverage. */
  unary(
    label: string,
    method: string,
    request: Uint8Array,
    timeoutMs: number | null,
    done: (outcome: Outcome, callMs: number) => void,
  ): void {
    const { world } = this;
    const call = world.stamp();
    const callMs = world.nowMs;
    let answer: Uint8Array | null = null;
    let isOver = false;
    this.#pending++;
    const finish = (outcome: Outcome): void => {
      if (isOver) return;
      isOver = true;
      this.#pending--;
      world.coverage.count(`${label} ${describe(outcome)}`);
      const id = world.operations.length;
      const ret = outcome.type === 'unknown' ? Number.POSITIVE_INFINITY : world.stamp();
      const client = this.host.name;
      world.operations.push({ id, client, method, request, call, ret, outcome });
      const took = (world.nowMs - callMs).toFixed(1);
      world.trace.note(client, `${label} #${id} ${describe(outcome)} ${took} ms`);
      done(outcome, callMs);
    };
    const opened = this.open(method, timeoutMs, {
      message: (bytes) => void (answer ??= bytes),
      ended: (code, message, origin) => finish(outcomeOf(code, message, answer, origin)),
      drained: () => undefined,
    });
    if (opened === null) {
      return finish({ type: 'refused', code: Status.UNAVAILABLE, message: 'not connected' });
    }
    opened.send(request);
    opened.halfClose();
    // A client's own clock ends the call as well: nobody waits for ever.
    this.host.after((timeoutMs ?? 15_000) + 100, () => {
      if (isOver) return;
      opened.cancel();
      finish({ type: 'unknown', code: Status.DEADLINE_EXCEEDED, message: 'gave up' });
    });
  }

  #dial(): void {
    const { world } = this;
    const candidates = world.endpoints().filter((e) => e.isServing && this.#accepts(e));
    const reachable = candidates.filter(
      (e) =>
        e.host.isUp &&
        !world.links.network.isBlocked(this.host, e.host) &&
        !world.links.network.isBlocked(e.host, this.host),
    );
    if (reachable.length === 0) {
      this.host.after(100 + this.random.below(200), () => this.#dial());
      return;
    }
    const endpoint = this.random.pick(reachable);
    const options = {
      creditBytes: world.clientCreditBytes,
      peer: this.host.name,
      keepsDeadlines: true,
    };
    const connection: CallConnection = new CallConnection(
      world.links,
      this.host,
      endpoint.host,
      endpoint.handler,
      options,
      () => {
        if (this.#connection === connection) this.#connection = null;
      },
    );
    this.#connection = connection;
    for (const then of this.#whenConnected.splice(0)) then();
  }
}

/** What an end says about the effect of a call. */
export function outcomeOf(
  code: StatusCode,
  message: string,
  answer: Uint8Array | null,
  origin: 'handler' | 'unsent' | 'lost' = 'handler',
): Outcome {
  if (code === Status.OK && answer !== null) return { type: 'ok', response: answer };
  if (origin === 'unsent') return { type: 'refused', code, message };
  switch (code) {
    case Status.INVALID_ARGUMENT:
    case Status.NOT_FOUND:
    case Status.ALREADY_EXISTS:
    case Status.FAILED_PRECONDITION:
    case Status.OUT_OF_RANGE:
    case Status.RESOURCE_EXHAUSTED:
    case Status.UNIMPLEMENTED:
      return { type: 'refused', code, message };
    default:
      return { type: 'unknown', code, message };
  }
}

function describe(outcome: Outcome): string {
  if (outcome.type === 'ok') return 'ok';
  return `${outcome.type} ${outcome.code} ${outcome.message}`;
}
