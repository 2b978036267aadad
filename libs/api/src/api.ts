/**
 * The api room: answers Calls with etcd's meaning, whatever protocol they came by (DESIGN 2).
 *
 * `open` finds the method, asks the gate whether this member may serve it now, and hands the call to
 * its handler. A handler validates, then proposes or reads through the replica, and answers.
 */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  decodeUtf8,
} from '@conclave/base';
import { METHODS } from '@conclave/wire';
import { authStatus, authenticate } from './auth.js';
import { memberAdd, memberList, memberPromote, memberRemove, memberUpdate } from './cluster.js';
import { ApiContext } from './context.js';
import { downgrade } from './downgrade.js';
import { campaign, electionLeader, proclaim, resign } from './election.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import { KeepAliveCall } from './keep-alive.js';
import { compact, deleteRange, put, range, txn } from './kv.js';
import { leaseGrant, leaseLeases, leaseRevoke, leaseTimeToLive } from './lease.js';
import { lock, unlock } from './lock.js';
import { alarm, defragment, hash, hashKv, moveLeader, notYet, status } from './maintenance.js';
import { ObserveCall } from './observe.js';
import type { ApiOptions, ApiPorts } from './options.js';
import { RangeStream } from './range-stream.js';
import { sessionClose, sessionOpen } from './session.js';
import { SnapshotCall } from './snapshot-call.js';
import { LeaderLoss } from './stream-gate.js';
import { UnaryCall, type UnaryHandler } from './unary.js';
import { WatchCall } from './watch.js';

const UNARY: ReadonlyMap<string, UnaryHandler> = new Map<string, UnaryHandler>([
  ['/etcdserverpb.KV/Range', range],
  ['/etcdserverpb.KV/Put', put],
  ['/etcdserverpb.KV/DeleteRange', deleteRange],
  ['/etcdserverpb.KV/Txn', txn],
  ['/etcdserverpb.KV/Compact', compact],
  ['/etcdserverpb.Lease/LeaseGrant', leaseGrant],
  ['/etcdserverpb.Lease/LeaseRevoke', leaseRevoke],
  ['/etcdserverpb.Lease/LeaseTimeToLive', leaseTimeToLive],
  ['/etcdserverpb.Lease/LeaseLeases', leaseLeases],
  ['/etcdserverpb.Cluster/MemberList', memberList],
  ['/etcdserverpb.Cluster/MemberAdd', memberAdd],
  ['/etcdserverpb.Cluster/MemberRemove', memberRemove],
  ['/etcdserverpb.Cluster/MemberUpdate', memberUpdate],
  ['/etcdserverpb.Cluster/MemberPromote', memberPromote],
  ['/etcdserverpb.Maintenance/Status', status],
  ['/etcdserverpb.Maintenance/Alarm', alarm],
  ['/etcdserverpb.Maintenance/Hash', hash],
  ['/etcdserverpb.Maintenance/HashKV', hashKv],
  ['/etcdserverpb.Maintenance/Defragment', defragment],
  ['/etcdserverpb.Maintenance/MoveLeader', moveLeader],
  ['/etcdserverpb.Maintenance/Downgrade', downgrade],
  ['/etcdserverpb.Auth/AuthStatus', authStatus],
  ['/etcdserverpb.Auth/Authenticate', authenticate],
  ['/v3lockpb.Lock/Lock', lock],
  ['/v3lockpb.Lock/Unlock', unlock],
  ['/v3electionpb.Election/Campaign', campaign],
  ['/v3electionpb.Election/Proclaim', proclaim],
  ['/v3electionpb.Election/Leader', electionLeader],
  ['/v3electionpb.Election/Resign', resign],
  ['/conclave.Session/Open', sessionOpen],
  ['/conclave.Session/Close', sessionClose],
]);

/** A stream that can be told that its member has known no leader for too long. */
interface StreamCall extends ServerCallEvents {
  lost(): void;
}

type OpenStream = new (api: ApiContext, call: ServerCall) => StreamCall;

const STREAMS: ReadonlyMap<string, OpenStream> = new Map<string, OpenStream>([
  ['/etcdserverpb.KV/RangeStream', RangeStream],
  ['/etcdserverpb.Watch/Watch', WatchCall],
  ['/etcdserverpb.Lease/LeaseKeepAlive', KeepAliveCall],
  ['/etcdserverpb.Maintenance/Snapshot', SnapshotCall],
  ['/v3electionpb.Election/Observe', ObserveCall],
]);

/** Services whose other methods are known and not built yet. */
const AUTH_PREFIX = '/etcdserverpb.Auth/';

