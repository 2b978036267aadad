/**
 * One run of the publisher: from the end of the stream as it was read, along the watch, message by
 * message into the stream, until the first thing that goes wrong. Then it ends, and the next one reads
 * the end of the stream anew; so nothing has to be known about what became of a lost message.
 *
 * Each message names the sequence that it wants to stand behind, so of two publishers one is refused.
 * Sequences alone are not enough in a pipeline: if another wrote at 21 in place of our first message,
 * our second would fit at 22, behind a message that it does not follow. So each but the first also
 * names the id of the message before it. (The first cannot: a server that was started again knows the
 * last id only within its duplicate window. It needs not: what stands at its sequence was read.)
 *
 * Pure: acknowledgements, events and time come in as method calls.
 *
 * Invariants: at most `windowMessages` messages are outstanding; `#first` is the number of the oldest
 * of them; message number n stands at sequence `#base + n + 1`; nothing is sent after `end`.
 */
import { assertLe, assertLt } from '@conclave/base';
import { Assembler, type AssemblerOptions, type Resume } from './assembler.js';
import {
  type Change,
  type FeedItem,
  type FeedMessage,
  type MessageOptions,
  type Position,
  buildMessage,
  isWhole,
  itemBytes,
  itemRevision,
} from './message.js';

export interface SessionOptions extends AssemblerOptions, MessageOptions {
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** Items that wait for the window; above, the watch is paused. */
  readonly queueItemsMax: number;
  readonly queueBytesMax: number;
  /** Least time between the last message and a mark. */
  readonly markIntervalMs: number;
  /** Marks are also due when nothing changed: the stream forgets old messages, and the last matters. */
  readonly marksWhenIdle: boolean;
}

/** The end of the stream as it was read. `lastSequence` is the stream's own. */
export type Tail =
  | { readonly type: 'new' }
  /** There were messages; nobody knows which. */
  | { readonly type: 'emptied'; readonly lastSequence: number }
  | { readonly type: 'at'; readonly lastSequence: number; readonly position: Position };

export interface Expected {
  readonly lastSequence: number;
  readonly lastId: string | null;
}

export type PublishResult =
  | { readonly ok: true; readonly sequence: number }
  /** `fenced`: another message stands there. `failed`: nobody knows. */
  | { readonly ok: false; readonly reason: 'fenced' | 'failed'; readonly text: string };

export type SessionEnd = 'fenced' | 'failed' | 'watch' | 'stopped';

export interface SessionPorts {
  nowMs(): number;
  publish(message: FeedMessage, expected: Expected, done: (result: PublishResult) => void): void;
  /** Opens the watch anew; what comes of it goes to this session. */
  watch(startRevision: number): void;
  /** The watch may go on after `changes` answered false. */
  resumeWatch(): void;
  /** A message stands in the stream. */
  published(message: FeedMessage, item: FeedItem): void;
  /** Once, and last. */
  ended(why: SessionEnd, text: string): void;
}

interface Outstanding {
  readonly message: FeedMessage;
  readonly item: FeedItem;
  readonly bytes: number;
  done: boolean;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #ports: SessionPorts;
  readonly #assembler: Assembler;
  readonly #queue: FeedItem[] = [];
  #queueHead = 0;
  #queueBytes = 0;
  readonly #window = new Map<number, Outstanding>();
  #windowBytes = 0;
  readonly #base: number;
  #first = 0;
  #sent = 0;
  #lastId: string | null = null;
  /** The last revision that is wholly in the stream. */
  #told: number;
  #lastMs: number;
  #paused = false;
  #ended = false;

  /** `storeRevision`: the store's, read after the tail. */
  constructor(options: SessionOptions, tail: Tail, storeRevision: number, ports: SessionPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#base = tail.type === 'new' ? 0 : tail.lastSequence;
    this.#lastMs = ports.nowMs();
    this.#assembler = new Assembler(options, resumeOf(tail), (item) => this.#push(item));
    this.#told = tail.type === 'at' ? wholeRevision(tail.position) : 0;
    if (tail.type === 'emptied') this.#assembler.gap(storeRevision);
  }

  start(): void {
    this.#ports.watch(this.#assembler.next);
    this.#pump();
  }

  /** Everything up to here is in the stream, or is no concern of the feed. */
  get coveredRevision(): number {
    const idle = this.#window.size === 0 && this.#waiting === 0 && !this.#assembler.isOpen;
    return idle ? Math.max(this.#told, this.#assembler.next - 1) : this.#told;
  }

  /** Messages sent and not yet acknowledged. */
  get outstanding(): number {
    return this.#window.size;
  }

  get #waiting(): number {
    return this.#queue.length - this.#queueHead;
  }

  // ---- the watch

