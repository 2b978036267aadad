/** Who waits for a change of which token. Callers bound how many wait at a time. */
export class ChangeHub {
  readonly #waiting = new Map<string, Set<() => void>>();

  watch(token: string, changed: () => void): () => void {
    const waiting = this.#waiting.get(token) ?? new Set();
    this.#waiting.set(token, waiting);
    waiting.add(changed);
    return () => {
      waiting.delete(changed);
      if (waiting.size === 0 && this.#waiting.get(token) === waiting) this.#waiting.delete(token);
    };
  }

  /** Copied first: who is told may stop or begin to wait. */
  notify(token: string): void {
    for (const changed of [...(this.#waiting.get(token) ?? [])]) changed();
  }

  /** After a gap in what is known of changes, everybody looks again. */
  notifyAll(): void {
    for (const token of [...this.#waiting.keys()]) this.notify(token);
  }
}