/** What a learner answers; Range decides by itself, since only a serializable one is served. */
const LEARNER_METHODS: ReadonlySet<string> = new Set([
  '/etcdserverpb.Maintenance/Status',
  '/etcdserverpb.Maintenance/Snapshot',
  '/etcdserverpb.KV/Range',
]);

const SERVICES: ReadonlySet<string> = new Set(METHODS.map((method) => method.service));
const PATHS: ReadonlySet<string> = new Set(METHODS.map((method) => method.path));

const ENDED: ServerCallEvents = Object.freeze({
  message: () => undefined,
  halfClosed: () => undefined,
  cancelled: () => undefined,
  drained: () => undefined,
});

export class Api implements CallHandler {
  readonly #api: ApiContext;
  readonly #leaderLoss: LeaderLoss;

  constructor(options: ApiOptions, ports: ApiPorts) {
    this.#api = new ApiContext(options, ports);
    this.#leaderLoss = new LeaderLoss(ports.replica);
  }

  open(call: ServerCall): ServerCallEvents {
    const { method } = call.head;
    const unary = UNARY.get(method) ?? this.#unbuilt(method);
    const stream = unary === undefined ? STREAMS.get(method) : undefined;
    if (unary === undefined && stream === undefined) {
      call.end(Status.UNIMPLEMENTED, unknownMethodText(method));
      return ENDED;
    }
    const refusal = this.#gate(call.head);
    if (refusal !== null) {
      const failure = failureOf(refusal);
      call.end(failure.code, failure.message);
      return ENDED;
    }
    if (unary !== undefined) return new UnaryCall(this.#api, call, unary);
    return this.#openStream(stream as OpenStream, call);
  }

  /** Methods that etcd has and this program does not have yet. */
  #unbuilt(method: string): UnaryHandler | undefined {
    if (!method.startsWith(AUTH_PREFIX) || !PATHS.has(method)) return undefined;
    return notYet('authentication');
  }

  /** Whether this member may serve the call now, in etcd's order of checks. */
  #gate(head: CallHead): ApiErrorCode | null {
    const { replica } = this.#api;
    if (head.timeoutMs !== null && head.timeoutMs <= 0) return 'deadline';
    if (replica.isLearner && !LEARNER_METHODS.has(head.method)) return 'not-for-learner';
    if (!isUtf8(head.metadata.get('client-api-version'))) return 'invalid-client-api-version';
    const needsLeader = head.metadata.get('hasleader') === 'true';
    return needsLeader && replica.leaderId === 0n ? 'no-leader' : null;
  }

  #openStream(Stream: OpenStream, call: ServerCall): ServerCallEvents {
    if (call.head.metadata.get('hasleader') !== 'true') return new Stream(this.#api, call);
    const guarded = new GuardedCall(call);
    const stream = new Stream(this.#api, guarded);
    guarded.guard(this.#leaderLoss, stream);
    return guarded.events(stream);
  }
}

/** A stream's call that is watched over for loss of the leader until either side ends it. */
class GuardedCall implements ServerCall {
  readonly #call: ServerCall;
  #forget: (() => void) | null = null;
  #over = false;

  constructor(call: ServerCall) {
    this.#call = call;
  }

  get head(): CallHead {
    return this.#call.head;
  }

  guard(loss: LeaderLoss, stream: StreamCall): void {
    if (!this.#over) this.#forget = loss.watch(() => stream.lost());
  }

  /** The stream's own events, with an eye on the client going away. */
  events(stream: StreamCall): ServerCallEvents {
    return {
      message: (bytes) => stream.message(bytes),
      halfClosed: () => stream.halfClosed(),
      drained: () => stream.drained(),
      cancelled: () => {
        this.#finish();
        stream.cancelled();
      },
    };
  }

  send(message: Uint8Array): boolean {
    return this.#call.send(message);
  }

  end(code: StatusCode, message: string): void {
    this.#finish();
    this.#call.end(code, message);
  }

  pauseInput(): void {
    this.#call.pauseInput();
  }

  resumeInput(): void {
    this.#call.resumeInput();
  }

  #finish(): void {
    this.#over = true;
    this.#forget?.();
    this.#forget = null;
  }
}

/** Metadata as a byte string: are its bytes UTF-8? */
function isUtf8(text: string | undefined): boolean {
  if (text === undefined) return true;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 0xff) return true; // Decoded by the transport already.
    bytes[i] = c;
  }
  return !decodeUtf8(bytes).includes('\ufffd');
}

/** The texts of gRPC's own refusals. */
function unknownMethodText(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash <= 0 || !path.startsWith('/')) return `malformed method name: ${JSON.stringify(path)}`;
  const service = path.slice(1, slash);
  if (!SERVICES.has(service)) return `unknown service ${service}`;
  return `unknown method ${path.slice(slash + 1)} for service ${service}`;
}
