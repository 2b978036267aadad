/**
 * The little language of gofail's terms (FreeBSD's fail(9)), such as `5*sleep(10)->50.0%panic`:
 *
 *     terms := term ("->" term)*        the first term whose modifiers all allow it acts
 *     term  := (float "%" | int "*")* action ["(" value ")"]
 *     action := off | return | sleep | panic | break | print
 *     value := int | "text" | true | false | nothing
 *
 * Invariant: a count is used up only by an evaluation that came to it; what is spent stays spent.
 */

/** What a failpoint answers to the code it stands in; null: nothing. */
export type FailpointValue = number | string | boolean | null;

/** What terms may do to the process. */
export interface TermPorts {
  /** Uniform in [0, 1). */
  random(): number;
  /** Blocks the thread. */
  sleep(ms: number): void;
  /** Ends the process. */
  panic(message: string): never;
  print(line: string): void;
}

type Action = 'off' | 'return' | 'sleep' | 'panic' | 'break' | 'print';

interface Modifier {
  readonly kind: 'count' | 'chance';
  /** Evaluations left, or the chance in [0, 1]. */
  left: number;
}

interface Term {
  readonly modifiers: readonly Modifier[];
  readonly action: Action;
  readonly value: FailpointValue;
}

const TERM =
  /^((?:\d+\*|\d+\.\d*%)*)(off|return|sleep|panic|break|print)(?:\((\d+|-\d+|true|false|"(?:[^"\\\n]|\\.)*"|)\))?/;
const MODIFIER = /(\d+)\*|(\d+\.\d*)%/g;
const TEXT_MAX = 4_096;
const DURATION = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/y;
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

export class Terms {
  readonly text: string;
  readonly #name: string;
  readonly #chain: readonly Term[];
  readonly #ports: TermPorts;
  /** Evaluations that came to a term, as gofail counts them. */
  count = 0;

  private constructor(name: string, text: string, chain: readonly Term[], ports: TermPorts) {
    this.#name = name;
    this.text = text;
    this.#chain = chain;
    this.#ports = ports;
  }

  /** Null if `text` is not a chain of terms. */
  static parse(name: string, text: string, ports: TermPorts): Terms | null {
    if (text.length === 0 || text.length > TEXT_MAX) return null;
    const chain: Term[] = [];
    for (let rest = text; ;) {
      const found = TERM.exec(rest);
      if (found === null) return null;
      const [whole, modifiers = '', action, value] = found;
      const parsed = parseValue(value);
      if (parsed === undefined) return null;
      chain.push({
        modifiers: parseModifiers(modifiers),
        action: action as Action,
        value: parsed,
      });
      rest = rest.slice(whole.length);
      if (rest === '') return new Terms(name, text, chain, ports);
      if (!rest.startsWith('->')) return null;
      rest = rest.slice(2);
    }
  }

  evaluate(): FailpointValue {
    for (const term of this.#chain) {
      if (!term.modifiers.every((m) => this.#allows(m))) continue;
      this.count++;
      return this.#act(term);
    }
    return null;
  }

  #allows(modifier: Modifier): boolean {
    if (modifier.kind === 'chance') return this.#ports.random() < modifier.left;
    if (modifier.left === 0) return false;
    modifier.left--;
    return true;
  }

  #act({ action, value }: Term): FailpointValue {
    switch (action) {
      case 'off':
        return null;
      case 'return':
        // As gofail's empty struct: hit, without a value.
        return value ?? true;
      case 'panic':
        return this.#ports.panic(`failpoint panic: ${value ?? this.#name}`);
      case 'sleep':
        this.#sleep(value);
        return null;
      case 'break':
      case 'print':
        this.#ports.print(`failpoint print: ${this.#name}`);
        return null;
    }
  }

  #sleep(value: FailpointValue): void {
    const ms = typeof value === 'string' ? durationMs(value) : value;
    if (typeof ms === 'number' && ms >= 0) this.#ports.sleep(ms);
    else this.#ports.print(`failpoint: ignoring sleep(${value ?? ''}) on ${this.#name}`);
  }
}

function parseModifiers(text: string): Modifier[] {
  return [...text.matchAll(MODIFIER)].map(([, count, percent]) =>
    count === undefined
      ? { kind: 'chance', left: Number(percent) / 100 }
      : { kind: 'count', left: Number(count) },
  );
}

/** Undefined: a text that is none. */
function parseValue(text: string | undefined): FailpointValue | undefined {
  if (text === undefined || text === '') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (!text.startsWith('"')) return Number(text);
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

/** Go's form, such as `1m30s`; null if it is none. */
function durationMs(text: string): number | null {
  if (text === '0') return 0;
  let ms = 0;
  DURATION.lastIndex = 0;
  do {
    const from = DURATION.lastIndex;
    const found = DURATION.exec(text);
    if (found === null || found.index !== from) return null;
    ms += Number(found[1]) * (UNIT_MS[found[2] as string] as number);
  } while (DURATION.lastIndex < text.length);
  return ms;
}
