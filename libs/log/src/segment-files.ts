/**
 * The files beside the active segment: the next one is made ahead of use, old ones are removed.
 *
 * Neither is waited for by a group, unless the next segment is needed before it is there. One file is
 * removed at a time, the oldest first, and never while it is read from.
 */
import { type DiskFailure, type LogDisk, assert } from '@conclave/base';
import { Segment } from './entry-index.js';
import { segmentName } from './segment-head.js';

export class SegmentFiles {
  readonly #disk: LogDisk;
  readonly #segmentBytes: number;
  /** A failure, or null: something was finished that the log may wait for. */
  readonly #finished: (failure: DiskFailure | null) => void;
  #next: Segment | null = null;
  #creating = false;
  readonly #retired: Segment[] = [];
  #removing = false;

  constructor(
    disk: LogDisk,
    segmentBytes: number,
    finished: (failure: DiskFailure | null) => void,
  ) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#finished = finished;
  }

  get busy(): boolean {
    return this.#creating || this.#removing;
  }

  /** The prepared segment, which stays prepared until `take`. */
  get next(): Segment | null {
    return this.#next;
  }

  prepare(sequence: number): void {
    if (this.#next !== null || this.#creating) return;
    this.#creating = true;
    const segment = new Segment(sequence, segmentName(sequence));
    this.#disk.create(segment.name, this.#segmentBytes, (failure) => {
      this.#creating = false;
      if (failure === null) this.#next = segment;
      this.#finished(failure);
    });
  }

  /** The prepared segment came into use. */
  take(segment: Segment): void {
    assert(this.#next === segment, 'the segment in use is the prepared one');
    this.#next = null;
  }

  /** The segment left the log; its file goes as soon as nobody reads it. */
  retire(segment: Segment): void {
    this.#retired.push(segment);
    this.removeOn();
  }

  /** Goes on removing; called when a reader may have left. */
  removeOn(): void {
    const segment = this.#retired[0];
    if (this.#removing || segment === undefined || segment.readers > 0) return;
    this.#retired.shift();
    this.#removing = true;
    this.#disk.remove(segment.name, (failure) => {
      this.#removing = false;
      if (failure === null) this.removeOn();
      this.#finished(failure);
    });
  }
}
