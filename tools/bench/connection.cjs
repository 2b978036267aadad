'use strict';
// One HTTP/2 connection that carries unary gRPC calls, made to cost as little as possible: what is sent
// in one turn leaves in one write, what arrives is parsed in place, a call allocates nothing.
//
// A call is an object of the caller's, used again and again: `newCall`. It comes back with a code: '0' to
// '16' of gRPC, or what went wrong in words.
// Flow control is kept in both directions; a body that does not fit the windows waits its turn.

const net = require('node:net');
const {
  CANCEL,
  FRAME_SIZE_DEFAULT,
  Flag,
  Frame,
  HEAD_BYTES,
  PREFACE,
  Setting,
  WINDOW_DEFAULT,
  WINDOW_MAX,
  pingAck,
  resetStream,
  settings,
  settingsAck,
  windowUpdate,
  writeHead,
} = require('./frames.cjs');
const { FrameReader } = require('./frame-reader.cjs');
const { HpackDecoder, RequestEncoder } = require('./hpack.cjs');

const READ_BYTES = 64 * 1024;
const WRITE_BYTES = 32 * 1024;
const GRPC_HEAD_BYTES = 5;
/** The connection's window is topped up each time so much was read. */
const TOP_UP_BYTES = 2 ** 26;
const STREAM_ID_MAX = 2 ** 30;
const HEADER_BLOCK_MAX = 256 * 1024;

/** `bytes` of response messages, heads included; `capture`: null, or an array that gets the pieces. */
function newCall() {
  const times = { start: 0, sent: 0 };
  const request = { kind: 0, key: 0 };
  return {
    id: 0,
    bytes: 0,
    code: null,
    text: '',
    capture: null,
    settle: null,
    ...times,
    ...request,
  };
}

class Connection {
  /** Calls under way, by stream. */
  calls = new Map();
  /** True from the server's SETTINGS on, while calls may be sent. */
  ready = false;
  maxStreams = Infinity;
  #events;
  #socket;
  #reader = new FrameReader((...frame) => this.#frame(...frame));
  #decoder = new HpackDecoder();
  #encoder;
  #out = Buffer.allocUnsafeSlow(WRITE_BYTES);
  #at = 0;
  #nextId = 1;
  #window = WINDOW_DEFAULT;
  #streamWindow = WINDOW_DEFAULT;
  #frameSize = FRAME_SIZE_DEFAULT;
  #read = 0;
  /** Bodies that wait for a window: {id, bytes, at, window}. */
  #bodies = new Map();
  /** A header block that goes on in CONTINUATION. */
  #block = null;
  #reading = false;
  /** No further calls; closed behind the last answer. Holds why. */
  #draining = null;
  #closed = false;

