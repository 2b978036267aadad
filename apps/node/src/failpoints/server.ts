/**
 * gofail's HTTP protocol: `PUT /name` with terms, `DELETE /name`, `GET /name`, `GET /name/count`, `GET /`,
 * and `PUT /failpoints` with several at once. Answers have gofail's codes and texts.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type Failpoints, NO_FAILPOINT } from './failpoints.js';

const BODY_BYTES_MAX = 64 * 1024;

/** Listens on `address` (`host:port`); rejects with the system's error. */
export function serveFailpoints(failpoints: Failpoints, address: string): Promise<Server> {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  if (at < 0 || !/^\d+$/.test(address.slice(at + 1)) || port > 65_535) {
    return Promise.reject(new Error(`listen tcp: address ${address}: not a host and a port`));
  }
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const server = createServer((request, response) => {
    readBody(request, (body) => answer(failpoints, request, response, body));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host === '' ? undefined : host, () => {
      server.unref();
      resolve(server);
    });
  });
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => done(Buffer.concat(chunks).toString()));
  request.on('error', () => undefined);
}

function answer(
  failpoints: Failpoints,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  const name = (request.url ?? '').replace(/^\//, '');
  const send = (status: number, text: string): void => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(text);
  };
  switch (request.method) {
    case 'PUT': {
      const several = name.toLowerCase() === 'failpoints';
      const isSet = several ? failpoints.enableAll(body) : failpoints.enable(name, body);
      if (isSet) response.writeHead(204).end();
      else send(400, `failed to set failpoint ${name}\n`);
      return;
    }
    case 'DELETE': {
      const fault = failpoints.disable(name);
      if (fault === null) response.writeHead(204).end();
      else send(400, `failed to delete failpoint ${fault}\n`);
      return;
    }
    case 'GET':
      return show(failpoints, name, send);
    default:
      response.setHeader('Allow', 'GET, PUT, DELETE');
      send(405, 'Method not allowed\n');
  }
}

function show(
  failpoints: Failpoints,
  name: string,
  send: (status: number, text: string) => void,
): void {
  if (name === '') return send(200, `${failpoints.list().join('\n')}\n`);
  const counted = name.endsWith('/count');
  const status = failpoints.status(counted ? name.slice(0, -'/count'.length) : name);
  if (typeof status !== 'string') {
    return send(200, counted ? String(status.count) : `${status.text}\n`);
  }
  const code = counted && status !== NO_FAILPOINT ? 500 : 404;
  send(code, `failed to GET: ${status}\n`);
}
