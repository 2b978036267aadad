/**
 * The frames of a client, one by one: are they well-formed, may they come now, are there too many? What they
 * mean is told to the connection (`ClientFrameEvents`).
 *
 * Header blocks are put together and read here, since nothing may come between their parts.
 */
import { ErrorCode, Flag, Frame, readUint32, SETTING_BYTES, STREAM_ID_MAX } from './frames.js';
import type { Flood, FloodCounters } from './floods.js';
import type { FrameSink } from './frame-parser.js';
import type { GrpcLimits } from './limits.js';
import type { HeadOutcome, RequestHeads } from './request-heads.js';
import { type ClientSettings, readSettings, SETTINGS_MAX } from './settings.js';

/** What a client meant. */
export interface ClientFrameEvents {
  /** The connection ends with this error. */
  fail(code: ErrorCode, reason: string): void;
  /** ... because the client does too much of something. */
  sendAway(reason: string): void;
  /** The settings are borrowed. */
  settingsCame(settings: ClientSettings): void;
  /** The payload is `bytes[at, at + 8)`. */
  pingCame(bytes: Buffer, at: number): void;
  pingAnswered(firstByte: number): void;
  windowUpdateCame(id: number, increment: number): void;
  resetCame(id: number, code: ErrorCode): void;
  /** A whole header block. */
  headCame(id: number, isEnd: boolean, outcome: HeadOutcome): void;
  /** The first piece of a DATA frame; `length` counts for flow control. */
  dataCame(id: number, length: number): void;
  /** A piece of a DATA frame: `bytes[lo, hi)`. */
  bytesCame(id: number, bytes: Buffer, lo: number, hi: number, isEnd: boolean): void;
}

export class ClientFrames implements FrameSink {
  /** The client's first SETTINGS have come. */
  hasSettings = false;
  /** Frames that came so far. */
  completed = 0;
  readonly #limits: GrpcLimits;
  readonly #events: ClientFrameEvents;
  readonly #heads: RequestHeads;
  readonly #floods: FloodCounters;
  readonly #nowMs: () => number;
  readonly #settings: ClientSettings = { initialWindow: -1, tableBytes: -1 };
  /** A header block goes on in CONTINUATION: its stream and flags; 0 if none does. */
  #blockId = 0;
  #blockFlags = 0;

  constructor(
    limits: GrpcLimits,
    heads: RequestHeads,
    floods: FloodCounters,
    nowMs: () => number,
    events: ClientFrameEvents,
  ) {
    this.#limits = limits;
    this.#heads = heads;
    this.#floods = floods;
    this.#nowMs = nowMs;
    this.#events = events;
  }

  get isInsideBlock(): boolean {
    return this.#blockId !== 0;
  }

  fault(code: ErrorCode, reason: string): void {
    this.#fail(code, reason);
  }

