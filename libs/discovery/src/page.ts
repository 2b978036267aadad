/**
 * The page of a discovery service: makes tokens and shows a cluster forming, live by server-sent events.
 * Three static texts and nothing from elsewhere; the policy in the head allows no more than that. What
 * members registered reaches the page as JSON and is shown as text, never as markup.
 */
import type { ServerResponse } from 'node:http';
import type { HttpRequest } from './http-request.js';
import { PAGE_CSS, PAGE_HTML, PAGE_JS } from './page-texts.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['/page.css', ['text/css; charset=utf-8', PAGE_CSS]],
  ['/page.js', ['text/javascript; charset=utf-8', PAGE_JS]],
]);

export const PAGE_PATHS: ReadonlySet<string> = new Set(['/', ...FILES.keys()]);

export function sendPage(request: HttpRequest, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' });
    response.end();
    return;
  }
  const [type, text] = FILES.get(request.path) ?? ['text/html; charset=utf-8', PAGE_HTML];
  response.writeHead(200, {
    'Content-Type': type,
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  });
  response.end(text);
}