  /** Events of one response. False: no more, until `resumeWatch`. */
  changes(changes: readonly Change[], isFragment: boolean): boolean {
    if (this.#ended) return true;
    for (const change of changes) this.#assembler.change(change);
    if (!isFragment) this.#assembler.responseEnd();
    this.#pump();
    if (this.#ended) return true;
    const { queueItemsMax, queueBytesMax } = this.#options;
    this.#paused = this.#waiting >= queueItemsMax || this.#queueBytes >= queueBytesMax;
    return !this.#paused;
  }

  progress(revision: number): void {
    if (!this.#ended) this.#assembler.progress(revision);
  }

  /** The watch was cancelled: what it should go on with is gone, up to `compactRevision`. */
  compacted(compactRevision: number): void {
    if (this.#ended) return;
    if (compactRevision < this.#assembler.next) return this.end('watch', 'compacted, yet not');
    this.#assembler.gap(compactRevision);
    this.start();
  }

  // ---- the stream

  #push(item: FeedItem): void {
    this.#queue.push(item);
    this.#queueBytes += itemBytes(item);
  }

  #pump(): void {
    const { windowMessages, windowBytes } = this.#options;
    while (!this.#ended && this.#waiting > 0) {
      if (this.#window.size >= windowMessages || this.#windowBytes >= windowBytes) break;
      const item = this.#queue[this.#queueHead++] as FeedItem;
      this.#queueBytes -= itemBytes(item);
      this.#publish(item);
    }
    if (this.#queueHead > 1_024 && this.#queueHead * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#queueHead);
      this.#queueHead = 0;
    }
    if (!this.#paused || this.#ended) return;
    const { queueItemsMax, queueBytesMax } = this.#options;
    if (this.#waiting * 2 > queueItemsMax || this.#queueBytes * 2 > queueBytesMax) return;
    this.#paused = false;
    this.#ports.resumeWatch();
  }

  #publish(item: FeedItem): void {
    const number = this.#sent++;
    const lastSequence = this.#base + number;
    const message = buildMessage(item, lastSequence + 1, this.#options);
    const expected = { lastSequence, lastId: this.#lastId };
    this.#lastId = message.id;
    const bytes = itemBytes(item);
    this.#window.set(number, { message, item, bytes, done: false });
    this.#windowBytes += bytes;
    assertLe(this.#window.size, this.#options.windowMessages, 'the window is bounded');
    this.#ports.publish(message, expected, (result) => this.#answered(number, result));
  }

  #answered(number: number, result: PublishResult): void {
    if (this.#ended) return;
    if (!result.ok) return this.end(result.reason, result.text);
    const sequence = this.#base + number + 1;
    if (result.sequence !== sequence) {
      // A duplicate elsewhere: the stream is not what we take it for.
      const text = `message ${number} stands at ${result.sequence}, not at ${sequence}`;
      return this.end('fenced', text);
    }
    const answered = this.#window.get(number);
    if (answered === undefined) return;
    answered.done = true;
    for (let next = this.#window.get(this.#first); next?.done;) {
      this.#window.delete(this.#first++);
      this.#windowBytes -= next.bytes;
      const told = toldBy(next.item);
      assertLe(this.#told, told, 'revisions are told in order');
      this.#told = told;
      this.#lastMs = this.#ports.nowMs();
      this.#ports.published(next.message, next.item);
      next = this.#window.get(this.#first);
    }
    assertLt(-1, this.#windowBytes, 'bytes outstanding are counted');
    this.#pump();
  }

  /** Sends a mark when one is due. */
  tick(): void {
    if (this.#ended || this.#window.size > 0 || this.#waiting > 0) return;
    if (this.#assembler.isOpen) return;
    if (this.#ports.nowMs() - this.#lastMs < this.#options.markIntervalMs) return;
    const revision = Math.max(this.#told, this.#assembler.next - 1);
    if (revision === 0) return;
    if (revision === this.#told && !this.#options.marksWhenIdle) return;
    this.#assembler.mark(revision);
    this.#pump();
  }

  end(why: SessionEnd, text: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#window.clear();
    this.#queue.length = 0;
    this.#ports.ended(why, text);
  }
}

/** Where to go on behind the last message. */
export function resumeOf(tail: Tail): Resume {
  if (tail.type !== 'at') return { next: 1, skip: 0, previous: 0 };
  const { position } = tail;
  if (isWhole(position)) {
    return { next: position.revision + 1, skip: 0, previous: position.revision };
  }
  return { next: position.revision, skip: position.sub + 1, previous: position.previous };
}

function wholeRevision(position: Position): number {
  return isWhole(position) ? position.revision : position.revision - 1;
}

/** The last revision that is wholly in the stream once this item is. */
function toldBy(item: FeedItem): number {
  const isPart = item.type === 'change' && item.sub + 1 !== item.count;
  return isPart ? item.change.revision - 1 : itemRevision(item);
}
