/** Answers of the HTTP/1.1 side, byte for byte as etcd's. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** Sends a whole body; for HEAD its headers alone (node:http leaves the body out). */
export function sendBody(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
): void {
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

/** A plain-text error: the text and a line end, and no guessing of its type by a browser. */
export function sendError(response: ServerResponse, status: number, text: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  sendBody(response, status, PLAIN_TEXT, `${text}\n`);
}

/** True if the method is GET; otherwise the request is answered 405 here. */
export function onlyGet(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET') return true;
  response.setHeader('Allow', 'GET');
  sendError(response, 405, 'Method Not Allowed');
  return false;
}
