/**
 * The header blocks of answers. A server says little: `:status`, `content-type`, `grpc-status` and
 * `grpc-message`; so the first answer of a connection enters its fields in the client's table, and those
 * after it are two bytes each.
 *
 * Of the client's table exactly three entries are used. A client that allows less than the default
 * gets every field spelled out instead, behind the size update that RFC 7541 section 4.2 asks for.
 *
 * Invariant: blocks are sent in the order they were written here.
 */
import type { StatusCode } from '@conclave/base';

import { TABLE_BYTES_DEFAULT } from './frames.js';
import { CONTENT_TYPE } from './metadata.js';
import { encodeStatusText } from './status-text.js';

/** Longer texts are cut: a block must fit one frame. */
const MESSAGE_BYTES_MAX = 8192;
/** Everything in a block but the message and the content type. */
const FIXED_BYTES = 96;

const STATUS_200 = 0x88;
const STATUS_NAME_INDEX = 8;
const CONTENT_TYPE_INDEX = 31;
const INDEXED = 0x80;
const ENTER = 0x40;
/** The newest entry of the client's table. */
const NEWEST_INDEX = 62;

const GRPC_STATUS = 'grpc-status';
const GRPC_MESSAGE = 'grpc-message';

/** What is in the client's table. */
const enum Entered {
  Nothing,
  /** `content-type` is the newest. */
  ContentType,
  /** `grpc-message: ""`, `grpc-status: 0` and `content-type`, from the newest on. */
  All,
}

function writeInteger(
  out: Uint8Array,
  at: number,
  bits: number,
  flags: number,
  value: number,
): number {
  const mask = (1 << bits) - 1;
  if (value < mask) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at++] = flags | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at] = rest;
  return at + 1;
}

function writeText(out: Uint8Array, at: number, text: string): number {
  let end = writeInteger(out, at, 7, 0, text.length);
  for (let i = 0; i < text.length; i++) out[end++] = text.charCodeAt(i);
  return end;
}

function writeField(
  out: Uint8Array,
  at: number,
  flags: number,
  name: string,
  value: string,
): number {
  out[at] = flags;
  return writeText(out, writeText(out, at + 1, name), value);
}

/** The value of `grpc-message`, at most `MESSAGE_BYTES_MAX` long and cut between characters. */
export function messageField(message: string): string {
  const text = encodeStatusText(
    message.length > MESSAGE_BYTES_MAX ? message.slice(0, MESSAGE_BYTES_MAX) : message,
  );
  if (text.length <= MESSAGE_BYTES_MAX) return text;
  let end = MESSAGE_BYTES_MAX;
  const percent = text.lastIndexOf('%', end - 1);
  if (percent > end - 3) end = percent;
  return text.slice(0, end);
}

/** The encoding side of one connection. */
export class ResponseEncoder {
  #entered: Entered = Entered.Nothing;
  /** The client's table is smaller than the default: nothing may be entered. */
  #isSmall = false;
  #tableBytes = TABLE_BYTES_DEFAULT;
  #isResized = false;

  /** The client's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    if (bytes >= this.#tableBytes) return;
    this.#isSmall = true;
    this.#tableBytes = bytes;
    this.#isResized = true;
    this.#entered = Entered.Nothing;
  }

  /** An upper bound of what the writers below put out for these texts. */
  blockBytesMax(contentType: string, message: string): number {
    return FIXED_BYTES + contentType.length + message.length;
  }

  /** `:status: 200` and the content type. */
  writeHead(out: Uint8Array, from: number, contentType: string): number {
    let at = this.#begin(out, from);
    out[at++] = STATUS_200;
    if (contentType === CONTENT_TYPE && !this.#isSmall) {
      if (this.#entered !== Entered.Nothing) {
        out[at] = INDEXED | (this.#entered === Entered.All ? NEWEST_INDEX + 2 : NEWEST_INDEX);
        return at + 1;
      }
      this.#entered = Entered.ContentType;
      at = writeInteger(out, at, 6, ENTER, CONTENT_TYPE_INDEX);
      return writeText(out, at, contentType);
    }
    return this.#writeContentType(out, at, contentType);
  }

  /** `message` is a `messageField`. */
  writeTrailers(out: Uint8Array, from: number, code: StatusCode, message: string): number {
    let at = this.#begin(out, from);
    if (code === 0 && message.length === 0) {
      if (this.#entered === Entered.All) {
        out[at] = INDEXED | (NEWEST_INDEX + 1);
        out[at + 1] = INDEXED | NEWEST_INDEX;
        return at + 2;
      }
      if (this.#entered === Entered.ContentType) {
        this.#entered = Entered.All;
        at = writeField(out, at, ENTER, GRPC_STATUS, '0');
        return writeField(out, at, ENTER, GRPC_MESSAGE, '');
      }
    }
    return this.#writeStatus(out, at, code, message);
  }

  /** A whole answer without a message. */
  writeTrailersOnly(
    out: Uint8Array,
    from: number,
    httpStatus: number,
    contentType: string,
    code: StatusCode,
    message: string,
  ): number {
    let at = this.#begin(out, from);
    if (httpStatus === 200) out[at++] = STATUS_200;
    else {
      at = writeInteger(out, at, 4, 0, STATUS_NAME_INDEX);
      at = writeText(out, at, String(httpStatus));
    }
    at = this.#writeContentType(out, at, contentType);
    return this.#writeStatus(out, at, code, message);
  }

  #begin(out: Uint8Array, at: number): number {
    if (!this.#isResized) return at;
    this.#isResized = false;
    return writeInteger(out, at, 5, 0x20, this.#tableBytes);
  }

  #writeContentType(out: Uint8Array, at: number, contentType: string): number {
    return writeText(out, writeInteger(out, at, 4, 0, CONTENT_TYPE_INDEX), contentType);
  }

  #writeStatus(out: Uint8Array, from: number, code: StatusCode, message: string): number {
    const at = writeField(out, from, 0, GRPC_STATUS, String(code));
    return writeField(out, at, 0, GRPC_MESSAGE, message);
  }
}
