/**
 * Request targets: path and query apart, and paths in clean form (`//`, `/./` and `/../` are not).
 */

export interface HttpTarget {
  /** Percent-decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** With its `?`, as it was sent; empty if there is none. */
  readonly rawQuery: string;
}

const HOST_AHEAD = /^https?:\/\/[^/?#]*/i;

/** Null if the target is no path or cannot be decoded. */
export function parseTarget(target: string): HttpTarget | null {
  const local = target.replace(HOST_AHEAD, '');
  const mark = local.indexOf('?');
  const rawPath = mark < 0 ? local : local.slice(0, mark);
  const rawQuery = mark < 0 ? '' : local.slice(mark);
  if (!rawPath.startsWith('/') && rawPath !== '*') return null;
  try {
    const path = decodeURIComponent(rawPath);
    return { path, query: new URLSearchParams(rawQuery), rawQuery };
  } catch {
    return null;
  }
}

/** The shortest path with the same meaning; an end in `/` is kept. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const clean = `/${parts.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}
