import type { Engine, Index } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import type { Machine } from '@conclave/statemachine';
import type { ReplicaOptions, ReplicaPorts } from './options.js';

/** Applied bytes that start a batch at once; less waits until the last one began so long ago. */
const BATCH_BYTES = 256 * 1024;
const BATCH_MS = 50;

export interface StateWriterEvents {
  /** How far the log may be cut, when it is to be cut so far. */
  cutLimit(wanted: Index): Index;
  /** The log was cut. */
  cut(): void;
  batchDone(): void;
}

/**
 * Carries what was applied into the engine, and cuts the log behind it.
 *
 * One batch is in flight; what is applied meanwhile forms the next. Nobody waits for a batch, so a small
 * one waits for company: a batch costs the same whether it holds one write or a hundred. A finished
 * batch is not durable: the engine's own WAL is never trusted. A flush is asked for every `flushBytes`
 * or `flushIntervalMs`, and the log is cut only behind the applied index noted before a flush that has
 * returned, and not where another member will go on (`LogHold`).
 *
 * Invariant: cut <= flushed <= written <= applied.
 */
export class StateWriter {
  readonly #options: ReplicaOptions;
  readonly #ports: Pick<ReplicaPorts, 'machine' | 'probe' | 'fatal' | 'clock'>;
  readonly #events: StateWriterEvents;
  #engine: Engine;
  readonly #log: DurableLog;
  #writing = false;
  #flushing = false;
  #cutting = false;
  #stopped = false;
  #bytesSinceFlush = 0;
  #changedMs: number | null = null;
  /** When `poll` last looked for something to write. */
  #kickedMs = Number.NEGATIVE_INFINITY;
  #written: Index;
  #flushed: Index;
  readonly #idle: (() => void)[] = [];

  constructor(
    options: ReplicaOptions,
    ports: ReplicaPorts,
    applied: Index,
    events: StateWriterEvents,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#engine = ports.engine;
    this.#log = ports.log;
    this.#written = applied;
    this.#flushed = applied;
    this.#events = events;
  }

  get engine(): Engine {
    return this.#engine;
  }

  get busy(): boolean {
    return this.#writing || this.#flushing || this.#cutting;
  }

  get machine(): Machine {
    return this.#ports.machine;
  }

  /** Something was applied: starts a batch if that is worth one by now. */
  offer(): void {
    if (this.machine.overlayBytes >= BATCH_BYTES) this.kick();
  }

  /** Starts a batch if none is in flight and there is something to write. */
  kick(): void {
    if (this.#writing || this.#stopped) return;
    const { ops, appliedIndex } = this.machine.takeBatch();
    if (ops.length === 0) return;
    this.#writing = true;
    let bytes = 0;
    for (const op of ops) {
      if (op.type === 'put') bytes += op.key.length + op.value.length;
    }
    const startMs = this.#ports.clock.monotonicMs();
    this.#changedMs ??= startMs;
    this.#engine.write(ops, (failure) => {
      if (failure) {
        this.#fail(`cannot write the state: ${failure.message}`);
        return;
      }
      this.#writing = false;
      this.#written = appliedIndex;
      // A flush that began meanwhile does not cover this batch.
      this.#changedMs ??= startMs;
      this.#bytesSinceFlush += bytes;
      const seconds = (this.#ports.clock.monotonicMs() - startMs) / 1_000;
      this.#ports.probe.observe('etcd_disk_backend_commit_duration_seconds', seconds);
      this.machine.batchDone();
      this.offer();
      this.#events.batchDone();
      if (this.#bytesSinceFlush >= this.#options.flushBytes) this.flush();
      this.#settle();
    });
  }

  /** Time passes: what waits becomes a batch, and a flush follows when the last one is long ago. */
  poll(nowMs: number): void {
    if (nowMs - this.#kickedMs >= BATCH_MS) {
      this.#kickedMs = nowMs;
      this.kick();
    }
    if (this.#changedMs !== null && nowMs - this.#changedMs >= this.#options.flushIntervalMs) {
      this.flush();
    }
  }

  /** Makes everything written durable, then cuts the log if it has grown enough. */
  flush(): void {
    if (this.#flushing || this.#stopped) return;
    const noted = this.#written;
    this.#flushing = true;
    this.#bytesSinceFlush = 0;
    this.#changedMs = null;
    this.#engine.flush((failure) => {
      if (failure) {
        this.#fail(`cannot flush the state: ${failure.message}`);
        return;
      }
      this.#flushing = false;
      if (noted > this.#flushed) this.#flushed = noted;
      this.#cut();
      this.#settle();
    });
  }

  /** Writes and flushes all that is left, then calls `done`; for a stop. */
  drain(done: () => void): void {
    // Once for the batch in flight, once for what was applied meanwhile.
    this.#whenIdle(() => {
      this.kick();
      this.#whenIdle(() => {
        if (this.#flushed < this.#written) this.flush();
        this.#whenIdle(done);
      });
    });
  }

  /** Lets what is in flight end and starts nothing more: before a snapshot replaces the state. */
  pause(done: () => void): void {
    this.#stopped = true;
    this.#whenIdle(done);
  }

  /** A snapshot replaced the engine and started the log over. */
  resume(engine: Engine, applied: Index): void {
    this.#engine = engine;
    this.#stopped = false;
    this.#written = applied;
    this.#flushed = applied;
    this.#bytesSinceFlush = 0;
    this.#changedMs = null;
  }

  #cut(): void {
    const { catchUpEntries, snapshotCount } = this.#options;
    const target = this.#events.cutLimit(this.#flushed - catchUpEntries);
    if (this.#cutting || target - this.#log.cut.index < snapshotCount) return;
    this.#cutting = true;
    this.#log.cutTo(target, this.machine.confState, (failure) => {
      if (failure) {
        this.#fail(`cannot cut the log: ${failure.message}`);
        return;
      }
      this.#cutting = false;
      this.#ports.probe.log('info', 'compacted Raft logs', { 'compact-index': target });
      this.#events.cut();
      this.#settle();
    });
  }

  #whenIdle(done: () => void): void {
    if (this.busy) this.#idle.push(done);
    else done();
  }

  #settle(): void {
    while (!this.busy && this.#idle.length > 0) (this.#idle.shift() as () => void)();
  }

  #fail(message: string): void {
    this.#stopped = true;
    this.#ports.fatal(message);
  }
}
