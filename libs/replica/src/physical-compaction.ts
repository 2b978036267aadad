import type { Clock, Probe, Scheduler } from '@conclave/base';
import type { Machine } from '@conclave/statemachine';

export interface PhysicalCompactionPorts {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly probe: Probe;
  /** The member stopped, or a snapshot is replacing the state. */
  isOver(): boolean;
  /** Rows were changed. */
  stepped(): void;
}

/**
 * Frees what a compaction made superfluous, in slices, each in a turn of its own. One run goes on until
 * nothing is left, whatever was compacted meanwhile; a state that was loaded may have some left too.
 */
export class PhysicalCompaction {
  readonly #ports: PhysicalCompactionPorts;
  #running = false;
  #startMs = 0;
  #steps = 0;

  constructor(ports: PhysicalCompactionPorts) {
    this.#ports = ports;
  }

  /** A state was loaded: goes on with what was not finished, if there is something. */
  resume(): void {
    if (this.#ports.machine.store.compactRevision > 0) this.#start(0);
  }

  /** A compaction was applied. */
  start(): void {
    this.#start(1);
  }

  #start(steps: number): void {
    this.#steps = Math.max(this.#steps, steps);
    if (this.#running) return;
    this.#running = true;
    this.#startMs = this.#ports.clock.monotonicMs();
    this.#ports.scheduler.yieldTo(() => this.#step());
  }

  #step(): void {
    const { machine, scheduler, probe, clock } = this.#ports;
    if (this.#ports.isOver()) {
      this.#running = false;
      this.#steps = 0;
      return;
    }
    const stepMs = clock.monotonicMs();
    const more = machine.store.compactionStep();
    const pauseMs = clock.monotonicMs() - stepMs;
    this.#ports.stepped();
    if (this.#steps > 0) {
      probe.observe('etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds', pauseMs);
    }
    if (more) {
      this.#steps++;
      scheduler.yieldTo(() => this.#step());
      return;
    }
    this.#running = false;
    const steps = this.#steps;
    this.#steps = 0;
    if (steps === 0) return;
    const tookMs = clock.monotonicMs() - this.#startMs;
    probe.observe('etcd_debugging_mvcc_db_compaction_total_duration_milliseconds', tookMs);
    const wallSeconds = Math.floor(clock.wallMs() / 1_000);
    probe.gauge('etcd_debugging_mvcc_db_compaction_last', wallSeconds);
    probe.log('info', 'finished scheduled compaction', {
      'compact-revision': machine.store.compactRevision,
      took: `${tookMs.toFixed(3)}ms`,
    });
  }
}
