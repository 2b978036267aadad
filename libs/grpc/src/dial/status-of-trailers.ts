/**
 * What a gRPC answer's header fields say of its end: `grpc-status` and `grpc-message` (percent-encoded
 * UTF-8), or the HTTP status when something that is no gRPC server answered.
 */
import type { IncomingHttpHeaders } from 'node:http2';

import { Status, type StatusCode } from '@conclave/base';

export interface AnswerEnd {
  readonly code: StatusCode;
  readonly message: string;
}

const STATUS_MAX = Status.UNAUTHENTICATED;

/** HTTP statuses with a meaning of their own (gRPC's http-grpc-status-mapping). */
const BY_HTTP_STATUS: Readonly<Record<number, StatusCode>> = {
  400: Status.INTERNAL,
  401: Status.UNAUTHENTICATED,
  403: Status.PERMISSION_DENIED,
  404: Status.UNIMPLEMENTED,
  429: Status.UNAVAILABLE,
  502: Status.UNAVAILABLE,
  503: Status.UNAVAILABLE,
  504: Status.UNAVAILABLE,
};

/** The text of a `grpc-message`; what is not validly encoded is kept as it came. */
export function decodeStatusText(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The end that these fields tell, or null if they tell none: trailers must still come. */
export function readAnswerEnd(fields: IncomingHttpHeaders): AnswerEnd | null {
  const status = fields['grpc-status'];
  if (status !== undefined) {
    const code = Number(status);
    const known = Number.isInteger(code) && code >= 0 && code <= STATUS_MAX;
    const message = fields['grpc-message'];
    return {
      code: known ? (code as StatusCode) : Status.UNKNOWN,
      message: decodeStatusText(typeof message === 'string' ? message : ''),
    };
  }
  const http = Number(fields[':status'] ?? 200);
  if (http === 200) return null;
  return {
    code: BY_HTTP_STATUS[http] ?? Status.UNKNOWN,
    message: `unexpected HTTP status code received from server: ${http}`,
  };
}
