/**
 * Where to listen: etcd's listen URLs, `http://IP:port`, `unix://path`; `localhost` is 127.0.0.1.
 */
import { ConclaveError } from '@conclave/base';

export type ListenErrorCode = 'bad-url' | 'tls-unsupported' | 'listen-failed';
export class ListenError extends ConclaveError<ListenErrorCode> {}

export type ListenAddress =
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'unix'; readonly path: string };

const PORT_MAX = 65_535;

function badUrl(url: string, why: string): ListenError {
  return new ListenError('bad-url', `cannot listen on ${JSON.stringify(url)}: ${why}`, { url });
}

/** Throws a `ListenError` if `url` is nothing to listen on. Port 0 means any free port. */
export function parseListenUrl(url: string): ListenAddress {
  const split = url.indexOf('://');
  if (split < 0) throw badUrl(url, 'it has no scheme');
  const scheme = url.slice(0, split);
  let rest = url.slice(split + 3);
  if (scheme === 'https' || scheme === 'unixs') {
    throw new ListenError('tls-unsupported', `TLS is not supported yet: ${url}`, { url });
  }
  if (scheme === 'unix') {
    if (rest === '') throw badUrl(url, 'it names no socket file');
    return { type: 'unix', path: rest };
  }
  if (scheme !== 'http') throw badUrl(url, `the scheme ${JSON.stringify(scheme)} is unknown`);
  if (rest.endsWith('/')) rest = rest.slice(0, -1);
  const colon = rest.lastIndexOf(':');
  const digits = rest.slice(colon + 1);
  const port = Number(digits);
  if (colon < 0 || !/^[0-9]{1,5}$/.test(digits) || port > PORT_MAX) {
    throw badUrl(url, 'it needs the form http://IP:port');
  }
  let host = rest.slice(0, colon);
  if (host.startsWith('[') && host.endsWith(']')) host = host.slice(1, -1);
  if (host === 'localhost') host = '127.0.0.1';
  if (host === '') host = '0.0.0.0';
  return { type: 'tcp', host, port };
}

/** What an operator does about a URL that the system gave an `error` for. */
export function listenAdvice(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'stop the process that has it, or name another URL';
    case 'EADDRNOTAVAIL':
      return 'name an address of this machine, or 0.0.0.0 for all';
    case 'EACCES':
      return 'name a port above 1023, or a directory that may be written';
    default:
      return 'name another URL';
  }
}
