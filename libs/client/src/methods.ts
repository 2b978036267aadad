/**
 * What may be done with each method: who may answer it, and whether it may be sent again.
 *
 * - `read` changes nothing: any number of tries.
 * - `write` changes the store through the log: any number of tries under one (session, sequence).
 * - `once` changes something that no session guards: a second try only if the first never left.
 *
 * Range, Txn and Alarm depend on the request; `classify` looks into it.
 */
import { Scanner, withFields } from './scan.js';

export type Repeat = 'read' | 'write' | 'once';
/** `leader`: the leader, else a member that knows one. `any`: whoever is reachable. */
export type Target = 'leader' | 'any';
export type Shape = 'unary' | 'server-stream' | 'watch' | 'keepalive';

export interface MethodRule {
  readonly shape: Shape;
  readonly repeat: Repeat;
  readonly target: Target;
}

const READ: MethodRule = { shape: 'unary', repeat: 'read', target: 'leader' };
const READ_ANY: MethodRule = { shape: 'unary', repeat: 'read', target: 'any' };
const WRITE: MethodRule = { shape: 'unary', repeat: 'write', target: 'leader' };
const ONCE: MethodRule = { shape: 'unary', repeat: 'once', target: 'leader' };
const ONCE_ANY: MethodRule = { shape: 'unary', repeat: 'once', target: 'any' };
const STREAM_READ: MethodRule = { shape: 'server-stream', repeat: 'read', target: 'leader' };
const STREAM_ANY: MethodRule = { shape: 'server-stream', repeat: 'read', target: 'any' };

const RULES: ReadonlyMap<string, MethodRule> = new Map([
  ...rules('/etcdserverpb.KV/', {
    Range: READ,
    RangeStream: STREAM_READ,
    Put: WRITE,
    DeleteRange: WRITE,
    Txn: WRITE,
    Compact: WRITE,
  }),
  ...rules('/etcdserverpb.Watch/', {
    Watch: { shape: 'watch', repeat: 'read', target: 'any' },
  }),
  ...rules('/etcdserverpb.Lease/', {
    LeaseGrant: WRITE,
    LeaseRevoke: WRITE,
    LeaseKeepAlive: { shape: 'keepalive', repeat: 'read', target: 'leader' },
    LeaseTimeToLive: READ,
    LeaseLeases: READ,
  }),
  ...rules('/etcdserverpb.Cluster/', {
    MemberAdd: ONCE,
    MemberRemove: ONCE,
    MemberUpdate: ONCE,
    MemberPromote: ONCE,
    MemberList: READ_ANY,
  }),
  ...rules('/etcdserverpb.Maintenance/', {
    Alarm: WRITE,
    Status: READ_ANY,
    Defragment: ONCE_ANY,
    Hash: READ_ANY,
    HashKV: READ_ANY,
    Snapshot: STREAM_ANY,
    MoveLeader: ONCE,
    Downgrade: ONCE,
  }),
  ...rules('/etcdserverpb.Auth/', {
    AuthEnable: WRITE,
    AuthDisable: WRITE,
    AuthStatus: READ,
    Authenticate: READ,
    UserAdd: WRITE,
    UserGet: READ,
    UserList: READ,
    UserDelete: WRITE,
    UserChangePassword: WRITE,
    UserGrantRole: WRITE,
    UserRevokeRole: WRITE,
    RoleAdd: WRITE,
    RoleGet: READ,
    RoleList: READ,
    RoleDelete: WRITE,
    RoleGrantPermission: WRITE,
    RoleRevokePermission: WRITE,
  }),
  ...rules('/v3lockpb.Lock/', { Lock: ONCE, Unlock: ONCE }),
  ...rules('/v3electionpb.Election/', {
    Campaign: ONCE,
    Proclaim: ONCE,
    Leader: READ,
    Observe: { shape: 'server-stream', repeat: 'read', target: 'leader' },
    Resign: ONCE,
  }),
]);