  #fail(code: ErrorCode, reason: string): void {
    this.#events.fail(code, reason);
  }

  frame(type: number, flags: number, id: number, bytes: Buffer, lo: number, hi: number): void {
    if (!this.#mayComeNow(type, flags, id)) return;
    const length = hi - lo;
    this.completed++;
    switch (type) {
      case Frame.HEADERS:
        this.#gotHeaders(flags, id, bytes, lo, hi);
        return;
      case Frame.CONTINUATION:
        this.#gotContinuation(flags, bytes, lo, hi);
        return;
      case Frame.WINDOW_UPDATE:
        if (length !== 4) this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_window_update');
        else this.#gotWindowUpdate(id, readUint32(bytes, lo) & 0x7fffffff);
        return;
      case Frame.PING:
        if (id !== 0) this.#fail(ErrorCode.PROTOCOL_ERROR, 'ping_on_stream');
        else if (length !== 8) this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_ping');
        else this.#gotPing(flags, bytes, lo);
        return;
      case Frame.SETTINGS:
        this.#gotSettings(flags, id, bytes, lo, hi);
        return;
      case Frame.RST_STREAM:
        if (length !== 4) this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_reset');
        else if (id === 0) this.#fail(ErrorCode.PROTOCOL_ERROR, 'reset_without_stream');
        else this.#events.resetCame(id, readUint32(bytes, lo) as ErrorCode);
        return;
      case Frame.PRIORITY:
        if (id === 0) this.#fail(ErrorCode.PROTOCOL_ERROR, 'priority_without_stream');
        else if (length !== 5) this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_priority');
        else if (this.#isBearable('too_many_priorities')) this.#checkDependency(id, bytes, lo);
        return;
      case Frame.PUSH_PROMISE:
        this.#fail(ErrorCode.PROTOCOL_ERROR, 'push_from_client');
        return;
      case Frame.GOAWAY:
        if (id !== 0) this.#fail(ErrorCode.PROTOCOL_ERROR, 'goaway_on_stream');
        else if (length < 8) this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_goaway');
        else this.#isBearable('too_many_unknown_frames');
        return;
      default:
        this.#isBearable('too_many_unknown_frames');
    }
  }

  /** The rules of order: SETTINGS first, and nothing between the parts of a header block. */
  #mayComeNow(type: number, flags: number, id: number): boolean {
    if (this.#blockId !== 0) {
      if (type === Frame.CONTINUATION && id === this.#blockId) return true;
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'no_continuation');
      return false;
    }
    if (type === Frame.CONTINUATION) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'unexpected_continuation');
      return false;
    }
    if (!this.hasSettings && (type !== Frame.SETTINGS || (flags & Flag.ACK) !== 0)) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'no_settings_first');
      return false;
    }
    return true;
  }

  #gotSettings(flags: number, id: number, bytes: Buffer, lo: number, hi: number): void {
    if (id !== 0) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'settings_on_stream');
      return;
    }
    const isAck = (flags & Flag.ACK) !== 0;
    if (isAck ? hi > lo : (hi - lo) % SETTING_BYTES !== 0) {
      this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'bad_settings');
      return;
    }
    this.hasSettings = true;
    if (!this.#isBearable('too_many_settings') || isAck) return;
    if (hi - lo > SETTINGS_MAX * SETTING_BYTES) {
      this.#events.sendAway('too_many_settings');
      return;
    }
    const error = readSettings(bytes, lo, hi, this.#settings);
    if (error !== null) this.#fail(error, 'bad_setting');
    else this.#events.settingsCame(this.#settings);
  }

  #gotPing(flags: number, bytes: Buffer, lo: number): void {
    if ((flags & Flag.ACK) === 0) this.#events.pingCame(bytes, lo);
    else if (this.#isBearable('too_many_unknown_frames')) {
      this.#events.pingAnswered(bytes[lo] as number);
    }
  }

  #gotWindowUpdate(id: number, increment: number): void {
    if (!this.#floods.allowsUpdate(this.#nowMs)) this.#events.sendAway('too_many_window_updates');
    else if (id === 0 && increment === 0) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'window_update_of_0');
    } else this.#events.windowUpdateCame(id, increment);
  }

  #checkDependency(id: number, bytes: Buffer, at: number): boolean {
    if ((readUint32(bytes, at) & STREAM_ID_MAX) !== id) return true;
    this.#fail(ErrorCode.PROTOCOL_ERROR, 'stream_depends_on_itself');
    return false;
  }

  #isBearable(kind: Flood): boolean {
    if (this.#floods.allows(kind, this.#nowMs())) return true;
    this.#events.sendAway(kind);
    return false;
  }

  // ------------------------------------------------------------------ DATA

  data(
    id: number,
    flags: number,
    length: number,
    bytes: Buffer,
    lo: number,
    hi: number,
    isFirst: boolean,
    isLast: boolean,
  ): void {
    const isEnd = isLast && (flags & Flag.END_STREAM) !== 0;
    if (isFirst) {
      if (!this.#mayComeNow(Frame.DATA, flags, id)) return;
      this.completed++;
      if (id === 0) {
        this.#fail(ErrorCode.PROTOCOL_ERROR, 'data_without_stream');
        return;
      }
      const isEmpty = isLast && lo === hi && !isEnd;
      if (isEmpty && !this.#isBearable('too_many_empty_frames')) return;
      this.#events.dataCame(id, length);
    }
    this.#events.bytesCame(id, bytes, lo, hi, isEnd);
  }

  // ------------------------------------------------------------------ HEADERS

  #gotHeaders(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if ((id & 1) === 0) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'even_stream_id');
      return;
    }
    let lo = from;
    let hi = to;
    if ((flags & Flag.PADDED) !== 0) {
      hi -= lo < hi ? (bytes[lo] as number) : 0;
      lo++;
    }
    if ((flags & Flag.PRIORITY) !== 0) {
      if (lo + 5 > to) lo = to + 1;
      else if (!this.#checkDependency(id, bytes, lo)) return;
      else lo += 5;
    }
    if (lo > to) {
      this.#fail(ErrorCode.FRAME_SIZE_ERROR, 'headers_too_short');
      return;
    }
    if (lo > hi) {
      this.#fail(ErrorCode.PROTOCOL_ERROR, 'too_much_padding');
      return;
    }
    if ((flags & Flag.END_HEADERS) === 0) {
      this.#blockId = id;
      this.#blockFlags = flags;
      if (!this.#heads.collect(bytes, lo, hi)) this.#events.sendAway('header_block_too_large');
    } else if (hi - lo > this.#limits.headerBlockBytesMax) {
      this.#events.sendAway('header_block_too_large');
    } else this.#gotBlock(flags, id, this.#heads.read(bytes, lo, hi));
  }

  #gotContinuation(flags: number, bytes: Buffer, lo: number, hi: number): void {
    if (!this.#heads.collect(bytes, lo, hi)) {
      this.#events.sendAway('header_block_too_large');
      return;
    }
    if ((flags & Flag.END_HEADERS) === 0) return;
    const id = this.#blockId;
    this.#blockId = 0;
    this.#gotBlock(this.#blockFlags, id, this.#heads.readCollected());
  }

  #gotBlock(flags: number, id: number, outcome: HeadOutcome): void {
    if (outcome.type === 'broken') this.#fail(ErrorCode.COMPRESSION_ERROR, 'bad_header_block');
    else this.#events.headCame(id, (flags & Flag.END_STREAM) !== 0, outcome);
  }
}
