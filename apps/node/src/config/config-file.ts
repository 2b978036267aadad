import { parse } from 'yaml';
import { ALIASES, FLAGS, OBSOLETE } from './flag-table.js';
import { checkValue } from './flag-values.js';
import { nearest } from './parse.js';
import type { ParseResult } from './parse.js';

/** Nested sections of etcd's file and the flag each key stands for. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'client-transport-security': {
    'cert-file': 'cert-file',
    'key-file': 'key-file',
    'client-cert-file': 'client-cert-file',
    'client-key-file': 'client-key-file',
    'client-cert-auth': 'client-cert-auth',
    'trusted-ca-file': 'trusted-ca-file',
    'auto-tls': 'auto-tls',
    'allowed-hostname': 'client-cert-allowed-hostname',
  },
  'peer-transport-security': {
    'cert-file': 'peer-cert-file',
    'key-file': 'peer-key-file',
    'client-cert-file': 'peer-client-cert-file',
    'client-key-file': 'peer-client-key-file',
    'client-cert-auth': 'peer-client-cert-auth',
    'trusted-ca-file': 'peer-trusted-ca-file',
    'auto-tls': 'peer-auto-tls',
    'allowed-cn': 'peer-cert-allowed-cn',
    'allowed-hostname': 'peer-cert-allowed-hostname',
    'skip-client-san-verification': 'peer-skip-client-san-verification',
  },
  'discovery-config': {
    token: 'discovery-token',
    'client.endpoints': 'discovery-endpoints',
    'client.dial-timeout': 'discovery-dial-timeout',
    'client.request-timeout': 'discovery-request-timeout',
    'client.keepalive-time': 'discovery-keepalive-time',
    'client.keepalive-timeout': 'discovery-keepalive-timeout',
    'client.secure.cert': 'discovery-cert',
    'client.secure.key': 'discovery-key',
    'client.secure.cacert': 'discovery-cacert',
    'client.secure.insecure-transport': 'discovery-insecure-transport',
    'client.secure.insecure-skip-tls-verify': 'discovery-insecure-skip-tls-verify',
    'client.auth.username': 'discovery-user',
    'client.auth.password': 'discovery-password',
  },
};

/**
 * Settings from a YAML or JSON file with flag names for keys (spec 6.1). Durations may be integer
 * nanoseconds; `log-outputs` may be a list. An unknown key is an error that names the nearest one.
 */
export function settingsOfFile(text: string): ParseResult {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    return fail(`cannot parse the config file: ${(error as Error).message.split('\n')[0]}`);
  }
  if (document === null || document === undefined) document = {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    return fail('the config file must hold a mapping of flag names to values');
  }
  const settings = new Map<string, string>();
  for (const [key, value] of Object.entries(document as Record<string, unknown>)) {
    const section = SECTIONS[key];
    const fault = section
      ? readSection(settings, key, section, value)
      : readKey(settings, key, ALIASES.get(key) ?? key, value);
    if (fault) return fail(fault);
  }
  return { ok: true, settings, warnings: [] };
}

function fail(message: string): ParseResult {
  return { ok: false, message, exitCode: 1 };
}

function readSection(
  settings: Map<string, string>,
  name: string,
  section: Readonly<Record<string, string>>,
  value: unknown,
  below = '',
): string | null {
  if (value === null) return null;
  if (typeof value !== 'object') {
    return `config file: ${`${name}.${below}`.slice(0, -1)} must be a mapping`;
  }
  for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
    const path = `${below}${key}`;
    const flag = section[path];
    let fault: string | null;
    if (flag) fault = readKey(settings, `${name}.${path}`, flag, inner);
    else if (Object.keys(section).some((known) => known.startsWith(`${path}.`))) {
      fault = readSection(settings, name, section, inner, `${path}.`);
    } else fault = `config file: unknown key ${name}.${path}`;
    if (fault) return fault;
  }
  return null;
}

function readKey(
  settings: Map<string, string>,
  key: string,
  name: string,
  value: unknown,
): string | null {
  if (OBSOLETE.has(name) || value === null) return null;
  const flag = FLAGS.get(name);
  if (!flag) {
    const near = nearest(key, [...FLAGS.keys()]);
    return `config file: unknown key ${key}${near ? ` (did you mean ${near}?)` : ''}`;
  }
  let text = Array.isArray(value) ? value.join(',') : String(value);
  if (flag.type === 'duration' && typeof value === 'number') text = `${value}ns`;
  const checked = checkValue(flag, text);
  if (!checked.ok) return `config file: ${key}: ${checked.reason}`;
  settings.set(flag.name, checked.value);
  return null;
}
