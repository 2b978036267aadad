/** The one error of gRPC calls made from here. */
import type { EndOrigin, StatusCode } from '@conclave/base';

export class GrpcCallError extends Error {
  override readonly name = 'GrpcCallError';

  /** `origin` tells whether the request can have been received: see `EndOrigin`. */
  constructor(
    readonly code: StatusCode,
    message: string,
    readonly origin: EndOrigin,
  ) {
    super(message);
  }
}
