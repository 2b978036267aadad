/**
 * What one member keeps over the death of its process: log disk, state directories, identity. All
 * operations take time, drawn from the disk's own chance; the disk can stall, and fail once.
 */
import type { Random, Scheduler } from '@conclave/base';
import { MemoryDataDirectory, MemoryLogDisk } from '@conclave/testkit';
import type { Host } from './host.js';
import { EXPONENTIAL } from './network.js';

export interface DiskShape {
  /** Of one durable write. */
  readonly minMs: number;
  readonly meanMs: number;
}

export class MemberDisk {
  readonly host: Host;
  readonly #random: Random;
  readonly #shape: DiskShape;
  readonly #logScheduler: Scheduler;
  readonly #stateScheduler: Scheduler;
  #stallEndMs = 0;
  #nowMs: () => number;
  log: MemoryLogDisk;
  directory: MemoryDataDirectory;
  /** By member id: the incarnation it had when this member first met it. */
  readonly met = new Map<bigint, bigint>();
  /** False until the first boot has written everything a later start needs. */
  isBorn = false;

  constructor(host: Host, nowMs: () => number, shape: DiskShape, random: Random) {
    this.host = host;
    this.#nowMs = nowMs;
    this.#random = random;
    this.#shape = shape;
    this.#logScheduler = { yieldTo: (task) => this.#later(1, task) };
    this.#stateScheduler = { yieldTo: (task) => this.#later(0.5, task) };
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
      return { code: 'EIO', message: 'simulated I/O error' };
    };
  }

  /** The process died; with `power` the machine did as well. */
  crash(power: boolean): void {
    if (power) this.log.losePower();
    else this.log.kill();
    this.directory.crash(this.#random);
    this.#stallEndMs = 0;
  }

  #newLog(): MemoryLogDisk {
    return new MemoryLogDisk(this.#logScheduler, this.#random.fork());
  }

  #newDirectory(): MemoryDataDirectory {
    return new MemoryDataDirectory(this.#stateScheduler, { stateNumber: 1, firstSegment: 1 });
  }

  #later(factor: number, task: () => void): void {
    const { minMs, meanMs } = this.#shape;
    const latency = minMs + meanMs * factor * this.#random.pick(EXPONENTIAL);
    const stall = Math.max(0, this.#stallEndMs - this.#nowMs());
    this.host.after(stall + latency, task);
  }
}