  /**
   * `events`: ready(), done(call, code, text), turn() before the write of a turn, closed(why). `done` may
   * send the next call at once.
   */
  constructor(host, port, events) {
    this.#events = events;
    this.#encoder = new RequestEncoder(`${host}:${port}`);
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, bytes) => {
        this.#receive(length, bytes);
        return true;
      },
    };
    this.#socket = net.connect({ host, port, noDelay: true, onread });
    this.#socket.on('connect', () => {
      const ours = [
        [Setting.ENABLE_PUSH, 0],
        [Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX],
      ];
      this.#append(PREFACE);
      this.#append(settings(ours));
      this.#append(windowUpdate(0, WINDOW_MAX - WINDOW_DEFAULT));
      this.flush();
    });
    this.#socket.on('error', (error) => this.#close(error.code ?? error.message));
    this.#socket.on('close', () => this.#close('connection lost'));
  }

  get hasRoom() {
    return this.ready && this.calls.size < this.maxStreams;
  }

  /**
   * Sends `message` (copied) to `path`. It leaves with the next `flush`, which a `done` handler need not
   * call. The connection must have room.
   */
  send(call, path, message) {
    const id = this.#nextId;
    this.#nextId += 2;
    call.id = id;
    call.bytes = 0;
    call.code = null;
    call.text = '';
    this.calls.set(id, call);
    const block = this.#encoder.block(path);
    const body = GRPC_HEAD_BYTES + message.length;
    this.#reserve(2 * HEAD_BYTES + block.length + body);
    this.#head(block.length, Frame.HEADERS, Flag.END_HEADERS, id);
    this.#at += block.copy(this.#out, this.#at);
    if (
      body > Math.min(this.#window, this.#streamWindow, this.#frameSize) ||
      this.#bodies.size > 0
    ) {
      const bytes = Buffer.allocUnsafe(body);
      writeGrpc(bytes, 0, message);
      this.#bodies.set(id, { bytes, at: 0, window: this.#streamWindow });
      this.#sendBodies();
    } else {
      this.#head(body, Frame.DATA, Flag.END_STREAM, id);
      this.#at = writeGrpc(this.#out, this.#at, message);
      this.#window -= body;
    }
    if (id >= STREAM_ID_MAX) this.#drain('stream ids used up');
  }

  /** Gives a call up: it is done with `why`. */
  cancel(call, why) {
    if (!this.calls.has(call.id)) return;
    this.#append(resetStream(call.id, CANCEL));
    this.#finish(call, why, '');
  }

  /** Writes what was sent. Within a `done` handler nothing happens: the turn's end writes. */
  flush() {
    if (this.#reading || this.#at === 0 || this.#closed) return;
    const bytes = this.#out.subarray(0, this.#at);
    this.#at = 0;
    this.#socket.write(bytes);
    // Written at once, as nearly always: the buffer is ours again.
    if (this.#socket.writableLength > 0) this.#out = Buffer.allocUnsafeSlow(WRITE_BYTES);
  }

  close() {
    this.#close('closed');
  }

  #receive(length, bytes) {
    if (this.#closed) return;
    this.#reading = true;
    try {
      this.#reader.read(bytes, length);
    } catch (error) {
      this.#reading = false;
      this.#close(`protocol error: ${error.message}`);
      return;
    }
    this.#reading = false;
    if (this.#closed) return;
    if (this.#read >= TOP_UP_BYTES) {
      this.#append(windowUpdate(0, this.#read));
      this.#read = 0;
    }
    this.#events.turn();
    this.flush();
    if (this.#draining !== null && this.calls.size === 0) this.#close(this.#draining);
  }

  #drain(why) {
    this.ready = false;
    this.#draining ??= why;
  }

  #frame(type, flags, id, bytes, lo, hi) {
    if (this.#closed) return;
    if (this.#block !== null && type !== Frame.CONTINUATION) {
      throw new Error('a header block was interrupted');
    }
    switch (type) {
      case Frame.DATA:
        this.#data(flags, id, bytes, lo, hi);
        return;
      case Frame.HEADERS:
        this.#headers(flags, id, bytes, lo, hi);
        return;
      case Frame.CONTINUATION:
        this.#continuation(flags, id, bytes, lo, hi);
        return;
      case Frame.SETTINGS:
        if ((flags & Flag.ACK) === 0) this.#settings(bytes, lo, hi);
        return;
      case Frame.PING:
        if ((flags & Flag.ACK) === 0) this.#append(pingAck(bytes.subarray(lo, hi)));
        return;
      case Frame.WINDOW_UPDATE:
        this.#windowUpdate(id, bytes.readUInt32BE(lo) & WINDOW_MAX);
        return;
      case Frame.RST_STREAM: {
        const call = this.calls.get(id);
        if (call !== undefined) this.#finish(call, `reset ${bytes.readUInt32BE(lo)}`, '');
        return;
      }
      case Frame.GOAWAY:
        this.#goAway(bytes, lo, hi);
        return;
      case Frame.PUSH_PROMISE:
        throw new Error('a push that was not allowed');
      default:
    }
  }

  #data(flags, id, bytes, lo, hi) {
    this.#read += hi - lo;
    const call = this.calls.get(id);
    if (call === undefined) return;
    const padded = (flags & Flag.PADDED) !== 0;
    const from = padded ? lo + 1 : lo;
    const to = padded ? hi - bytes[lo] : hi;
    if (to < from) throw new Error('padding larger than its frame');
    call.bytes += to - from;
    if (call.capture !== null) call.capture.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & Flag.END_STREAM) !== 0) this.#finish(call, 'no trailers', '');
  }

  #headers(flags, id, bytes, lo, hi) {
    const padding = (flags & Flag.PADDED) === 0 ? 0 : bytes[lo];
    let from = (flags & Flag.PADDED) === 0 ? lo : lo + 1;
    if ((flags & Flag.PRIORITY) !== 0) from += 5;
    const to = hi - padding;
    if (to < from) throw new Error('padding larger than its frame');
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#fields(flags, id, bytes, from, to);
      return;
    }
    this.#block = { id, flags, bytes: Buffer.from(bytes.subarray(from, to)) };
  }

  #continuation(flags, id, bytes, lo, hi) {
    const block = this.#block;
    if (block === null || block.id !== id) throw new Error('a continuation of nothing');
    block.bytes = Buffer.concat([block.bytes, bytes.subarray(lo, hi)]);
    if (block.bytes.length > HEADER_BLOCK_MAX) throw new Error('a header block without end');
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = null;
    this.#fields(block.flags, id, block.bytes, 0, block.bytes.length);
  }

  /** Every block is decoded, also of a call that was given up: the table needs it. */
  #fields(flags, id, bytes, lo, hi) {
    const fields = this.#decoder.decode(bytes, lo, hi);
    const call = this.calls.get(id);
    if (call === undefined) return;
    for (let i = 0; i < fields.length; i++) {
      const { name, value } = fields[i];
      if (name === 'grpc-status') call.code = value;
      else if (name === 'grpc-message' && value !== '') call.text = value;
      else if (name === ':status' && value !== '200') call.text = `HTTP ${value}`;
    }
    if ((flags & Flag.END_STREAM) !== 0) this.#finish(call, call.code ?? 'no status', call.text);
  }

  #settings(bytes, lo, hi) {
    for (let at = lo; at + 6 <= hi; at += 6) {
      const value = bytes.readUInt32BE(at + 2);
      switch (bytes.readUInt16BE(at)) {
        case Setting.HEADER_TABLE_SIZE:
          this.#encoder.setTableSize(value);
          break;
        case Setting.MAX_CONCURRENT_STREAMS:
          this.maxStreams = value;
          break;
        case Setting.INITIAL_WINDOW_SIZE:
          for (const body of this.#bodies.values()) body.window += value - this.#streamWindow;
          this.#streamWindow = value;
          break;
        case Setting.MAX_FRAME_SIZE:
          this.#frameSize = value;
          break;
        default:
      }
    }
    this.#append(settingsAck());
    this.#sendBodies();
    if (this.ready || this.#draining !== null) return;
    this.ready = true;
    this.#events.ready();
  }

  #windowUpdate(id, bytes) {
    if (id === 0) this.#window += bytes;
    else {
      const body = this.#bodies.get(id);
      if (body !== undefined) body.window += bytes;
    }
    if (this.#bodies.size > 0) this.#sendBodies();
  }

  #sendBodies() {
    for (const [id, body] of this.#bodies) {
      while (body.at < body.bytes.length) {
        const left = body.bytes.length - body.at;
        const n = Math.min(left, this.#frameSize, body.window, this.#window);
        if (n <= 0) break;
        this.#reserve(HEAD_BYTES + n);
        this.#head(n, Frame.DATA, n === left ? Flag.END_STREAM : 0, id);
        this.#at += body.bytes.copy(this.#out, this.#at, body.at, body.at + n);
        body.at += n;
        body.window -= n;
        this.#window -= n;
      }
      if (body.at === body.bytes.length) this.#bodies.delete(id);
      if (this.#window <= 0) return;
    }
  }

  /** Calls above the named stream were not processed; the others still get their answers. */
  #goAway(bytes, lo, hi) {
    const last = bytes.readUInt32BE(lo) & WINDOW_MAX;
    const code = bytes.readUInt32BE(lo + 4);
    const text = bytes.latin1Slice(lo + 8, hi);
    this.#drain(`goaway ${code} ${text}`);
    for (const call of [...this.calls.values()]) {
      if (call.id > last) this.#finish(call, `goaway ${code}`, text);
    }
  }

  #finish(call, code, text) {
    this.calls.delete(call.id);
    if (this.#bodies.size > 0) this.#bodies.delete(call.id);
    this.#events.done(call, code, text);
  }

  #close(why) {
    if (this.#closed) return;
    this.#closed = true;
    this.ready = false;
    this.#socket.destroy();
    for (const call of [...this.calls.values()]) this.#finish(call, 'connection lost', why);
    this.#events.turn();
    this.#events.closed(why);
  }

  #append(bytes) {
    this.#reserve(bytes.length);
    this.#at += bytes.copy(this.#out, this.#at);
  }

  #reserve(bytes) {
    if (this.#at + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#out.length, this.#at + bytes));
    this.#out.copy(larger, 0, 0, this.#at);
    this.#out = larger;
  }

  #head(length, type, flags, id) {
    this.#at = writeHead(this.#out, this.#at, length, type, flags, id);
  }
}

function writeGrpc(out, at, message) {
  const n = message.length;
  out[at] = 0;
  out[at + 1] = n >>> 24;
  out[at + 2] = n >>> 16;
  out[at + 3] = n >>> 8;
  out[at + 4] = n;
  return at + GRPC_HEAD_BYTES + message.copy(out, at + GRPC_HEAD_BYTES);
}

module.exports = { Connection, newCall };
