import type { Flag } from './flag-table.js';

/** One value, checked for its type as Go's flag package does; `null` with the reason if it is not. */
export type CheckedValue =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's boolean syntax; null if it is none. */
export function parseBool(text: string): boolean | null {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  return null;
}

/** A Go duration (`1m30s`, `1.5h`, `-5ms`, `0`) in milliseconds; null if it is none. */
export function parseDurationMs(text: string): number | null {
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0;
  if (rest === '') return null;
  let total = 0;
  while (rest !== '') {
    const part = /^(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (!part) return null;
    total += Number(part[1]) * (UNIT_MS[part[2] as string] as number);
    rest = rest.slice(part[0].length);
  }
  return negative ? -total : total;
}

/** A URL etcd would listen on or advertise; null with the reason in etcd's words. */
export function urlFault(text: string): string | null {
  const match = /^([a-z]+):\/\/([^/?#]*)(.*)$/i.exec(text.trim());
  if (!match || !['http', 'https', 'unix', 'unixs'].includes((match[1] as string).toLowerCase())) {
    return `URL scheme must be http, https, unix, or unixs: ${text}`;
  }
  const [, scheme, host, path] = match as unknown as [string, string, string, string];
  if (scheme.startsWith('unix')) return null;
  if (!/^(\[[^\]]+\]|[^:]*):\d+$/.test(host)) {
    return `URL address does not have the form "host:port": ${text}`;
  }
  if (path !== '' && path !== '/') return `URL must not contain a path: ${text}`;
  return null;
}

/** Checks `text` for `flag`; the value is normalised (`true`/`false` for booleans). */
export function checkValue(flag: Flag, text: string): CheckedValue {
  switch (flag.type) {
    case 'bool': {
      const value = parseBool(text);
      return value === null ? bad('parse error') : good(String(value));
    }
    case 'int':
      return /^[+-]?(0x[\da-f]+|\d+)$/i.test(text)
        ? good(String(Number(text)))
        : bad('parse error');
    case 'uint':
      return /^\+?(0x[\da-f]+|\d+)$/i.test(text) ? good(String(Number(text))) : bad('parse error');
    case 'float':
      return text !== '' && Number.isFinite(Number(text)) ? good(text) : bad('parse error');
    case 'duration':
      return parseDurationMs(text) === null ? bad('parse error') : good(text);
    case 'urls': {
      if (text === '') return good('');
      for (const url of text.split(',')) {
        const fault = urlFault(url);
        if (fault) return bad(fault);
      }
      return good(text);
    }
    case 'enum':
      return flag.values?.includes(text) ? good(text) : bad('invalid value');
    case 'string':
    case 'list':
      return good(text);
  }
}

function good(value: string): CheckedValue {
  return { ok: true, value };
}

function bad(reason: string): CheckedValue {
  return { ok: false, reason };
}
