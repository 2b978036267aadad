/**
 * The running log: one group in flight, the requests that arrive meanwhile form the next.
 *
 *     append, cutTo, reset --> queue --> group --> one durable write --> index, HardState, cut --> done
 *
 * Beside it, and never waited for: the next segment is filled with zeros ahead of use, segments below the
 * cut are removed, the mark follows every 100 ms, an idle log seals itself after 50 ms. Everything that is
 * readable here (`lastIndex`, `term`, `hardState`, `cut`) is durable.
 *
 * Invariants: groups are written in order and never two at a time; after the first failure nothing is
 * written and no callback reports success.
 */
import {
  BoundedQueue,
  type DiskFailure,
  type Index,
  type LogDisk,
  type Term,
  assert,
  assertDefined,
  assertLe,
} from '@conclave/base';
import type { ConfState, Entry, HardState, SnapshotMeta } from '@conclave/wire';
import { EntryIndex, type Segment } from './entry-index.js';
import { EntryReader, type ReadDone } from './entry-reader.js';
import { GROUP_HEAD_BYTES, alignUp, groupSalt } from './group.js';
import { GroupBuilder, entryRecordBytes } from './group-builder.js';
import type { Mark } from './mark.js';
import { MarkWriter } from './mark-writer.js';
import type { Recovered } from './recovery.js';
import {
  type Append,
  type Cut,
  type Done,
  type Flight,
  type Publish,
  type Reset,
  Tail,
  bodyBytes,
  raised,
} from './requests.js';
import { SegmentFiles } from './segment-files.js';
import {
  type LogIdentity,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
  encodeSegmentHead,
} from './segment-head.js';
import type { AppendRequest, DurableLog, LogOptions } from './types.js';

const QUEUE_MAX = 65_536;
/** A group takes requests up to this size; a single larger request is a group of its own. */
const GROUP_BYTES_MAX = 4 * 1024 * 1024;
const IDLE_SEAL_MS = 50;

export class SegmentedLog implements DurableLog {
  readonly #disk: LogDisk;
  readonly #options: LogOptions;
  readonly #identity: LogIdentity;
  readonly #builder: GroupBuilder;
  readonly #files: SegmentFiles;
  readonly #marks: MarkWriter;
  readonly #reader: EntryReader;
  readonly #queue = new BoundedQueue<Append | Cut | Reset>(QUEUE_MAX);
  #index: EntryIndex;
  #hardState: HardState;
  #cut: SnapshotMeta;
  #generation: number;

  /** Where the next group goes in the active segment, and what its head says. */
  #end: number;
  #previousEnd: number;
  #chain: number;
  #nextGroup: number;
  #size: number;
  #sealed: boolean;

  #flight: Flight | null = null;
  #resetting = false;
  /** Of the entries in flight: place and chain, in order. */
  readonly #offsets: number[] = [];
  readonly #chains: number[] = [];
  readonly #tail: Tail;

  #nowMs: number | null = null;
  #lastWriteMs = 0;
  #inCallbacks = false;
  readonly #later: (() => void)[] = [];
  #failure: DiskFailure | null = null;
  writtenBytes = 0;
  #closing: Done | null = null;
  #closed = false;

