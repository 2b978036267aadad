/** What tokens and member ids may look like, and the texts made of what members registered. */

/** Generated tokens are 32 hex digits; an operator may choose others. Shorter names are ours. */
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_-]{7,63}$/;
/** etcd writes its id as hex; `_` begins what is hidden. */
const MEMBER_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const NAMES_MAX = 16;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isMemberId(text: string): boolean {
  return MEMBER_ID.test(text);
}

export interface NamedUrls {
  readonly name: string;
  readonly peerURLs: readonly string[];
}

/** `name=url[,name=url2]`, as one member registers; null if it is anything else. */
export function parseRegistration(value: string): NamedUrls | null {
  const parts = value.split(',');
  if (parts.length > NAMES_MAX) return null;
  let name = '';
  const peerURLs: string[] = [];
  for (const part of parts) {
    const at = part.indexOf('=');
    const given = part.slice(0, at).trim();
    const url = part.slice(at + 1).trim();
    if (at < 1 || given === '' || !/^(https?|unixs?):\/\/\S+$/.test(url)) return null;
    if (name !== '' && given !== name) return null;
    name = given;
    peerURLs.push(url);
  }
  return { name, peerURLs };
}

/** As etcd writes it: pairs in the order of names, each name's URLs in the order of URLs. */
export function registrationOf(name: string, peerURLs: readonly string[]): string {
  return [...peerURLs]
    .sort()
    .map((url) => `${name}=${url}`)
    .join(',');
}
