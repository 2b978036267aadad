/**
 * The one map from what went wrong to what a client is told: gRPC status and etcd's exact text (spec 3).
 *
 * Clients match on the text, so it is protocol. Two rows are declared otherwise by etcd's own table
 * and leave its server as UNKNOWN all the same; so they do here. Texts that begin with `conclave:` say
 * what etcd has no words for.
 */
import { SEQUENCE_BELOW_MARK, SESSION_UNKNOWN, Status, type StatusCode } from '@conclave/base';
import type { MvccErrorCode } from '@conclave/mvcc';
import type { CallFailure, ReplicaErrorCode } from '@conclave/replica';
import type { ApplyErrorCode } from '@conclave/statemachine';

/** What this room itself refuses. */
export type RequestErrorCode =
  | 'empty-key'
  | 'empty-operation'
  | 'value-provided'
  | 'lease-provided'
  | 'too-many-operations'
  | 'duplicate-key'
  | 'invalid-client-api-version'
  | 'bad-member-urls'
  | 'learner-not-ready'
  | 'unhealthy-cluster'
  | 'not-for-learner'
  | 'applied-index-slow'
  | 'auth-not-enabled'
  | 'watch-canceled'
  | 'stream-sort'
  | 'stream-filters'
  | 'bad-session'
  | 'answer-dropped'
  | 'lease-not-primary'
  | 'election-not-leader'
  | 'election-no-leader'
  | 'leader-missing'
  | 'session-expired'
  | 'lost-watcher'
  | 'downgrade-format'
  | 'downgrade-target'
  | 'cluster-version-not-found'
  | 'unknown-method';

export type ApiErrorCode = RequestErrorCode | MvccErrorCode | ApplyErrorCode | ReplicaErrorCode;

function row(code: StatusCode, message: string): CallFailure {
  return Object.freeze({ code, message });
}

