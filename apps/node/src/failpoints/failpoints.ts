import { FAILPOINT_NAMES, type FailpointName } from './names.js';
import { type FailpointValue, type TermPorts, Terms } from './terms.js';

/** gofail's texts. */
export const NO_FAILPOINT = 'failpoint: failpoint does not exist';
export const FAILPOINT_DISABLED = 'failpoint: failpoint is disabled';

/** All failpoints of this process and what each is set to. */
export class Failpoints {
  readonly #terms = new Map<string, Terms | null>();
  readonly #ports: TermPorts;

  constructor(ports: TermPorts) {
    this.#ports = ports;
    for (const name of FAILPOINT_NAMES) this.#terms.set(name, null);
  }

  /** Called where the failpoint stands. */
  hit(name: FailpointName): FailpointValue {
    return this.#terms.get(name)?.evaluate() ?? null;
  }

  /** False: no such failpoint, or not terms; then nothing has changed. */
  enable(name: string, text: string): boolean {
    if (!this.#terms.has(name)) return false;
    const terms = Terms.parse(name, text, this.#ports);
    if (terms === null) return false;
    this.#terms.set(name, terms);
    return true;
  }

  /** Several at once, `name=terms;name=terms`; none is set if one is wrong. */
  enableAll(text: string): boolean {
    const wanted = new Map<string, Terms>();
    for (const one of text.split(';')) {
      if (one === '') continue;
      const at = one.indexOf('=');
      const name = one.slice(0, Math.max(at, 0));
      const terms = Terms.parse(name, one.slice(at + 1), this.#ports);
      if (terms === null || !this.#terms.has(name)) return false;
      wanted.set(name, terms);
    }
    for (const [name, terms] of wanted) this.#terms.set(name, terms);
    return true;
  }

  /** Null when done, or why not. */
  disable(name: string): string | null {
    const terms = this.#terms.get(name);
    if (terms === undefined) return NO_FAILPOINT;
    if (terms === null) return FAILPOINT_DISABLED;
    this.#terms.set(name, null);
    return null;
  }

  /** Its terms and how often they acted; a text says why there are none. */
  status(name: string): { readonly text: string; readonly count: number } | string {
    const terms = this.#terms.get(name);
    if (terms === undefined) return NO_FAILPOINT;
    return terms ?? FAILPOINT_DISABLED;
  }

  /** `name=terms` lines, sorted. */
  list(): string[] {
    const names = [...this.#terms.keys()].sort();
    return names.map((name) => `${name}=${this.#terms.get(name)?.text ?? ''}`);
  }
}
