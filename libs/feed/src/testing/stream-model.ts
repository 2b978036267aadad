/**
 * JetStream as far as a publisher can tell, naive: one log, its duplicate window, the two expectations,
 * in the order in which nats-server 2.9 checks them. Connections deliver in order, late, or never.
 */
import { type FeedMessage, type HeaderReader, readPosition } from '../message.js';
import type { Expected, PublishResult, Tail } from '../session.js';

export interface Stored {
  readonly sequence: number;
  readonly message: FeedMessage;
}

export function headerOf(message: FeedMessage): HeaderReader {
  const headers = new Map<string, string>(message.headers);
  headers.set('Nats-Msg-Id', message.id);
  return (name) => headers.get(name) ?? '';
}

export class StreamModel {
  readonly messages: Stored[] = [];
  lastSequence = 0;
  #lastId = '';
  readonly #ids = new Map<string, number>();
  duplicates = 0;
  fenced = 0;

  receive(message: FeedMessage, expected: Expected): PublishResult {
    const known = this.#ids.get(message.id);
    if (known !== undefined) {
      this.duplicates++;
      return { ok: true, sequence: known };
    }
    if (expected.lastSequence !== this.lastSequence) return this.#refuse('wrong last sequence');
    if (expected.lastId !== null && expected.lastId !== this.#lastId) {
      return this.#refuse('wrong last msg ID');
    }
    this.lastSequence++;
    this.#lastId = message.id;
    this.#ids.set(message.id, this.lastSequence);
    this.messages.push({ sequence: this.lastSequence, message });
    return { ok: true, sequence: this.lastSequence };
  }

  #refuse(text: string): PublishResult {
    this.fenced++;
    return { ok: false, reason: 'fenced', text };
  }

  tail(): Tail {
    const last = this.messages[this.messages.length - 1];
    const { lastSequence } = this;
    if (last === undefined) {
      return lastSequence === 0 ? { type: 'new' } : { type: 'emptied', lastSequence };
    }
    const position = readPosition(headerOf(last.message));
    if (position === null) throw new Error(`unreadable: ${last.message.id}`);
    return { type: 'at', lastSequence, position };
  }

  /** A start of the server; `lost` last messages were not on disk; ids are known within the window. */
  restart(lost: number, windowMessages: number): void {
    for (let i = 0; i < lost && this.messages.length > 0; i++) {
      this.messages.pop();
      this.lastSequence--;
    }
    this.forget(windowMessages);
    const last = this.messages[this.messages.length - 1];
    this.#lastId = last !== undefined && this.#ids.has(last.message.id) ? last.message.id : '';
  }

  /** The duplicate window moved on. */
  forget(windowMessages: number): void {
    this.#ids.clear();
    for (const { message, sequence } of this.messages.slice(
      this.messages.length - Math.min(windowMessages, this.messages.length),
    )) {
      this.#ids.set(message.id, sequence);
    }
  }

  /** An operator empties it; sequences go on. */
  purge(): void {
    this.messages.length = 0;
  }
}

interface Sent {
  readonly message: FeedMessage;
  readonly expected: Expected;
  readonly done: (result: PublishResult) => void;
}

/** One connection: what was sent arrives in order, and answers come back in order, or not at all. */
export class ConnectionModel {
  readonly #stream: StreamModel;
  readonly #out: Sent[] = [];
  readonly #back: (() => void)[] = [];
  #open = true;

  constructor(stream: StreamModel) {
    this.#stream = stream;
  }

  send(sent: Sent): void {
    if (this.#open) this.#out.push(sent);
  }

  /** One message reaches the server. */
  deliver(): boolean {
    const sent = this.#out.shift();
    if (sent === undefined) return false;
    const result = this.#stream.receive(sent.message, sent.expected);
    this.#back.push(() => sent.done(result));
    return true;
  }

  answer(): boolean {
    if (!this.#open) return false;
    const answer = this.#back.shift();
    answer?.();
    return answer !== undefined;
  }

  /** The client's end is gone; what is on its way may still arrive. */
  drop(): void {
    this.#open = false;
    this.#back.length = 0;
  }

  /** The server is gone, and all that was on its way. */
  lose(): void {
    this.drop();
    this.#out.length = 0;
  }
}
