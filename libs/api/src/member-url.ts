/**
 * Peer URLs as etcd takes them (spec 2.9): http or https with host and port and no path, or unix and
 * unixs with anything behind. Linear scans only: the text comes from outside.
 */
const URL_BYTES_MAX = 2_048;
const URLS_MAX = 128;

/** Trimmed and sorted; null when the list is empty or one of them is no peer URL. */
export function parsePeerUrls(urls: readonly string[]): readonly string[] | null {
  if (urls.length === 0 || urls.length > URLS_MAX) return null;
  const trimmed = urls.map((url) => url.trim());
  return trimmed.every(isPeerUrl) ? trimmed.sort() : null;
}

function isPeerUrl(url: string): boolean {
  if (url.length > URL_BYTES_MAX) return false;
  const at = url.indexOf('://');
  if (at < 0) return false;
  const scheme = url.slice(0, at).toLowerCase();
  const rest = url.slice(at + 3);
  if (scheme === 'unix' || scheme === 'unixs') return rest.length > 0;
  if (scheme !== 'http' && scheme !== 'https') return false;
  return isHostAndPort(rest);
}

function isHostAndPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || !isPort(text.slice(colon + 1))) return false;
  let host = text.slice(0, colon);
  if (host.startsWith('[') && host.endsWith(']')) host = host.slice(1, -1);
  else if (host.includes(':')) return false;
  for (let i = 0; i < host.length; i++) if (!isHostUnit(host.charCodeAt(i))) return false;
  return true;
}

function isPort(text: string): boolean {
  if (text.length === 0 || text.length > 5) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return Number(text) <= 65_535;
}

/** No control characters, blanks, or anything that begins another part of a URL. */
function isHostUnit(c: number): boolean {
  return c > 0x20 && c !== 0x7f && !'/?#@[]<>"\\^`{|}'.includes(String.fromCharCode(c));
}
