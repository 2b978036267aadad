/**
 * Lays requests out as one group: small data copied into one reused buffer, large data by reference.
 *
 * The buffer belongs to the builder and is reused by the next `begin`, which is safe because exactly
 * one group is in flight. Cost: no allocation for entries below COPY_BYTES_MAX once the buffer has
 * grown to the size of the usual group.
 */
import { assert, assertEq, crc32c } from '@conclave/base';
import type { Entry, HardState, SnapshotMeta } from '@conclave/wire';
import { ByteWriter } from './byte-cursor.js';
import {
  ENTRY_FIXED_BYTES,
  GROUP_HEAD_BYTES,
  type GroupHead,
  RECORD_HEAD_BYTES,
  RecordKind,
  alignUp,
  writeGroupHead,
  writeNumber,
} from './group.js';
import { HARD_STATE_BYTES, cutBytes, writeCut, writeHardState } from './segment-head.js';

/** Data up to this size is copied; longer data goes to the disk from where it is. */
const COPY_BYTES_MAX = 16 * 1024;

export function entryRecordBytes(entry: Entry): number {
  return RECORD_HEAD_BYTES + ENTRY_FIXED_BYTES + entry.data.length;
}

export function cutRecordBytes(cut: SnapshotMeta): number {
  return RECORD_HEAD_BYTES + cutBytes(cut);
}

export const HARD_STATE_RECORD_BYTES = RECORD_HEAD_BYTES + HARD_STATE_BYTES;

export class GroupBuilder {
  readonly #salt: number;
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #chunks: Uint8Array[] = [];
  /** Where the chunk being filled begins, and where the next byte goes, in #bytes. */
  #chunkAt = 0;
  #at = 0;
  /** Bytes laid out so far, chunks by reference included. */
  #total = 0;
  #promised = 0;
  #chain = 0;

  constructor(salt: number) {
    this.#salt = salt;
  }

  /** The chain behind what was laid out. */
  get chain(): number {
    return this.#chain;
  }

  /** Bytes laid out so far: the offset of the next record from the group's begin. */
  get total(): number {
    return this.#total;
  }

  begin(head: GroupHead): void {
    this.#chunks = [];
    this.#at = 0;
    this.#chunkAt = 0;
    this.#reserve(Math.min(GROUP_HEAD_BYTES + head.bodyBytes, 64 * 1024));
    this.#chain = writeGroupHead(this.#bytes, this.#view, 0, head, this.#salt);
    this.#at = GROUP_HEAD_BYTES;
    this.#total = GROUP_HEAD_BYTES;
    this.#promised = GROUP_HEAD_BYTES + head.bodyBytes;
  }

  entry(entry: Entry): void {
    const length = entry.data.length;
    const copy = length <= COPY_BYTES_MAX;
    const at = this.#record(ENTRY_FIXED_BYTES + length, RecordKind.ENTRY, copy ? length : 0);
    const body = at + RECORD_HEAD_BYTES;
    this.#bytes[body] = entry.type;
    writeNumber(this.#view, body + 1, entry.term);
    writeNumber(this.#view, body + 9, entry.index);
    this.#at = body + ENTRY_FIXED_BYTES;
    if (copy) {
      this.#bytes.set(entry.data, this.#at);
      this.#at += length;
      this.#finish(at, this.#at, null);
    } else {
      this.#finish(at, this.#at, entry.data);
      this.#cutChunk();
      this.#chunks.push(entry.data);
    }
  }

  hardState(hardState: HardState): void {
    const at = this.#record(HARD_STATE_BYTES, RecordKind.HARD_STATE, HARD_STATE_BYTES);
    const out = new ByteWriter(this.#bytes, at + RECORD_HEAD_BYTES);
    writeHardState(out, hardState);
    this.#at = out.at;
    this.#finish(at, this.#at, null);
  }

  cut(cut: SnapshotMeta): void {
    const bytes = cutBytes(cut);
    const at = this.#record(bytes, RecordKind.CUT, bytes);
    const out = new ByteWriter(this.#bytes, at + RECORD_HEAD_BYTES);
    writeCut(out, cut);
    this.#at = out.at;
    assertEq(this.#at, at + RECORD_HEAD_BYTES + bytes, 'cut record has its size');
    this.#finish(at, this.#at, null);
  }

  /** Pads to the alignment and answers the chunks, unchanged until the next `begin`. */
  end(): Uint8Array[] {
    assertEq(this.#total, this.#promised, 'group has the size its head says');
    const padding = alignUp(this.#total) - this.#total;
    this.#reserve(padding);
    this.#bytes.fill(0, this.#at, this.#at + padding);
    this.#at += padding;
    this.#cutChunk();
    return this.#chunks;
  }

  /** Begins a record: its head, but for the chain. `inline` bytes of body room are reserved. */
  #record(bodyBytes: number, kind: number, inline: number): number {
    this.#reserve(RECORD_HEAD_BYTES + ENTRY_FIXED_BYTES + inline);
    const at = this.#at;
    this.#view.setUint32(at, bodyBytes, true);
    this.#bytes[at + 8] = kind;
    this.#total += RECORD_HEAD_BYTES + bodyBytes;
    assert(this.#total <= this.#promised, 'record fits its group');
    return at;
  }

  #finish(at: number, end: number, tail: Uint8Array | null): void {
    let chain = crc32c(this.#bytes, this.#chain, at, at + 4);
    chain = crc32c(this.#bytes, chain, at + 8, end);
    if (tail !== null) chain = crc32c(tail, chain);
    this.#view.setUint32(at + 4, chain, true);
    this.#chain = chain;
  }

  #cutChunk(): void {
    if (this.#at > this.#chunkAt) this.#chunks.push(this.#bytes.subarray(this.#chunkAt, this.#at));
    this.#chunkAt = this.#at;
  }

  /** Makes room. Chunks cut before keep the old buffer; the one being filled moves to the new one. */
  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const filled = this.#bytes.subarray(this.#chunkAt, this.#at);
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, filled.length + bytes));
    grown.set(filled);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    this.#at = filled.length;
    this.#chunkAt = 0;
  }
}
