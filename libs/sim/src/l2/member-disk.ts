/**
 * What one member keeps over the death of its process: log disk, state directories, identity. All
 * operations take time, drawn from the disk's own chance; the disk can stall, be slow for its states,
 * fail once, or be full for a while, deaths of the process included.
 */
import type { DiskFailure, Random, Scheduler } from '@conclave/base';
import {
  type CrashFate,
  type EngineOperation,
  MemoryDataDirectory,
  MemoryLogDisk,
} from '@conclave/testkit';
import type { Host } from './host.js';
import { EXPONENTIAL } from './network.js';

export interface DiskShape {
  /** Of one durable write. */
  readonly minMs: number;
  readonly meanMs: number;
}

const FAILURE: DiskFailure = { code: 'EIO', message: 'simulated I/O error' };
const FULL: DiskFailure = { code: 'ENOSPC', message: 'simulated I/O error: no space left' };

export class MemberDisk {
  readonly host: Host;
  readonly #random: Random;
  readonly #shape: DiskShape;
  readonly #logScheduler: Scheduler;
  readonly #stateScheduler: Scheduler;
  #stallEndMs = 0;
  #slowEndMs = 0;
  #slowByMs = 0;
  #fullEndMs = 0;
  #nowMs: () => number;
  log: MemoryLogDisk;
  directory: MemoryDataDirectory;
  /** By member id: the incarnation it had when this member first met it. */
  readonly met = new Map<bigint, bigint>();
  /** Told after each operation that has completed. */
  afterOperation: (() => void) | null = null;
  /** False until the first boot has written everything a later start needs. */
  isBorn = false;

  constructor(host: Host, nowMs: () => number, shape: DiskShape, random: Random) {
    this.host = host;
    this.#nowMs = nowMs;
    this.#random = random;
    this.#shape = shape;
    this.#logScheduler = { yieldTo: (task) => this.#later(1, task) };
    this.#stateScheduler = { yieldTo: (task) => this.#later(0.5, task, this.#slowMs()) };
    this.log = this.#newLog();
    this.directory = this.#newDirectory();
  }

  /** A first boot that died begins again on an empty disk. */
  wipe(): void {
    this.log = this.#newLog();
    this.directory = this.#newDirectory();
  }

  /** Nothing finishes before then. */
  stall(forMs: number): void {
    this.#stallEndMs = Math.max(this.#stallEndMs, this.#nowMs() + forMs);
  }

  /** The next log operation fails; the process must not go on. */
  failOnce(): void {
    let isDue = true;
    this.log.inject = () => {
      if (!isDue) return null;
      isDue = false;
      return FAILURE;
    };
  }

  /** The next operation of this kind fails on the newest state that there is. */
  failState(operation: EngineOperation): void {
    const engine = this.directory.engine(Math.max(...this.directory.numbers));
    if (engine === null) return;
    let isDue = true;
    engine.inject = (one) => {
      if (!isDue || one !== operation) return null;
      isDue = false;
      return FAILURE;
    };
  }

  /** No room for the log: whatever grows it fails, in every process until then. */
  fillUp(forMs: number): void {
    this.#fullEndMs = Math.max(this.#fullEndMs, this.#nowMs() + forMs);
    this.log.inject = (operation) => {
      const grows = operation === 'write' || operation === 'create';
      return grows && this.#nowMs() < this.#fullEndMs ? FULL : null;
    };
  }

  /** Each operation of a state takes so much longer. */
  slowState(byMs: number, forMs: number): void {
    this.#slowByMs = byMs;
    this.#slowEndMs = this.#nowMs() + forMs;
  }

  /** Nothing is wrong with it any more; what stalls goes on to its end. */
  heal(): void {
    this.#slowEndMs = 0;
    this.#fullEndMs = 0;
    this.log.inject = null;
    for (const number of this.directory.numbers) {
      const engine = this.directory.engine(number);
      if (engine !== null) engine.inject = null;
    }
  }

  /** The process died; with `power` the machine did as well. `fate`: see `SimMember.crash`. */
  crash(power: boolean, fate: CrashFate | null): void {
    if (fate !== null) this.log.cut(fate);
    else if (power) this.log.losePower();
    else this.log.kill();
    this.directory.crash(fate ?? this.#random);
    this.#stallEndMs = 0;
    const full = this.#fullEndMs - this.#nowMs();
    if (full > 0) this.fillUp(full);
  }

  #newLog(): MemoryLogDisk {
    return new MemoryLogDisk(this.#logScheduler, this.#random.fork());
  }

  #newDirectory(): MemoryDataDirectory {
    return new MemoryDataDirectory(this.#stateScheduler, { stateNumber: 1, firstSegment: 1 });
  }

  #slowMs(): number {
    return this.#nowMs() < this.#slowEndMs ? this.#random.below(this.#slowByMs) : 0;
  }

  #later(factor: number, task: () => void, slowMs = 0): void {
    const { minMs, meanMs } = this.#shape;
    const latency = minMs + meanMs * factor * this.#random.pick(EXPONENTIAL);
    const stall = Math.max(0, this.#stallEndMs - this.#nowMs());
    this.host.after(stall + slowMs + latency, () => {
      task();
      this.afterOperation?.();
    });
  }
}