function rules(prefix: string, table: Record<string, MethodRule>): [string, MethodRule][] {
  return Object.entries(table).map(([name, rule]) => [prefix + name, rule]);
}

/** The rule of a full gRPC path; undefined for a method nobody serves. */
export function methodRule(method: string): MethodRule | undefined {
  return RULES.get(method);
}

/** Opening and closing a session: idempotent, and through the log. */
export const SESSION_RULE: MethodRule = READ;

/**
 * The rule for this very request. A message that cannot be read keeps the method's rule: the member
 * will refuse it.
 */
export function classify(method: string, rule: MethodRule, request: Uint8Array): MethodRule {
  switch (method) {
    case '/etcdserverpb.KV/Range':
      return isSerializable(request, 0, request.length) ? READ_ANY : rule;
    case '/etcdserverpb.KV/RangeStream':
      return isSerializable(request, 0, request.length) ? STREAM_ANY : rule;
    case '/etcdserverpb.KV/Txn': {
      const reads = txnReads(request, 0, request.length, 0);
      return reads === 'writes' ? rule : reads === 'serializable' ? READ_ANY : READ;
    }
    case '/etcdserverpb.Maintenance/Alarm':
      return lastVarint(request, 1) === 0 ? READ_ANY : rule;
    case '/etcdserverpb.Cluster/MemberList':
      return lastVarint(request, 1) === 0 ? rule : READ;
    default:
      return rule;
  }
}

function isSerializable(bytes: Uint8Array, lo: number, hi: number): boolean {
  const scan = new Scanner(bytes, lo, hi);
  let serializable = false;
  while (scan.next()) if (scan.field === 7) serializable = scan.value !== 0;
  return serializable && !scan.bad;
}

/** The last value of a varint field; 0 when it is missing, -1 when the bytes are malformed. */
function lastVarint(bytes: Uint8Array, field: number): number {
  const scan = new Scanner(bytes);
  let value = 0;
  while (scan.next()) if (scan.field === field) value = scan.value;
  return scan.bad ? -1 : value;
}

type TxnReads = 'writes' | 'reads' | 'serializable';

/** Nested deeper than this a transaction is handled as a write, which is always safe. */
const TXN_DEPTH_MAX = 16;

/** What the operations of a TxnRequest do; one without operations only compares: `reads`. */
function txnReads(bytes: Uint8Array, lo: number, hi: number, depth: number): TxnReads {
  if (depth > TXN_DEPTH_MAX) return 'writes';
  const scan = new Scanner(bytes, lo, hi);
  let ranges = 0;
  let serializable = true;
  while (scan.next()) {
    if (scan.field !== 2 && scan.field !== 3) continue;
    const op = new Scanner(bytes, scan.lo, scan.hi);
    while (op.next()) {
      if (op.field === 1) {
        ranges++;
        serializable = serializable && isSerializable(bytes, op.lo, op.hi);
      } else if (op.field === 4) {
        const inner = txnReads(bytes, op.lo, op.hi, depth + 1);
        if (inner === 'writes') return 'writes';
        ranges++;
        serializable = serializable && inner === 'serializable';
      } else return 'writes';
    }
    if (op.bad) return 'writes';
  }
  if (scan.bad) return 'writes';
  return ranges > 0 && serializable ? 'serializable' : 'reads';
}

/** True for a LeaseGrantRequest that leaves the choice of the id to the server. */
export function wantsLeaseId(request: Uint8Array): boolean {
  return lastVarint(request, 2) === 0;
}

/** The LeaseGrantRequest with its id (a positive int63) fixed: sent again it is the same request. */
export function withLeaseId(request: Uint8Array, id: bigint): Uint8Array {
  const extra: number[] = [2 * 8];
  let rest = id;
  for (; rest > 127n; rest >>= 7n) extra.push(Number(rest & 127n) | 128);
  extra.push(Number(rest));
  return withFields(request, 0, request.length, extra);
}
