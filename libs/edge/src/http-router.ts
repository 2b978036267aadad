/**
 * HTTP/1.1 on the client port: which path is what, and the rules that hold for all of them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Probe } from '@conclave/base';
import type { Http1Handler } from '@conclave/grpc';

import type { HealthHttp } from './health-http.js';
import { onlyGet, sendBody, sendError } from './http-answer.js';
import type { HttpGuard } from './http-guard.js';
import { cleanPath, type HttpTarget, parseTarget } from './http-path.js';
import type { NodeView } from './node-view.js';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const SCRAPED = Object.freeze({ code: '200' });
const SCRAPE_CODES = ['200', '500', '503'] as const;

/** Takes a request over and answers true, or leaves it alone and answers false. */
export type HttpExtension = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => boolean;

export interface HttpRouterPorts {
  readonly health: HealthHttp;
  readonly view: NodeView;
  readonly probe: Probe;
  /** The body of `/metrics`. */
  readonly exposition: () => string;
}

export interface HttpRouterOptions {
  /** Null on a metrics port, which neither checks hosts nor knows origins. */
  readonly guard: HttpGuard | null;
  /** Only `/metrics`, `/health`, `/livez` and `/readyz`. */
  readonly metricsOnly: boolean;
  /** Asked before 404: further protocols over HTTP/1.1. */
  readonly extension: HttpExtension | null;
}

function redirect(request: IncomingMessage, response: ServerResponse, target: HttpTarget): void {
  const path = encodeURI(cleanPath(target.path));
  const location = `${path}${target.rawQuery}`;
  response.setHeader('Location', location);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.statusCode = 301;
    response.setHeader('Content-Length', 0);
    response.end();
    return;
  }
  const shown = location.replaceAll('&', '&amp;').replaceAll('"', '&#34;').replaceAll('<', '&lt;');
  const body = `<a href="${shown}">Moved Permanently</a>.\n\n`;
  sendBody(response, 301, 'text/html; charset=utf-8', body);
}

/** The handler of an `Http1Server`. */
export function httpRouter(options: HttpRouterOptions, ports: HttpRouterPorts): Http1Handler {
  const { guard, metricsOnly, extension } = options;
  const { health, view, probe, exposition } = ports;
  for (const code of SCRAPE_CODES) {
    probe.count('promhttp_metric_handler_requests_total', 0, { code });
  }

  function version(response: ServerResponse): void {
    const { server, cluster, storage } = view.versions();
    const body = JSON.stringify({
      etcdserver: server,
      etcdcluster: cluster ?? 'not_decided',
      storage: storage ?? 'unknown',
    });
    sendBody(response, 200, 'application/json', body);
  }

  function metrics(response: ServerResponse): void {
    probe.gauge('promhttp_metric_handler_requests_in_flight', 1);
    const body = exposition();
    probe.gauge('promhttp_metric_handler_requests_in_flight', 0);
    probe.count('promhttp_metric_handler_requests_total', 1, SCRAPED);
    sendBody(response, 200, METRICS_TYPE, body);
  }

  function route(request: IncomingMessage, response: ServerResponse, target: HttpTarget): boolean {
    const { path, query } = target;
    if (path === '/metrics') {
      metrics(response);
    } else if (path === '/health') {
      if (onlyGet(request, response)) health.health(query, response);
      else probe.log('warn', '/health error', { 'status-code': 405 });
    } else if (health.answers(path)) {
      if (onlyGet(request, response)) health.checks(path, query, response);
    } else if (path === '/version' && !metricsOnly) {
      if (onlyGet(request, response)) version(response);
    } else {
      return false;
    }
    return true;
  }

  return (request, response) => {
    // Bodies of endpoints that have none are read and forgotten.
    if (guard !== null && !guard.admits(request, response)) return;
    const target = parseTarget(request.url ?? '/');
    if (target === null) {
      sendError(response, 400, '400 Bad Request');
      return;
    }
    if (target.path !== '*' && cleanPath(target.path) !== target.path) {
      redirect(request, response, target);
      return;
    }
    if (route(request, response, target)) return;
    if (extension !== null && extension(request, response, target.path)) return;
    sendError(response, 404, '404 page not found');
  };
}
