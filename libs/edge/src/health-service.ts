/**
 * `grpc.health.v1.Health`: the empty service name stands for the whole server, no other is known.
 *
 * Check answers once; Watch answers at once and with every change, and for an unknown name says
 * SERVICE_UNKNOWN and stays open.
 */
import { type CallHandler, type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthService,
  ServingStatus,
} from '@conclave/wire';

function answer(status: ServingStatus): Uint8Array {
  return HealthCheckResponse.encode(HealthCheckResponse.create({ status }));
}

/** The service asked for; null if the bytes are no request, which then was answered. */
function serviceName(call: ServerCall, bytes: Uint8Array): string | null {
  try {
    return HealthCheckRequest.decode(bytes).service;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    call.end(Status.INTERNAL, `grpc: error unmarshalling request: ${why}`);
    return null;
  }
}

export class HealthHandler implements CallHandler {
  readonly #watching = new Set<ServerCall>();
  #isServing = true;

  open(call: ServerCall): ServerCallEvents {
    const isWatch = call.head.method === HealthService.watch.path;
    return {
      message: (bytes) => {
        const service = serviceName(call, bytes);
        if (service === null) return;
        if (isWatch) this.#watch(call, service);
        else this.#check(call, service);
      },
      halfClosed() {},
      cancelled: () => this.#watching.delete(call),
      drained() {},
    };
  }

  #status(): ServingStatus {
    return this.#isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  #check(call: ServerCall, service: string): void {
    if (service !== '') {
      call.end(Status.NOT_FOUND, 'unknown service');
      return;
    }
    call.send(answer(this.#status()));
    call.end(Status.OK, '');
  }

  #watch(call: ServerCall, service: string): void {
    if (service !== '') {
      call.send(answer(ServingStatus.SERVICE_UNKNOWN));
      return;
    }
    this.#watching.add(call);
    call.send(answer(this.#status()));
  }

  /** Tells every watcher if this is a change. */
  setServing(isServing: boolean): void {
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    const message = answer(this.#status());
    for (const call of this.#watching) call.send(message);
  }
}
