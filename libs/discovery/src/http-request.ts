/** One HTTP request, read whole: method, path, query, form or JSON body, and who asks. */
import type { IncomingMessage } from 'node:http';

export interface HttpRequest {
  readonly method: string;
  /** Decoded, without query; begins with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Null: no form was sent. */
  readonly form: URLSearchParams | null;
  readonly body: string;
  /** As the client named us; null when that is no plausible host. */
  readonly host: string | null;
  /** Address of the client, without its port. */
  readonly address: string;
}

export type ReadResult =
  | { readonly ok: true; readonly request: HttpRequest }
  | { readonly ok: false; readonly status: 400 | 413; readonly text: string };

const BODY_MS = 10_000;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;

/** Resolves once the body is here; null when the client went away before. */
export async function readRequest(
  message: IncomingMessage,
  bodyBytesMax: number,
): Promise<ReadResult | null> {
  const target = message.url ?? '/';
  const question = target.indexOf('?');
  let path: string;
  try {
    path = decodeURIComponent(question < 0 ? target : target.slice(0, question));
  } catch {
    return { ok: false, status: 400, text: 'the path is not well encoded' };
  }
  if (!path.startsWith('/')) return { ok: false, status: 400, text: 'the path must begin with /' };
  const body = await readBody(message, bodyBytesMax);
  if (body === null) return null;
  if (body === 'too-large') {
    return { ok: false, status: 413, text: `the body is above ${bodyBytesMax} bytes` };
  }
  const type = message.headers['content-type'] ?? '';
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type);
  const host = message.headers.host ?? '';
  const request = {
    method: message.method ?? 'GET',
    path,
    query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)),
    form: isForm ? new URLSearchParams(body.text) : null,
    body: body.text,
    host: HOST.test(host) ? host : null,
    address: message.socket.remoteAddress ?? 'unix',
  };
  return { ok: true, request };
}

function readBody(
  message: IncomingMessage,
  bytesMax: number,
): Promise<{ readonly text: string } | 'too-large' | null> {
  if (Number(message.headers['content-length'] ?? 0) > bytesMax) {
    message.resume();
    return Promise.resolve('too-large');
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const slow = setTimeout(() => message.destroy(), BODY_MS);
    const end = (result: { readonly text: string } | 'too-large' | null): void => {
      clearTimeout(slow);
      resolve(result);
    };
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) end('too-large');
      else chunks.push(chunk);
    });
    message.on('end', () => end({ text: Buffer.concat(chunks).toString('utf8') }));
    message.on('close', () => end(null));
  });
}
