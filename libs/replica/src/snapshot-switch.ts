import type { DiskFailure, Engine } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import type { SnapshotMeta } from '@conclave/wire';
import type { ApplyLoop } from './apply-loop.js';
import type { ReceivedState, ReplicaPorts } from './options.js';
import type { StateWriter } from './state-writer.js';

/** `failed`: the member cannot go on; `missing`: the old state goes on. */
export type SwitchOutcome = 'installed' | 'missing' | { readonly failed: string };

/**
 * Replaces the whole state by a received snapshot: lets what is in flight end, starts the log over
 * behind it, switches `member/current` (the one step that counts), and loads the new state. While it
 * runs nothing is applied or appended.
 */
export class SnapshotSwitch {
  readonly #ports: ReplicaPorts;
  readonly #log: DurableLog;
  readonly #apply: ApplyLoop;
  readonly #writer: StateWriter;
  #running = false;
  #whenAppended: (() => void) | null = null;

  constructor(ports: ReplicaPorts, apply: ApplyLoop, writer: StateWriter) {
    this.#ports = ports;
    this.#log = ports.log;
    this.#apply = apply;
    this.#writer = writer;
  }

  get running(): boolean {
    return this.#running;
  }

  start(meta: SnapshotMeta, appendsInFlight: number, done: (outcome: SwitchOutcome) => void): void {
    const received = this.#ports.snapshots.take(meta);
    if (!received) {
      done('missing');
      return;
    }
    this.#running = true;
    const { index } = meta;
    this.#ports.probe.log('info', 'applying snapshot', { 'incoming-leader-snapshot-index': index });
    this.#ports.probe.gauge('etcd_server_snapshot_apply_in_progress_total', 1);
    this.#apply.pause();
    const finish = (outcome: SwitchOutcome): void => {
      this.#running = false;
      this.#ports.probe.gauge('etcd_server_snapshot_apply_in_progress_total', 0);
      done(outcome);
    };
    const install = (): void => this.#writer.pause(() => this.#install(meta, received, finish));
    if (appendsInFlight === 0) install();
    else this.#whenAppended = install;
  }

  /** The last append in flight has ended. */
  appendsDone(): void {
    const install = this.#whenAppended;
    this.#whenAppended = null;
    install?.();
  }

  #install(
    meta: SnapshotMeta,
    received: ReceivedState,
    finish: (outcome: SwitchOutcome) => void,
  ): void {
    const { directory, machine } = this.#ports;
    const oldNumber = directory.current.stateNumber;
    const oldEngine = this.#writer.engine;
    const { stateNumber, engine } = received;
    this.#log.reset(
      meta,
      (firstSegment, published) => directory.switchTo({ stateNumber, firstSegment }, published),
      (failure) => {
        if (failure) {
          finish({ failed: `cannot switch to a received snapshot: ${failure.message}` });
          return;
        }
        machine.attach(engine);
        machine.load((fault) => {
          if (fault !== null) {
            finish({ failed: `a received snapshot does not load: ${fault}` });
            return;
          }
          this.#writer.resume(engine, machine.appliedIndex);
          this.#dispose(oldEngine, oldNumber);
          const fields = { 'incoming-leader-snapshot-index': meta.index, state: stateNumber };
          this.#ports.probe.log('info', 'applied snapshot', fields);
          finish('installed');
        });
      },
    );
  }

  /** In its own time: whoever still reads a snapshot of the old engine must let go of it first. */
  #dispose(engine: Engine, stateNumber: number): void {
    const report = (failure: DiskFailure | null): void => {
      if (!failure) return;
      const fields = { error: failure.message };
      this.#ports.probe.log('warn', 'an old state is left to the next start', fields);
    };
    const { snapshots, directory } = this.#ports;
    snapshots.release(() =>
      engine.close((failure) => {
        if (failure) report(failure);
        else directory.removeState(stateNumber, report);
      }),
    );
  }
}
