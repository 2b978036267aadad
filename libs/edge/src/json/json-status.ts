/** gRPC status to HTTP: codes, and the bodies in which errors leave, as etcd up to 3.5 has them. */
import { STATUS_CODES } from 'node:http';
import { Status, type StatusCode } from '@conclave/base';
import { quoteText } from './text.js';

/** By gRPC code. FAILED_PRECONDITION is 400 in every release of etcd. */
const HTTP_STATUS: Readonly<Record<StatusCode, number>> = Object.freeze({
  [Status.OK]: 200,
  [Status.CANCELLED]: 408,
  [Status.UNKNOWN]: 500,
  [Status.INVALID_ARGUMENT]: 400,
  [Status.DEADLINE_EXCEEDED]: 504,
  [Status.NOT_FOUND]: 404,
  [Status.ALREADY_EXISTS]: 409,
  [Status.PERMISSION_DENIED]: 403,
  [Status.RESOURCE_EXHAUSTED]: 429,
  [Status.FAILED_PRECONDITION]: 400,
  [Status.ABORTED]: 409,
  [Status.OUT_OF_RANGE]: 400,
  [Status.UNIMPLEMENTED]: 501,
  [Status.INTERNAL]: 500,
  [Status.UNAVAILABLE]: 503,
  [Status.DATA_LOSS]: 500,
  [Status.UNAUTHENTICATED]: 401,
});

export function httpStatusOf(code: StatusCode): number {
  return HTTP_STATUS[code];
}

/** The whole body of a refused request. */
export function errorBody(code: StatusCode, message: string): string {
  const text = quoteText(message);
  return `{"error":${text},"message":${text},"code":${code}}`;
}

/** The last line of a stream that failed. */
export function errorLine(code: StatusCode, message: string): string {
  const status = httpStatusOf(code);
  const phrase = quoteText(STATUS_CODES[status] ?? '');
  return (
    `{"error":{"grpc_code":${code},"http_code":${status},` +
    `"message":${quoteText(message)},"http_status":${phrase}}}\n`
  );
}
