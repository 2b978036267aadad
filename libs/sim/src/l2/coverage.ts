/** How often each kind of operation met each kind of end, so that a generator that stops producing one
 *  is noticed. */
export class Coverage {
  readonly counts = new Map<string, number>();

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  add(other: Coverage): void {
    for (const [what, n] of other.counts) {
      this.counts.set(what, (this.counts.get(what) ?? 0) + n);
    }
  }

  /** Those of `wanted` that never happened; each is a prefix of what was counted. */
  missing(wanted: readonly string[]): string[] {
    const seen = [...this.counts.keys()];
    return wanted.filter((prefix) => !seen.some((what) => what.startsWith(prefix)));
  }
}
