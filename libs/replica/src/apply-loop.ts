import { assert, assertEq } from '@conclave/base';
import type { Index } from '@conclave/base';
import type { Applied } from '@conclave/statemachine';
import type { Entry } from '@conclave/wire';
import type { EntryTraces } from './entry-traces.js';
import { ApplyDurations } from './apply-durations.js';
import type { ReplicaOptions, ReplicaPorts } from './options.js';

/** Entries applied, and time spent, before the event loop gets its turn. */
const SLICE_ENTRIES = 256;
const SLICE_MS = 10;
/** etcd's default of --warning-apply-duration. */
const WARNING_MS = 100;

type ApplyPorts = Pick<ReplicaPorts, 'machine' | 'scheduler' | 'clock' | 'probe'> & {
  /** Null: traces are off. */
  readonly traces: EntryTraces | null;
};

export interface ApplyEvents {
  /** After each entry, in order. */
  applied(entry: Entry, applied: Applied): void;
  /** After each slice. */
  sliceDone(index: Index): void;
}

/**
 * Applies committed entries in order. An entry is applied only once what it must read is in memory,
 * and then without I/O. Pauses while the engine is too far behind, and while a snapshot is installed.
 *
 * Invariant: entries are contiguous; `applied` grows by one each time.
 */
export class ApplyLoop {
  readonly #options: ReplicaOptions;
  readonly #ports: ApplyPorts;
  readonly #events: ApplyEvents;
  #queue: Entry[] = [];
  #head = 0;
  #state: 'idle' | 'scheduled' | 'reading' | 'paused' = 'idle';
  /** Completions that arrive for a state that a snapshot has replaced. */
  #generation = 0;
  readonly #warningMs: number;
  readonly #durations: ApplyDurations;

  constructor(options: ReplicaOptions, ports: ApplyPorts, events: ApplyEvents) {
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
    this.#durations = new ApplyDurations(ports.probe);
    this.#warningMs = options.warningApplyMs ?? WARNING_MS;
  }

  get backlog(): number {
    return this.#queue.length - this.#head;
  }

  /** Committed entries, in order; bounded by raft's committedBytesMax and `appliedTo`. */
  push(entries: readonly Entry[]): void {
    for (const entry of entries) this.#queue.push(entry);
    if (this.#state === 'idle') this.run();
  }

  /** Goes on after a pause for the engine, or begins. */
  run(): void {
    if (this.#state === 'reading' || this.#state === 'paused') return;
    this.#state = 'idle';
    const { machine, clock } = this.#ports;
    const startMs = clock.monotonicMs();
    let nowMs = startMs;
    let count = 0;
    let sliceOver = false;
    while (this.#head < this.#queue.length) {
      sliceOver = count === SLICE_ENTRIES || nowMs - startMs >= SLICE_MS;
      if (sliceOver || machine.overlayBytes >= this.#options.overlayBytesMax) break;
      const entry = this.#queue[this.#head] as Entry;
      if (!this.#prefetched(entry)) break;
      nowMs = this.#apply(entry, nowMs);
      count++;
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    if (count > 0) this.#events.sliceDone(machine.appliedIndex);
    if (sliceOver && this.backlog > 0 && this.#state === 'idle') this.#later();
  }

  /** Forgets what is queued: a snapshot overtakes it. */
  pause(): void {
    this.#state = 'paused';
    this.#generation++;
    this.#queue = [];
    this.#head = 0;
  }

  resume(): void {
    assert(this.#state === 'paused', 'ApplyLoop: was paused');
    this.#state = 'idle';
    this.run();
  }

  #prefetched(entry: Entry): boolean {
    const generation = this.#generation;
    let inTime = true;
    const ready = this.#ports.machine.prefetch(entry, () => {
      if (inTime) return;
      if (generation !== this.#generation) return;
      this.#state = 'idle';
      this.run();
    });
    inTime = false;
    if (!ready) this.#state = 'reading';
    return ready;
  }

  /** Answers the time after it. */
  #apply(entry: Entry, nowMs: number): number {
    const { machine, clock, traces } = this.#ports;
    assertEq(entry.index, machine.appliedIndex + 1, 'apply: the next entry');
    const applied = machine.apply(entry, nowMs);
    this.#head++;
    traces?.applied(entry);
    this.#events.applied(entry, applied);
    const afterMs = clock.monotonicMs();
    this.#durations.observe(applied, afterMs - nowMs);
    if (afterMs - nowMs >= this.#warningMs) this.#slow(entry, afterMs - nowMs);
    return afterMs;
  }

  /** It held up everything else; at most one a `warningMs`, so the log is not flooded. */
  #slow(entry: Entry, tookMs: number): void {
    const { probe } = this.#ports;
    probe.count('etcd_server_slow_apply_total');
    probe.log('warn', 'apply request took too long', {
      took: `${tookMs.toFixed(3)}ms`,
      'expected-duration': `${this.#warningMs}ms`,
      index: entry.index,
      bytes: entry.data.length,
    });
  }

  #later(): void {
    this.#state = 'scheduled';
    this.#ports.scheduler.yieldTo(() => {
      if (this.#state === 'scheduled') this.run();
    });
  }
}
