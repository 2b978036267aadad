/**
 * Flags and words of a command line, as etcdctl takes them: `--f v`, `--f=v`, one dash for two, `-w v`;
 * the last one wins; words may stand between flags.
 */

/** What a command takes. */
export interface FlagSpec {
  readonly values: readonly string[];
  readonly switches: readonly string[];
  /** One letter to the flag it stands for. */
  readonly short?: Readonly<Record<string, string>>;
}

export interface Flags {
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** A text is what is wrong. */
export function readFlags(args: readonly string[], spec: FlagSpec): Flags | string {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--') {
      words.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const match = /^--?([a-z][a-z-]*)(?:=([\s\S]*))?$/.exec(arg);
    if (match === null) return `unexpected ${arg}`;
    const given = match[1] as string;
    const name = spec.short?.[given] ?? given;
    const inline = match[2];
    if (spec.switches.includes(name)) {
      if (inline === 'false') switches.delete(name);
      else if (inline === undefined || inline === 'true') switches.add(name);
      else return `--${name} takes no value, or true or false, not ${inline}`;
    } else if (spec.values.includes(name)) {
      const value = inline ?? args[++i];
      if (value === undefined) return `--${name} needs a value`;
      values.set(name, value);
    } else return `unknown flag --${given}`;
  }
  return { values, switches, words };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const DURATION_PART = /(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)/y;

/** A Go duration (`5s`, `1m30s`) in milliseconds; null if it is none. */
export function durationMs(text: string): number | null {
  let total = 0;
  DURATION_PART.lastIndex = 0;
  while (DURATION_PART.lastIndex < text.length) {
    const part = DURATION_PART.exec(text);
    if (part === null) return null;
    total += Number(part[1]) * (UNIT_MS[part[2] as string] as number);
  }
  return text === '' ? null : total;
}