  /** Use `openLog`. */
  constructor(disk: LogDisk, options: LogOptions, recovered: Recovered) {
    const { point } = recovered;
    this.#disk = disk;
    this.#options = options;
    const { clusterId, memberId, incarnation } = options;
    this.#identity = { clusterId, memberId, incarnation };
    this.#builder = new GroupBuilder(groupSalt(options));
    this.#index = recovered.index;
    this.#hardState = recovered.hardState;
    this.#cut = recovered.cut;
    this.#generation = recovered.generation;
    this.#end = point.end;
    this.#previousEnd = point.previousEnd;
    this.#chain = point.chain;
    this.#nextGroup = point.nextGroup;
    this.#sealed = point.sealed;
    this.#size = disk.size(this.#index.active.name);
    const { lastIndex, lastTerm } = this.#index;
    const { hardState, cut } = recovered;
    this.#tail = new Tail(lastIndex, lastTerm, hardState, cut.index, options.entryBytesMax);
    const finished = (failure: DiskFailure | null): void => {
      if (failure !== null) this.#fail(failure);
      else this.#pump();
    };
    this.#files = new SegmentFiles(disk, options.segmentBytes, finished);
    this.#marks = new MarkWriter(disk, recovered.markNumber, finished);
    this.#reader = new EntryReader(
      disk,
      () => this.#index,
      () => this.#removeBelowCut(),
    );
    this.#prepareNext();
    this.#removeBelowCut();
  }

  get firstIndex(): Index {
    return this.#cut.index + 1;
  }

  get lastIndex(): Index {
    return this.#index.lastIndex;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get cut(): SnapshotMeta {
    return this.#cut;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && this.#flight === null && !this.#resetting;
  }

  term(index: Index): Term | null {
    if (index === this.#cut.index) return this.#cut.term;
    return index < this.#cut.index ? null : this.#index.term(index);
  }

  append(request: AppendRequest, done: Done): void {
    const { hardState, entries } = request;
    this.#tail.append(entries, hardState);
    this.#enqueue({ type: 'append', hardState, entries, done });
  }

  cutTo(index: Index, confState: ConfState, done: Done): void {
    assertLe(index, this.#index.lastIndex, 'cut is within the durable log');
    const term = assertDefined(this.#index.term(index), 'the entry at the cut is in the log');
    this.#tail.cut(index);
    this.#enqueue({ type: 'cut', cut: { index, term, confState }, done });
  }

  reset(cut: SnapshotMeta, publish: Publish, done: Done): void {
    this.#tail.reset(cut);
    this.#enqueue({ type: 'reset', cut, publish, done });
  }

  read(lo: Index, hi: Index, bytesMax: number, done: ReadDone): void {
    assert(lo < hi, 'a read asks for one entry at least');
    assert(!this.#closed, 'log is open');
    if (this.#failure !== null || !this.#holds(lo, hi)) {
      this.#later.push(() => done(this.#failure, []));
      return;
    }
    this.#reader.read(lo, hi, bytesMax, (failure, entries) => {
      if (failure !== null) this.#fail(failure);
      done(this.#failure, this.#failure === null ? entries : []);
    });
  }

  readSync(lo: Index, hi: Index, bytesMax: number): readonly Entry[] {
    return this.#holds(lo, hi) ? this.#reader.readSync(lo, hi, bytesMax) : [];
  }

  tick(nowMs: number): void {
    if (this.#nowMs === null) this.#lastWriteMs = nowMs;
    this.#nowMs = nowMs;
    this.#runLater();
    if (this.#failure !== null || this.#closed) return;
    if (!this.#sealed && this.idle && nowMs - this.#lastWriteMs >= IDLE_SEAL_MS) this.#seal();
    if (this.#marks.due(nowMs) && !this.#marks.covers(this.#mark())) {
      this.#marks.write(this.#mark(), nowMs);
    }
  }

  close(done: Done): void {
    assert(this.#closing === null && !this.#closed, 'log is closed once');
    this.#closing = done;
    this.#pump();
  }

  #holds(lo: Index, hi: Index): boolean {
    return lo > this.#cut.index && hi <= this.#index.lastIndex + 1;
  }

  #enqueue(request: Append | Cut | Reset): void {
    assert(this.#closing === null && !this.#closed, 'log is open');
    if (this.#failure !== null) {
      this.#later.push(() => request.done(this.#failure));
      return;
    }
    assert(this.#queue.push(request), 'queue of the log is within its bound');
    if (!this.#inCallbacks) this.#pump();
  }

  /** Starts the next write if none is under way. */
  #pump(): void {
    if (this.#flight !== null || this.#resetting || this.#inCallbacks) return;
    const first = this.#queue.peek();
    if (first === undefined || this.#failure !== null) {
      if (this.#closing !== null) this.#finishClose(this.#closing);
    } else if (first.type === 'reset') this.#startReset(first);
    else this.#writeNext(first);
  }

  #writeNext(first: Append | Cut): void {
    let bytes = bodyBytes(first, this.#cut.index);
    const roll = !this.#fits(bytes);
    if (roll && this.#files.next === null) {
      this.#prepareNext();
      return;
    }
    const room = roll ? this.#options.segmentBytes - SEGMENT_HEAD_BYTES : this.#size - this.#end;
    const limit = Math.min(GROUP_BYTES_MAX, room - GROUP_HEAD_BYTES);
    const requests: (Append | Cut)[] = [first];
    this.#queue.shift();
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined || next.type === 'reset') break;
      const more = bodyBytes(next, this.#cut.index);
      if (bytes + more > limit) break;
      bytes += more;
      this.#queue.shift();
      requests.push(next);
    }
    this.#write(requests, bytes, roll);
  }

  /** An empty segment takes any group: a larger one makes the file grow. */
  #fits(bodyBytes: number): boolean {
    if (this.#previousEnd === 0) return true;
    return alignUp(this.#end + GROUP_HEAD_BYTES + bodyBytes) <= this.#size;
  }

  #seal(): void {
    const roll = !this.#fits(0);
    if (roll && this.#files.next === null) this.#prepareNext();
    else this.#write([], 0, roll);
  }

  #write(requests: readonly (Append | Cut)[], bodyBytes: number, roll: boolean): void {
    assert(this.#flight === null && this.#failure === null, 'one group in flight');
    const segment = roll ? assertDefined(this.#files.next, 'the next segment is ready') : null;
    const target = segment ?? this.#index.active;
    const at = roll ? SEGMENT_HEAD_BYTES : this.#end;
    this.#builder.begin({
      bodyBytes,
      group: this.#nextGroup,
      previousEnd: roll ? 0 : this.#previousEnd,
      sequence: target.sequence,
      chainBefore: this.#chain,
    });
    this.#layOut(requests, at);
    const chunks = this.#builder.end();
    if (roll) chunks.unshift(encodeSegmentHead(this.#head(target.sequence)));
    const end = alignUp(at + GROUP_HEAD_BYTES + bodyBytes);
    const chain = this.#builder.chain;
    this.writtenBytes += end - (roll ? 0 : at);
    this.#flight = { requests, segment, group: this.#nextGroup, end, chain };
    this.#disk.write(target.name, roll ? 0 : at, chunks, (failure) => this.#written(failure));
  }

  /** Entries before the HardState, whose commit may name them. */
  #layOut(requests: readonly (Append | Cut)[], at: number): void {
    this.#offsets.length = 0;
    this.#chains.length = 0;
    for (const request of requests) {
      if (request.type === 'cut') {
        this.#builder.cut(request.cut);
        continue;
      }
      for (const entry of request.entries) {
        this.#offsets.push(at + this.#builder.total);
        this.#chains.push(this.#builder.chain);
        this.#builder.entry(entry);
      }
      if (request.hardState !== null) this.#builder.hardState(request.hardState);
    }
  }

  #head(sequence: number): SegmentHead {
    return {
      ...this.#identity,
      generation: this.#generation,
      sequence,
      previousEnd: this.#end,
      chain: this.#chain,
      nextGroup: this.#nextGroup,
      lastIndex: this.#index.lastIndex,
      lastTerm: this.#index.lastTerm,
      hardState: this.#hardState,
      cut: this.#cut,
    };
  }

  #mark(): Omit<Mark, 'number'> {
    return {
      ...this.#identity,
      generation: this.#generation,
      sequence: this.#index.active.sequence,
      group: this.#nextGroup - 1,
      end: this.#end,
      chain: this.#chain,
      lastIndex: this.#index.lastIndex,
      lastTerm: this.#index.lastTerm,
      hardState: this.#hardState,
    };
  }

  #written(failure: DiskFailure | null): void {
    const flight = assertDefined(this.#flight, 'a group was in flight');
    this.#flight = null;
    if (failure !== null || this.#failure !== null) {
      const first = this.#failure ?? (failure as DiskFailure);
      for (const request of flight.requests) request.done(first);
      this.#fail(first);
      return;
    }
    if (flight.segment !== null) {
      this.#files.take(flight.segment);
      this.#index.segments.push(flight.segment);
      this.#size = this.#options.segmentBytes;
      this.#prepareNext();
    }
    this.#end = flight.end;
    this.#previousEnd = flight.end;
    this.#size = Math.max(this.#size, flight.end);
    this.#chain = flight.chain;
    this.#nextGroup = flight.group + 1;
    this.#sealed = flight.requests.length === 0;
    this.#lastWriteMs = this.#nowMs ?? 0;
    this.#settle(flight.requests);
    // The disk goes on before the callbacks run; what they append forms one more group.
    this.#pump();
    this.#callBack(flight.requests);
    this.#removeBelowCut();
  }

  /** Makes what is durable now visible. */
  #settle(requests: readonly (Append | Cut)[]): void {
    let k = 0;
    for (const request of requests) {
      if (request.type === 'cut') {
        this.#cut = request.cut;
        this.#hardState = raised(this.#hardState, request.cut.index);
        continue;
      }
      for (const entry of request.entries) {
        const at = this.#offsets[k] as number;
        const chain = this.#chains[k] as number;
        this.#index.push(entry.index, entry.term, at, entryRecordBytes(entry), chain);
        k++;
      }
      if (request.hardState !== null) {
        this.#hardState = raised(request.hardState, this.#cut.index);
      }
    }
    assertLe(this.#hardState.commit, this.#index.lastIndex, 'commit is within the log');
  }

  /** Tells those whose requests are durable; what they ask for in turn is written together. */
  #callBack(requests: readonly { readonly done: Done }[]): void {
    this.#inCallbacks = true;
    for (const request of requests) request.done(null);
    this.#inCallbacks = false;
    this.#runLater();
    this.#pump();
  }

  #prepareNext(): void {
    this.#files.prepare(this.#index.active.sequence + 1);
  }

  /** Gives up whole segments below the cut; the active one stays. */
  #removeBelowCut(): void {
    this.#files.removeOn();
    for (;;) {
      const oldest = this.#index.segments[0] as Segment;
      if (this.#failure !== null || this.#index.segments.length < 2) return;
      if (oldest.count > 0 && oldest.endEntry > this.#cut.index + 1) return;
      this.#files.retire(this.#index.dropOldest());
    }
  }

  #startReset(request: Reset): void {
    const segment = this.#files.next;
    if (segment === null) {
      this.#prepareNext();
      return;
    }
    this.#queue.shift();
    this.#resetting = true;
    const { cut } = request;
    assertLe(cut.term, this.#hardState.term, 'the term of a snapshot is known');
    const head: SegmentHead = {
      ...this.#head(segment.sequence),
      generation: this.#generation + 1,
      previousEnd: 0,
      chain: 0,
      lastIndex: cut.index,
      lastTerm: cut.term,
      hardState: raised(this.#hardState, cut.index),
      cut,
    };
    const failed = (failure: DiskFailure | null): boolean => {
      if (failure === null && this.#failure === null) return false;
      this.#resetting = false;
      this.#fail(this.#failure ?? (failure as DiskFailure));
      request.done(this.#failure);
      return true;
    };
    this.#disk.write(segment.name, 0, [encodeSegmentHead(head)], (failure) => {
      if (failed(failure)) return;
      request.publish(segment.sequence, (unpublished) => {
        if (failed(unpublished)) return;
        this.#startedOver(segment, head);
        this.#callBack([request]);
      });
    });
  }

  #startedOver(segment: Segment, head: SegmentHead): void {
    const old = this.#index.segments;
    this.#files.take(segment);
    this.#index = new EntryIndex(head.lastIndex, head.lastTerm);
    this.#index.segments.push(segment);
    this.#cut = head.cut;
    this.#hardState = head.hardState;
    this.#generation = head.generation;
    this.#end = SEGMENT_HEAD_BYTES;
    this.#previousEnd = 0;
    this.#chain = 0;
    this.#size = this.#options.segmentBytes;
    this.#sealed = true;
    this.#resetting = false;
    this.#tail.resetDone();
    this.#prepareNext();
    for (const retired of old) this.#files.retire(retired);
  }

  /** The first failure ends the log: everyone who waits is told, nothing is written any more. */
  #fail(failure: DiskFailure): void {
    if (this.#failure === null) this.#failure = failure;
    for (;;) {
      const request = this.#queue.shift();
      if (request === undefined) break;
      request.done(this.#failure);
    }
    this.#pump();
  }

  #finishClose(done: Done): void {
    if (this.#closed) return;
    if (this.#files.busy || this.#marks.busy) return;
    if (this.#failure === null) {
      if (!this.#sealed) {
        this.#seal();
        return;
      }
      if (!this.#marks.covers(this.#mark())) {
        this.#marks.write(this.#mark(), this.#nowMs ?? 0);
        return;
      }
    }
    this.#closed = true;
    this.#disk.close((failure) => done(this.#failure ?? failure));
  }

  #runLater(): void {
    while (this.#later.length > 0) (this.#later.shift() as () => void)();
  }
}
