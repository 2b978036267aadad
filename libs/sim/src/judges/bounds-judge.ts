/**
 * The judge of bounds (RELIABILITY I25): what waits to be applied, what a leader holds uncommitted,
 * the size of an append, and the window of appends under way to each peer. Windows are counted from
 * what is sent and what is delivered, not from what the leader says.
 */
import type { RaftConfig } from '@conclave/raft';
import { MessageType, type RaftMessage } from '@conclave/wire';
import { unsafe } from '../failure.js';

/** Appends with entries that one leader sent to one peer and that were not acknowledged to it. */
class Window {
  term = 0;
  last = 0;
  readonly lasts: number[] = [];
  readonly sizes: number[] = [];
  bytes = 0;

  clear(term: number): void {
    this.term = term;
    this.lasts.length = 0;
    this.sizes.length = 0;
    this.bytes = 0;
  }
}

export class BoundsJudge {
  readonly #size: number;
  /** By sender and receiver. */
  readonly #windows: (Window | undefined)[] = [];

  constructor(members: number) {
    this.#size = members + 1;
  }

  #window(from: number, to: number): Window {
    const at = from * this.#size + to;
    return (this.#windows[at] ??= new Window());
  }

  /** Raft gives out two batches at most, and each may exceed its bound by one entry. */
  toApply(slot: number, bytes: number, batchMax: number, largest: number): void {
    if (bytes > 3 * (batchMax + largest)) {
      unsafe('I25', `member ${slot}: ${bytes} bytes wait to be applied`);
    }
  }

  /** One proposal beyond the bound, and what was inherited uncommitted at the election. */
  uncommitted(slot: number, bytes: number, bytesMax: number, largest: number): void {
    if (bytes > 2 * bytesMax + 4 * largest) {
      unsafe('I25', `leader ${slot} holds ${bytes} uncommitted bytes`);
    }
  }

  /** An append leaves. One entry may be larger than any bound, so that it is sent at all. */
  sent(config: RaftConfig, m: RaftMessage): void {
    if (m.type === MessageType.SNAPSHOT) this.#window(m.from, m.to).clear(m.term);
    if (m.type !== MessageType.APPEND || m.entries.length === 0) return;
    let bytes = 0;
    for (const { data } of m.entries) bytes += data.length;
    if (m.entries.length > 1 && bytes > config.messageBytesMax) {
      unsafe('I25', `leader ${m.from} sends ${bytes} bytes at once to ${m.to}`);
    }
    const w = this.#window(m.from, m.to);
    // A stream that begins elsewhere is a new one: the window before it is void.
    if (m.term !== w.term || m.index !== w.last) w.clear(m.term);
    const count = w.lasts.length;
    if (count >= config.inflightMessagesMax || w.bytes >= config.inflightBytesMax) {
      unsafe(
        'I25',
        `leader ${m.from} has ${count} appends, ${w.bytes} bytes, under way to ${m.to}`,
      );
    }
    w.last = m.index + m.entries.length;
    w.lasts.push(w.last);
    w.sizes.push(bytes);
    w.bytes += bytes;
  }

  /** A message arrives. */
  delivered(m: RaftMessage): void {
    if (m.type !== MessageType.APPEND_RESPONSE || m.reject) return;
    const w = this.#window(m.to, m.from);
    if (m.term !== w.term) return;
    let n = 0;
    while (n < w.lasts.length && (w.lasts[n] as number) <= m.index) {
      w.bytes -= w.sizes[n] as number;
      n++;
    }
    if (n === 0) return;
    w.lasts.splice(0, n);
    w.sizes.splice(0, n);
  }
}
