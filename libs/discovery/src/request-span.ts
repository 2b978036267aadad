/**
 * The span of a request: continues the trace of the `traceparent` header. Named by what was asked for, never
 * by the path itself, because a path holds a token, and a token is a secret.
 */
import type { IncomingMessage } from 'node:http';
import { type Metadata, TraceMetadata, type Tracer, type TraceSpan } from '@conclave/base';
import type { HttpRequest } from './http-request.js';
import { v2Target } from './v2-keys.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']);
const V2_ROUTES = Object.freeze({
  token: '/{token}',
  config: '/{token}/_config',
  size: '/{token}/_config/size',
  member: '/{token}/{member}',
});

/** Null: such requests have no span (pages, health, metrics, streams of events). */
export function routeOf(kind: string, path: string): string | null {
  switch (kind) {
    case 'new':
      return '/new';
    case 'v2': {
      const target = v2Target(path);
      return target === null ? null : V2_ROUTES[target.type];
    }
    case 'api': {
      const [, , clusters, token, part] = path.split('/');
      if (clusters !== 'clusters' || part === 'events') return null;
      if (token === undefined || token === '') return '/v1/clusters';
      if (part === undefined) return '/v1/clusters/{token}';
      return part === 'members' ? '/v1/clusters/{token}/members/{member}' : null;
    }
    default:
      return null;
  }
}

function contextOf({ headers }: IncomingMessage): Metadata {
  const metadata = new Map<string, string>();
  for (const name of [TraceMetadata.PARENT, TraceMetadata.STATE]) {
    const value = headers[name];
    if (value !== undefined) metadata.set(name, String(value));
  }
  return metadata;
}

/** Null: the request is not traced. Whoever begins it ends it with `endSpan`. */
export function beginSpan(
  tracer: Tracer | null,
  kind: string,
  request: HttpRequest,
  message: IncomingMessage,
): TraceSpan | null {
  const route = tracer === null ? null : routeOf(kind, request.path);
  if (tracer === null || route === null) return null;
  const method = METHODS.has(request.method) ? request.method : '_OTHER';
  const http = { method, route };
  const metadata = contextOf(message);
  return tracer.call({ method: '', metadata, timeoutMs: null, peer: request.address, http }, true);
}

export function endSpan(span: TraceSpan, status: number, isWhole: boolean): void {
  span.set('http.response.status_code', status);
  if (!isWhole) span.end('the client went away or its time was up');
  else span.end(status >= 500 ? `status ${status}` : '');
}
