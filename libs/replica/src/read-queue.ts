import { BoundedQueue } from '@conclave/base';
import type { Index, Probe, TraceSpan } from '@conclave/base';
import type { Cancel, ReplicaErrorCode } from './types.js';

/** Reads waiting for their index, and batches under way; more are refused. */
const READS_MAX = 65_536;
const BATCHES_MAX = 64;
/** etcd's read-index retry. */
const RETRY_MS = 500;

interface Read {
  readonly deadlineMs: number;
  done: ((error: ReplicaErrorCode | null) => void) | null;
  /** What the read waits for now; null: it is not traced. */
  span: TraceSpan | null;
  readonly trace: TraceSpan | null;
}

interface Batch {
  context: number;
  askedMs: number;
  /** False: no leader was known when it was to be asked. */
  asked: boolean;
  readonly reads: Read[];
}

/** Reads confirmed at `index`, not applied so far yet. */
interface Confirmed {
  readonly index: Index;
  readonly reads: Read[];
}

export interface ReadPorts {
  /** False: no leader is known; ask again later. */
  ask(context: number): boolean;
  applied(): Index;
  readonly probe: Probe;
}

/**
 * Linearizable reads (thesis 6.4): all reads that arrive in one turn share one read index. A context
 * number is never reused, not by a retry either: a late answer to an old number finds nobody.
 */
export class ReadQueue {
  readonly #ports: ReadPorts;
  #gathering: Read[] = [];
  readonly #batches = new Map<number, Batch>();
  readonly #confirmed = new BoundedQueue<Confirmed>(BATCHES_MAX * 1_024);
  #context = 0;
  #size = 0;

  constructor(ports: ReadPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#size;
  }

  /** The caller sees to it that `flush` is called in this turn. */
  add(
    deadlineMs: number,
    done: (error: ReplicaErrorCode | null) => void,
    trace: TraceSpan | null = null,
  ): Cancel {
    if (this.#size >= READS_MAX) {
      done('too-many-requests');
      return () => undefined;
    }
    this.#size++;
    const span = trace === null ? null : trace.child('read index');
    const read: Read = { deadlineMs, done, span, trace };
    this.#gathering.push(read);
    return () => {
      if (read.done) {
        read.done = null;
        read.span?.end('cancelled');
        this.#size--;
      }
    };
  }

  /** Asks for an index for everything gathered. */
  flush(nowMs: number): void {
    if (this.#gathering.length === 0 || this.#batches.size >= BATCHES_MAX) return;
    const batch: Batch = { context: 0, askedMs: nowMs, asked: false, reads: this.#gathering };
    this.#gathering = [];
    this.#ask(batch, nowMs);
  }

  confirmed(context: number, index: Index): void {
    const batch = this.#batches.get(context);
    if (!batch) return;
    this.#batches.delete(context);
    if (this.#ports.applied() >= index) {
      this.#finish(batch.reads, null);
      return;
    }
    for (const read of batch.reads) if (read.span !== null) waitForApply(read);
    if (!this.#confirmed.push({ index, reads: batch.reads })) {
      this.#finish(batch.reads, 'too-many-requests');
    }
  }

  applied(index: Index): void {
    for (let first = this.#confirmed.peek(); first; first = this.#confirmed.peek()) {
      if (first.index > index) return;
      this.#confirmed.shift();
      this.#finish(first.reads, null);
    }
  }

  /** Lost to a leader change. */
  dropped(contexts: readonly number[]): void {
    for (const context of contexts) {
      const batch = this.#batches.get(context);
      if (!batch) continue;
      this.#batches.delete(context);
      this.#ports.probe.count('etcd_server_read_indexes_failed_total');
      this.#finish(batch.reads, 'leader-changed');
    }
  }

  /** A leader is known again: asks for those that could not be asked. */
  leaderKnown(nowMs: number): void {
    for (const batch of [...this.#batches.values()]) {
      if (batch.asked) continue;
      this.#batches.delete(batch.context);
      this.#ask(batch, nowMs);
    }
  }

  /** Retries under new numbers, fails what is past its deadline. */
  poll(nowMs: number): void {
    for (const batch of [...this.#batches.values()]) {
      this.#expire(batch.reads, nowMs);
      if (batch.reads.every((read) => read.done === null)) {
        this.#batches.delete(batch.context);
      } else if (nowMs - batch.askedMs >= RETRY_MS) {
        this.#batches.delete(batch.context);
        this.#ports.probe.count('etcd_server_slow_read_indexes_total');
        this.#ask(batch, nowMs);
      }
    }
    this.#expire(this.#gathering, nowMs);
    this.flush(nowMs);
  }

  /** Deadlines of reads that only wait for apply; apply runs on, so a slower beat is enough. */
  pollConfirmed(nowMs: number): void {
    for (let n = this.#confirmed.length; n > 0; n--) {
      const entry = this.#confirmed.shift() as Confirmed;
      this.#expire(entry.reads, nowMs);
      this.#confirmed.push(entry);
    }
  }

  failAll(error: ReplicaErrorCode): void {
    const gathered = this.#gathering;
    this.#gathering = [];
    this.#finish(gathered, error);
    for (const batch of [...this.#batches.values()]) this.#finish(batch.reads, error);
    this.#batches.clear();
    for (let e = this.#confirmed.shift(); e; e = this.#confirmed.shift()) {
      this.#finish(e.reads, error);
    }
  }

  #ask(batch: Batch, nowMs: number): void {
    batch.context = ++this.#context;
    batch.askedMs = nowMs;
    this.#batches.set(batch.context, batch);
    batch.asked = this.#ports.ask(batch.context);
  }

  #expire(reads: readonly Read[], nowMs: number): void {
    for (const read of reads) if (read.done && read.deadlineMs <= nowMs) this.#end(read, 'timeout');
  }

  #finish(reads: readonly Read[], error: ReplicaErrorCode | null): void {
    for (const read of reads) this.#end(read, error);
  }

  #end(read: Read, error: ReplicaErrorCode | null): void {
    const done = read.done;
    if (!done) return;
    read.done = null;
    read.span?.end(error ?? '');
    this.#size--;
    done(error);
  }
}

/** The index is known; now this member must catch up with it. */
function waitForApply(read: Read): void {
  if (read.done === null) return;
  read.span?.end();
  read.span = read.trace === null ? null : read.trace.child('apply wait');
}
