/**
 * Header blocks to fields (RFC 7541).
 *
 * A block is decoded to its end even when it holds more than allowed, because the table must stay in
 * step with the client's: what is too much is dropped and told (`isTooLarge`). Only a broken block
 * (`decode` answers false) is the end of the connection. A field taken from the table shares its strings with
 * the table, so a block of one-byte references costs no memory beyond the field count.
 */
import { Buffer } from 'node:buffer';

import { TABLE_BYTES_DEFAULT } from './frames.js';
import { isFieldName, isFieldValue } from './header-rules.js';
import { FieldTable, STATIC_COUNT, STATIC_FIELDS } from './hpack-table.js';
import { decodedBytesMax, decodeHuffman } from './huffman.js';

const FIELD_OVERHEAD_BYTES = 32;
const SIZE_UPDATES_MAX = 2;
/** Four pseudo fields come on top of what the client may choose. */
const PSEUDO_FIELDS = 4;
/** Integers above are an attack; no length or index comes near it. */
const INTEGER_MAX = 0xfffffff;

export interface HeaderLimits {
  readonly headerFieldsMax: number;
  readonly headerBytesMax: number;
  readonly headerBlockBytesMax: number;
}

/** Room to decode Huffman strings in, for all decoders of a server: none keeps anything in it. */
export function huffmanScratch(headerBlockBytesMax: number): Buffer {
  return Buffer.allocUnsafeSlow(decodedBytesMax(headerBlockBytesMax));
}

/** The decoding side of one connection. */
export class HpackDecoder {
  readonly #limits: HeaderLimits;
  readonly #scratch: Buffer;
  readonly #table = new FieldTable();
  /** Name, value, name, value, ... of the block decoded last; used again for the next. */
  readonly fields: string[] = [];
  /** The block decoded last had more fields or bytes than allowed; `fields` holds some of them. */
  isTooLarge = false;
  /** ... or a field no request may have: a name with capitals, a value with control characters. */
  isMalformed = false;
  #fieldCount = 0;
  #fieldBytes = 0;
  #bytes: Buffer;
  #at = 0;
  #end = 0;
  /** The string read last, and whether it may be a name or a value, whichever was asked. */
  #text = '';
  #isTextValid = true;

  constructor(limits: HeaderLimits, scratch: Buffer) {
    this.#limits = limits;
    this.#scratch = scratch;
    this.#bytes = scratch;
  }

  /** Grows whenever the table changes: the same block means the same while it stays. */
  get generation(): number {
    return this.#table.generation;
  }

  /** Decodes the block `bytes[lo, hi)`; false if it is broken. */
  decode(bytes: Buffer, lo: number, hi: number): boolean {
    this.fields.length = 0;
    this.isTooLarge = false;
    this.isMalformed = false;
    this.#fieldCount = 0;
    this.#fieldBytes = 0;
    this.#bytes = bytes;
    this.#at = lo;
    this.#end = hi;
    const isWhole = this.#readBlock();
    this.#bytes = this.#scratch;
    return isWhole;
  }

  #readBlock(): boolean {
    let sizeUpdates = 0;
    let hasField = false;
    while (this.#at < this.#end) {
      const first = this.#bytes[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (hasField || ++sizeUpdates > SIZE_UPDATES_MAX || !this.#resize()) return false;
        continue;
      }
      hasField = true;
      if (first >= 0x80) {
        if (!this.#readIndexed()) return false;
      } else if (!this.#readLiteral(first)) return false;
    }
    return true;
  }

  #resize(): boolean {
    const size = this.#readInteger(5);
    if (size < 0 || size > TABLE_BYTES_DEFAULT) return false;
    this.#table.resize(size);
    return true;
  }

  #readIndexed(): boolean {
    const index = this.#readInteger(7);
    if (index < 1) return false;
    if (index <= STATIC_COUNT) {
      const at = (index - 1) * 2;
      this.#take(STATIC_FIELDS[at] as string, STATIC_FIELDS[at + 1] as string, true);
      return true;
    }
    const table = this.#table;
    const entered = index - STATIC_COUNT - 1;
    if (entered >= table.count) return false;
    this.#take(table.name(entered), table.value(entered), table.isValid(entered));
    return true;
  }

  #readLiteral(first: number): boolean {
    const isEntered = (first & 0x40) !== 0;
    const index = this.#readInteger(isEntered ? 6 : 4);
    if (index < 0) return false;
    let name: string;
    let isValid = true;
    if (index === 0) {
      if (!this.#readString(true)) return false;
      name = this.#text;
      isValid = this.#isTextValid;
    } else if (index <= STATIC_COUNT) {
      name = STATIC_FIELDS[(index - 1) * 2] as string;
    } else {
      const entered = index - STATIC_COUNT - 1;
      if (entered >= this.#table.count) return false;
      name = this.#table.name(entered);
      // A name that broke a rule breaks it again; its value alone does not make this field bad.
      isValid = this.#table.isValid(entered) || isNameText(name);
    }
    if (!this.#readString(false)) return false;
    isValid &&= this.#isTextValid;
    if (isEntered) this.#table.enter(name, this.#text, isValid);
    this.#take(name, this.#text, isValid);
    return true;
  }

  #take(name: string, value: string, isValid: boolean): void {
    if (!isValid) this.isMalformed = true;
    this.#fieldCount++;
    this.#fieldBytes += name.length + value.length + FIELD_OVERHEAD_BYTES;
    const limits = this.#limits;
    if (
      this.#fieldCount > limits.headerFieldsMax + PSEUDO_FIELDS ||
      this.#fieldBytes > limits.headerBytesMax
    ) {
      this.isTooLarge = true;
      return;
    }
    this.fields.push(name, value);
  }

  /** An integer whose first byte has `bits` of it (section 5.1); -1 if it is cut or too large. */
  #readInteger(bits: number): number {
    const mask = (1 << bits) - 1;
    let value = (this.#bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) return -1;
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value <= INTEGER_MAX ? value : -1;
    }
    return -1;
  }

  /** A string (section 5.2) into `#text`. */
  #readString(isName: boolean): boolean {
    if (this.#at >= this.#end) return false;
    const isCoded = (this.#bytes[this.#at] as number) >= 0x80;
    const length = this.#readInteger(7);
    if (length < 0 || length > this.#end - this.#at) return false;
    const lo = this.#at;
    const hi = lo + length;
    this.#at = hi;
    if (!isCoded) {
      this.#setText(this.#bytes, lo, hi, isName);
      return true;
    }
    const decoded = decodeHuffman(this.#bytes, lo, hi, this.#scratch);
    if (decoded < 0) return false;
    this.#setText(this.#scratch, 0, decoded, isName);
    return true;
  }

  #setText(bytes: Buffer, lo: number, hi: number, isName: boolean): void {
    this.#text = bytes.toString('latin1', lo, hi);
    this.#isTextValid = isName ? isFieldName(bytes, lo, hi) : isFieldValue(bytes, lo, hi);
  }
}

function isNameText(name: string): boolean {
  return isFieldName(Buffer.from(name, 'latin1'), 0, name.length);
}
