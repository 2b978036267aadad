import { TRACE_CONTEXT_BYTES, assert, assertEq } from '@conclave/base';
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
 * followers alike add their spans to its trace. Made only where traces are on; without a traced entry
 * in the log it costs a few byte compares an entry.
 *
 * Invariants: at most `ENTRIES_MAX` are held; each span begun is ended, at the latest by `clear`.
 */
export class EntryTraces {
  readonly #tracer: Tracer;
  readonly #held = new Map<Index, EntryTrace>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  get size(): number {
    return this.#held.size;
  }

  /** These go to the log now. Answers the traced ones for `written`; null: there is none. */
  appending(entries: readonly Entry[], isLeader: boolean): readonly EntryTrace[] | null {
    let traced: EntryTrace[] | null = null;
    for (const entry of entries) {
      // An entry of an earlier term at this index is overwritten.
      if (this.#held.size > 0) this.#drop(entry.index, 'overwritten');
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

  committed(entries: readonly Entry[]): void {
    if (this.#held.size === 0) return;
    for (const { index } of entries) {
      const one = this.#held.get(index);
      if (one === undefined) continue;
      one.replicate?.end();
      one.replicate = null;
      one.apply = this.#span(one.context, 'apply', index);
    }
  }

  applied(entry: Entry): void {
    if (this.#held.size > 0) this.#drop(entry.index, '');
  }

  /** A snapshot took the place of what is held, or the member stops. */
  clear(): void {
    for (const index of this.#held.keys()) this.#drop(index, 'ended by a snapshot or a stop');
  }

  #begin(entry: Entry, context: Uint8Array, isLeader: boolean): EntryTrace | null {
    assertEq(context.length, TRACE_CONTEXT_BYTES, 'EntryTraces: a context is of one length');
    const { index } = entry;
    const write = this.#span(context, 'log write', index);
    if (write === null) return null;
    write.set('conclave.entry.bytes', entry.data.length);
    const replicate = isLeader ? this.#span(context, 'replicate', index) : null;
    const one: EntryTrace = { index, context, write, replicate, apply: null };
    assert(!this.#held.has(index), 'EntryTraces: one entry at an index');
    this.#held.set(index, one);
    return one;
  }

  #span(context: Uint8Array, name: string, index: Index): TraceSpan | null {
    const span = this.#tracer.resume(context, name);
    span?.set('conclave.entry.index', index);
    return span;
  }

  #drop(index: Index, failure: string): void {
    const one = this.#held.get(index);
    if (one === undefined) return;
    this.#held.delete(index);
    // Committed by others before this member's own write of it is done: that span ends by itself.
    if (failure !== '') {
      one.write?.end(failure);
      one.write = null;
    }
    one.replicate?.end(failure);
    one.apply?.end(failure);
  }
}
