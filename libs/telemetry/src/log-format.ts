/**
 * One log line: a JSON object with zap's field names, in zap's order, or zap's console form.
 */
import type { LogFields, LogLevel } from '@conclave/base';

export type LogFormat = 'json' | 'console';

/** Levels by weight; `--log-level` also takes etcd's `panic` and `dpanic`, which mean `fatal` here. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal'];

const TEXT_CHARS_MAX = 16 * 1024;

function cut(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX)}...`;
}

function jsonValue(value: string | number | boolean | bigint | null): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cut(value));
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    default:
      return String(value);
  }
}

function jsonFields(fields: LogFields): string {
  let out = '';
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'caller') continue;
    out += `,${JSON.stringify(name)}:${jsonValue(value)}`;
  }
  return out;
}

/** The line, with its end. `wallMs` becomes RFC 3339 with milliseconds. */
export function formatLine(
  format: LogFormat,
  wallMs: number,
  level: LogLevel,
  caller: string,
  message: string,
  fields: LogFields,
): string {
  const ts = new Date(wallMs).toISOString();
  const rest = jsonFields(fields);
  if (format === 'json') {
    const head = `{"level":"${level}","ts":"${ts}","caller":${JSON.stringify(caller)}`;
    return `${head},"msg":${JSON.stringify(cut(message))}${rest}}\n`;
  }
  const text = cut(message).replaceAll('\n', '\\n');
  const tail = rest === '' ? '' : `\t{${rest.slice(1)}}`;
  return `${ts}\t${level}\t${caller}\t${text}${tail}\n`;
}
