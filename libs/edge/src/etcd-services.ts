/**
 * Every gRPC service a client may call: finds the method, counts, and hands the call to the one
 * handler behind the edge (the member's api, or a gateway's router).
 *
 * Metadata under `conclave-` (session, sequence) is ours, between gateway and member: what a client
 * sends under such a name is taken out here, or it could speak in another's session.
 */
import {
  type CallHandler,
  type CallHead,
  type Metadata,
  type Probe,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type Tracer,
  tracedHead,
} from '@conclave/base';

import { ClientVersions } from './client-version.js';
import { MeteredCall } from './metered-call.js';
import { clientMethods, HEALTH_SERVICE } from './method-labels.js';
import { MethodMeter } from './method-meter.js';

export interface CallMeter {
  readonly probe: Probe;
  readonly nowMs: () => number;
  /** Also measure how long calls take (`--metrics=extensive`). */
  readonly extensive: boolean;
}

const OWN_PREFIX = 'conclave-';

const NO_EVENTS: ServerCallEvents = Object.freeze({
  message() {},
  halfClosed() {},
  cancelled() {},
  drained() {},
});

/** The metadata without our own names; the same object if there are none. */
export function withoutOwnNames(metadata: Metadata): Metadata {
  if (metadata.size === 0) return metadata;
  let found = false;
  for (const name of metadata.keys()) if (name.startsWith(OWN_PREFIX)) found = true;
  if (!found) return metadata;
  return new Map([...metadata].filter(([name]) => !name.startsWith(OWN_PREFIX)));
}

function clientHead(head: CallHead): CallHead {
  const metadata = withoutOwnNames(head.metadata);
  return metadata === head.metadata ? head : { ...head, metadata };
}

class ServiceDoor implements CallHandler {
  readonly #service: string;
  readonly #methods: ReadonlyMap<string, MethodMeter>;
  readonly #handler: CallHandler;
  readonly #versions: ClientVersions;
  readonly #tracer: Tracer | null;

  constructor(
    service: string,
    methods: ReadonlyMap<string, MethodMeter>,
    handler: CallHandler,
    versions: ClientVersions,
    tracer: Tracer | null,
  ) {
    this.#service = service;
    this.#methods = methods;
    this.#handler = handler;
    this.#versions = versions;
    this.#tracer = tracer;
  }

  open(call: ServerCall): ServerCallEvents {
    const meter = this.#methods.get(call.head.method);
    if (meter === undefined) {
      const name = call.head.method.slice(this.#service.length + 2);
      call.end(Status.UNIMPLEMENTED, `unknown method ${name} for service ${this.#service}`);
      return NO_EVENTS;
    }
    const head = clientHead(call.head);
    const tracer = meter.method.isTraced ? this.#tracer : null;
    const span = tracer === null ? null : tracer.call(head, true);
    const seen = span === null ? head : tracedHead(head, span);
    const metered = new MeteredCall(call, seen, meter, span);
    if (!this.#versions.count(call.head.metadata, meter.method.isUnary)) {
      metered.end(Status.INVALID_ARGUMENT, 'etcdserver: invalid client api version');
      return NO_EVENTS;
    }
    metered.start(this.#handler);
    return metered;
  }
}

/**
 * Handlers by service name for a `GrpcServer`. Every series of their metrics exists afterwards. `tracer`
 * null: traces are off.
 */
export function etcdServices(
  handler: CallHandler,
  health: CallHandler,
  meter: CallMeter,
  tracer: Tracer | null = null,
): ReadonlyMap<string, CallHandler> {
  const { probe, extensive, nowMs } = meter;
  const methods = new Map<string, MethodMeter>();
  for (const [path, method] of clientMethods()) {
    methods.set(path, new MethodMeter(probe, method, extensive, nowMs));
  }
  const versions = new ClientVersions(probe);
  const services = new Map<string, CallHandler>();
  for (const { method } of methods.values()) {
    const { service } = method;
    if (services.has(service)) continue;
    const target = service === HEALTH_SERVICE ? health : handler;
    services.set(service, new ServiceDoor(service, methods, target, versions, tracer));
  }
  return services;
}
