import { TRACE_CONTEXT_BYTES, assertEq, assertLt } from '@conclave/base';
import type { Index, TraceSpan, Tracer } from '@conclave/base';
import { traceOfEntry } from '@conclave/wire';
import type { Entry } from '@conclave/wire';

/** Traced entries between append and apply; more are written and applied without spans. */
const ENTRIES_MAX = 1_024;

/** Where one traced entry is on this member. A span is null when its stage is over or not begun. */
interface EntryTrace {
  readonly index: Index;
  /** The bytes in the entry that name the trace. */
  readonly context: Uint8Array;
  write: TraceSpan | null;
  /** Only on the leader. */
  replicate: TraceSpan | null;
  apply: TraceSpan | null;
}

/**
 * The spans of traced entries on one member: `log write` until it is durable here, on the leader
 * `replicate` until it is committed, `apply` from then on until it is applied, queue included.
 *
 * The context comes with the entry, so it does not matter which member the client asked: leader and
 * followers alike add their spans to its trace. Made only where traces are on. An entry that is not
 * traced costs a few byte compares, also while others are held: no look-up by its index.
 *
 * Invariants: at most `ENTRIES_MAX` are held, indexes ascending; each span begun is ended, at the latest
 * by `clear`.
 */
export class EntryTraces {
  readonly #tracer: Tracer;
  readonly #held = new Map<Index, EntryTrace>();
  /** Indexes of the first and the last one held; none: nothing is below the first, all above the last. */
  #lowest: Index = Number.POSITIVE_INFINITY;
  #highest: Index = 0;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  get size(): number {
    return this.#held.size;
  }

  /** These go to the log now. Answers the traced ones for `written`; null: there is none. */
  appending(entries: readonly Entry[], isLeader: boolean): readonly EntryTrace[] | null {
    let traced: EntryTrace[] | null = null;
    const first = entries[0];
    // What an earlier term had from this index on is no more.
    if (first !== undefined && first.index <= this.#highest) this.#dropFrom(first.index);
    for (const entry of entries) {
      const context = traceOfEntry(entry.data);
      if (context === null || this.#held.size >= ENTRIES_MAX) continue;
      const one = this.#begin(entry, context, isLeader);
      if (one === null) continue;
      traced ??= [];
      traced.push(one);
    }
    return traced;
  }

  /** What `appending` answered is durable here. */
  written(traced: readonly EntryTrace[]): void {
    for (const one of traced) {
      one.write?.end();
      one.write = null;
    }
  }

  /** In order, without gaps. */
  committed(entries: readonly Entry[]): void {
    const last = entries[entries.length - 1];
    if (last === undefined || last.index < this.#lowest) return;
    const lowest = (entries[0] as Entry).index;
    for (const one of this.#held.values()) {
      if (one.index > last.index) return;
      if (one.index < lowest) continue;
      one.replicate?.end();
      one.replicate = null;
      one.apply = this.#span(one.context, 'apply', one.index);
    }
  }

  applied({ index }: Entry): void {
    if (index < this.#lowest) return;
    const one = this.#held.get(index);
    if (one !== undefined) this.#drop(one, '');
  }

  /** A snapshot took the place of what is held, or the member stops. */
  clear(): void {
    for (const one of this.#held.values()) this.#drop(one, 'ended by a snapshot or a stop');
  }

  #begin(entry: Entry, context: Uint8Array, isLeader: boolean): EntryTrace | null {
    assertEq(context.length, TRACE_CONTEXT_BYTES, 'EntryTraces: a context is of one length');
    const { index } = entry;
    const write = this.#span(context, 'log write', index);
    if (write === null) return null;
    write.set('conclave.entry.bytes', entry.data.length);
    const replicate = isLeader ? this.#span(context, 'replicate', index) : null;
    const one: EntryTrace = { index, context, write, replicate, apply: null };
    assertLt(this.#highest, index, 'EntryTraces: one entry at an index, in order');
    this.#held.set(index, one);
    this.#highest = index;
    this.#lowest = Math.min(this.#lowest, index);
    return one;
  }

  #span(context: Uint8Array, name: string, index: Index): TraceSpan | null {
    const span = this.#tracer.resume(context, name);
    span?.set('conclave.entry.index', index);
    return span;
  }

  #dropFrom(first: Index): void {
    for (const one of this.#held.values()) if (one.index >= first) this.#drop(one, 'overwritten');
    this.#highest = 0;
    for (const index of this.#held.keys()) this.#highest = index;
  }

  #drop(one: EntryTrace, failure: string): void {
    this.#held.delete(one.index);
    if (one.index === this.#lowest) {
      const next = this.#held.keys().next();
      this.#lowest = next.done === true ? Number.POSITIVE_INFINITY : next.value;
    }
    // Committed by others before this member's own write of it is done: that span ends by itself.
    if (failure !== '') {
      one.write?.end(failure);
      one.write = null;
    }
    one.replicate?.end(failure);
    one.apply?.end(failure);
  }
}
