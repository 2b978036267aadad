/**
 * Keeps the mark behind the log by at most MARK_MS. One mark is in flight; groups never wait for it.
 */
import type { DiskFailure, LogDisk } from '@conclave/base';
import { MARK_NAME, type Mark, encodeMark, markOffset } from './mark.js';

export const MARK_MS = 100;

export class MarkWriter {
  readonly #disk: LogDisk;
  readonly #finished: (failure: DiskFailure | null) => void;
  #number: number;
  #group = 0;
  #generation = 0;
  #lastMs = 0;
  #busy = false;

  /** `number` is that of the mark found at start. */
  constructor(disk: LogDisk, number: number, finished: (failure: DiskFailure | null) => void) {
    this.#disk = disk;
    this.#number = number;
    this.#finished = finished;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** True if the mark on disk, or on its way, says the same. */
  covers(mark: Omit<Mark, 'number'>): boolean {
    return this.#generation === mark.generation && this.#group === mark.group;
  }

  due(nowMs: number): boolean {
    return !this.#busy && nowMs - this.#lastMs >= MARK_MS;
  }

  /** `mark` describes what is durable. */
  write(mark: Omit<Mark, 'number'>, nowMs: number): void {
    this.#busy = true;
    this.#lastMs = nowMs;
    this.#group = mark.group;
    this.#generation = mark.generation;
    const numbered: Mark = { ...mark, number: ++this.#number };
    this.#disk.write(MARK_NAME, markOffset(numbered), [encodeMark(numbered)], (failure) => {
      this.#busy = false;
      this.#finished(failure);
    });
  }
}