export const ERROR_TABLE: Readonly<Record<ApiErrorCode, CallFailure>> = Object.freeze({
  'empty-key': row(Status.INVALID_ARGUMENT, 'etcdserver: key is not provided'),
  'empty-operation': row(Status.INVALID_ARGUMENT, 'etcdserver: key not found'),
  'key-not-found': row(Status.INVALID_ARGUMENT, 'etcdserver: key not found'),
  'value-provided': row(Status.INVALID_ARGUMENT, 'etcdserver: value is provided'),
  'lease-provided': row(Status.INVALID_ARGUMENT, 'etcdserver: lease is provided'),
  'too-many-operations': row(
    Status.INVALID_ARGUMENT,
    'etcdserver: too many operations in txn request',
  ),
  'duplicate-key': row(Status.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request'),
  'invalid-client-api-version': row(
    Status.INVALID_ARGUMENT,
    'etcdserver: invalid client api version',
  ),
  'invalid-sort-option': row(Status.INVALID_ARGUMENT, 'etcdserver: invalid sort option'),
  compacted: row(Status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted'),
  'future-revision': row(
    Status.OUT_OF_RANGE,
    'etcdserver: mvcc: required revision is a future revision',
  ),
  'no-space': row(Status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'),
  'lease-not-found': row(Status.NOT_FOUND, 'etcdserver: requested lease not found'),
  'lease-exists': row(Status.FAILED_PRECONDITION, 'etcdserver: lease already exists'),
  'lease-ttl-too-large': row(Status.OUT_OF_RANGE, 'etcdserver: too large lease TTL'),
  'lease-not-primary': row(Status.UNKNOWN, 'not a primary lessor'),
  'watch-canceled': row(Status.CANCELLED, 'etcdserver: watch canceled'),
  'member-exists': row(Status.FAILED_PRECONDITION, 'etcdserver: member ID already exist'),
  'peer-urls-exist': row(Status.FAILED_PRECONDITION, 'etcdserver: Peer URLs already exists'),
  'not-enough-started': row(
    Status.UNKNOWN,
    'etcdserver: re-configuration failed due to not enough started members',
  ),
  'bad-member-urls': row(Status.INVALID_ARGUMENT, 'etcdserver: given member URLs are invalid'),
  'member-not-found': row(Status.NOT_FOUND, 'etcdserver: member not found'),
  'member-not-learner': row(
    Status.FAILED_PRECONDITION,
    'etcdserver: can only promote a learner member',
  ),
  'learner-not-ready': row(
    Status.FAILED_PRECONDITION,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ),
  'too-many-learners': row(
    Status.FAILED_PRECONDITION,
    'etcdserver: too many learner members in cluster',
  ),
  'request-too-large': row(Status.INVALID_ARGUMENT, 'etcdserver: request is too large'),
  'too-many-requests': row(Status.UNKNOWN, 'etcdserver: too many requests'),
  'auth-not-enabled': row(Status.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled'),
  'no-leader': row(Status.UNAVAILABLE, 'etcdserver: no leader'),
  'not-leader': row(Status.FAILED_PRECONDITION, 'etcdserver: not leader'),
  'leader-changed': row(Status.UNAVAILABLE, 'etcdserver: leader changed'),
  stopped: row(Status.UNAVAILABLE, 'etcdserver: server stopped'),
  timeout: row(Status.UNAVAILABLE, 'etcdserver: request timed out'),
  'timeout-leader-failed': row(
    Status.UNAVAILABLE,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ),
  'timeout-connection-lost': row(
    Status.UNAVAILABLE,
    'etcdserver: request timed out, possibly due to connection lost',
  ),
  'applied-index-slow': row(
    Status.UNAVAILABLE,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ),
  'unhealthy-cluster': row(Status.UNAVAILABLE, 'etcdserver: unhealthy cluster'),
  corrupt: row(Status.DATA_LOSS, 'etcdserver: corrupt cluster'),
  'not-for-learner': row(Status.FAILED_PRECONDITION, 'etcdserver: rpc not supported for learner'),
  'bad-transferee': row(Status.FAILED_PRECONDITION, 'etcdserver: bad leader transferee'),
  'transfer-timeout': row(
    Status.UNKNOWN,
    'etcdserver: request timed out, leader transfer took too long',
  ),
  deadline: row(Status.DEADLINE_EXCEEDED, 'context deadline exceeded'),
  cancelled: row(Status.CANCELLED, 'context canceled'),
  'stream-sort': row(Status.UNIMPLEMENTED, 'RangeStream does not support custom sort orders'),
  'stream-filters': row(Status.UNIMPLEMENTED, 'RangeStream does not support revision filters'),
  'election-not-leader': row(Status.UNKNOWN, 'election: not leader'),
  'election-no-leader': row(Status.UNKNOWN, 'election: no leader'),
  'leader-missing': row(Status.UNKNOWN, '"leader" field must be provided'),
  'session-expired': row(Status.UNKNOWN, 'mutex: session is expired'),
  'lost-watcher': row(Status.UNKNOWN, 'lost watcher waiting for delete'),
  'downgrade-format': row(
    Status.INVALID_ARGUMENT,
    'etcdserver: wrong downgrade target version format',
  ),
  'downgrade-target': row(Status.INVALID_ARGUMENT, 'etcdserver: invalid downgrade target version'),
  'cluster-version-not-found': row(
    Status.FAILED_PRECONDITION,
    'etcdserver: cluster version not found during downgrade',
  ),
  'unknown-method': row(Status.UNKNOWN, 'etcdserver: unknown method'),
  'unknown-request': row(
    Status.UNIMPLEMENTED,
    'conclave: this request is unknown to a member of the cluster',
  ),
  'feature-not-supported': row(
    Status.FAILED_PRECONDITION,
    'conclave: not every member supports this feature number',
  ),
  'session-unknown': row(Status.FAILED_PRECONDITION, SESSION_UNKNOWN),
  'sequence-too-low': row(Status.FAILED_PRECONDITION, SEQUENCE_BELOW_MARK),
  'bad-session': row(Status.INVALID_ARGUMENT, 'conclave: session metadata is malformed'),
  'answer-dropped': row(
    Status.DATA_LOSS,
    'conclave: the request was applied before, its answer is no longer kept',
  ),
});

export function failureOf(code: ApiErrorCode): CallFailure {
  return ERROR_TABLE[code];
}
