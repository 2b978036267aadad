/** What clients may call, and for each gRPC method the labels of its metrics. */
import { HealthService, METHODS, type MethodDescriptor, SessionService } from '@conclave/wire';

type Labels = Readonly<Record<string, string>>;

/** Names of the status codes as etcd's metrics spell them, by number. */
const CODE_NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

/** They live until their client ends them: a span would last for days and say nothing. */
const ENDLESS: ReadonlySet<string> = new Set([
  '/etcdserverpb.Watch/Watch',
  '/etcdserverpb.Lease/LeaseKeepAlive',
  '/v3electionpb.Election/Observe',
  '/grpc.health.v1.Health/Watch',
]);

export interface MethodLabels {
  readonly path: string;
  readonly service: string;
  readonly name: string;
  /** One request message exactly. */
  readonly takesOneMessage: boolean;
  readonly isUnary: boolean;
  /** Its calls may have spans. */
  readonly isTraced: boolean;
  readonly labels: Labels;
  /** Labels with `grpc_code`, by status code. */
  readonly byCode: readonly Labels[];
}

function typeOf(method: MethodDescriptor): string {
  if (method.clientStreaming) return method.serverStreaming ? 'bidi_stream' : 'client_stream';
  return method.serverStreaming ? 'server_stream' : 'unary';
}

function labelsOf(method: MethodDescriptor): MethodLabels {
  const type = typeOf(method);
  const labels = Object.freeze({
    grpc_method: method.name,
    grpc_service: method.service,
    grpc_type: type,
  });
  return {
    path: method.path,
    service: method.service,
    name: method.name,
    takesOneMessage: !method.clientStreaming,
    isUnary: type === 'unary',
    isTraced: !ENDLESS.has(method.path),
    labels,
    byCode: CODE_NAMES.map((grpc_code) => Object.freeze({ ...labels, grpc_code })),
  };
}

/** What clients may call: every service of etcd and the health service, no session of our own. */
export function clientMethods(): ReadonlyMap<string, MethodLabels> {
  const own = SessionService.open.service;
  const methods = METHODS.filter((method) => method.service !== own);
  return new Map(methods.map((method) => [method.path, labelsOf(method)]));
}

export const HEALTH_SERVICE = HealthService.check.service;
