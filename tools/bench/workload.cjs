'use strict';
// What is asked: etcd's messages, written once as templates; a request is a template with its key and
// value written over.

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const TXN = '/etcdserverpb.KV/Txn';
const STATUS = '/etcdserverpb.Maintenance/Status';

/** Random bytes that values are cut from, so that no engine can compress them away. */
const POOL_BYTES = 64 * 1024;

function varint(value) {
  const out = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return Buffer.from(out);
}

const bytesField = (field, bytes) =>
  Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
const numberField = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);

function putMessage(key, value) {
  return Buffer.concat([bytesField(1, key), bytesField(2, value)]);
}

function rangeMessage(key, { serializable = false, rangeEnd = null, countOnly = false } = {}) {
  return Buffer.concat([
    bytesField(1, key),
    rangeEnd === null ? Buffer.alloc(0) : bytesField(2, rangeEnd),
    serializable ? numberField(7, 1) : Buffer.alloc(0),
    countOnly ? numberField(9, 1) : Buffer.alloc(0),
  ]);
}

/** If the key's version is above -1 (always): put it and read it; else read it. */
function txnMessage(key, value) {
  const compare = Buffer.concat([
    numberField(1, 1),
    numberField(2, 0),
    bytesField(3, key),
    numberField(4, -1),
  ]);
  const read = bytesField(1, rangeMessage(key));
  return Buffer.concat([
    bytesField(1, compare),
    bytesField(2, bytesField(2, putMessage(key, value))),
    bytesField(2, read),
    bytesField(3, read),
  ]);
}

/** Key `n`: decimal, padded to `size` with zeros, so keys sort as their numbers do. */
function writeKey(out, at, size, n) {
  let rest = n;
  for (let i = at + size - 1; i >= at; i--) {
    const tens = Math.floor(rest / 10);
    out[i] = 48 + rest - 10 * tens;
    rest = tens;
  }
}

function keyOf(size, n) {
  const key = Buffer.alloc(size);
  writeKey(key, 0, size, n);
  return key;
}

/** Where two messages that differ in one field differ: the offsets of runs of `length` bytes. */
function placesOf(a, b, length) {
  const places = [];
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue;
    places.push(at);
    at += length - 1;
  }
  return places;
}

class Template {
  #keys;
  #values;
  #keySize;
  #valueSize;

  constructor(path, build, { keySize, valSize }) {
    this.path = path;
    this.#keySize = keySize;
    this.#valueSize = valSize;
    const [key, value] = [Buffer.alloc(keySize), Buffer.alloc(valSize)];
    this.message = build(key, value);
    this.#keys = placesOf(this.message, build(Buffer.alloc(keySize, 1), value), keySize);
    this.#values = placesOf(this.message, build(key, Buffer.alloc(valSize, 1)), valSize);
  }

  fill(key, pool, poolAt) {
    for (const at of this.#keys) writeKey(this.message, at, this.#keySize, key);
    for (const at of this.#values) pool.copy(this.message, at, poolAt, poolAt + this.#valueSize);
  }
}

const Kind = { PUT: 0, GET: 1, TXN: 2 };
const KIND_NAMES = ['put', 'get', 'txn'];

class Workload {
  #templates;
  #pool;
  #poolAt = 0;
  #next = 0;
  #options;
  /** 1 for each key whose put was acknowledged. */
  acknowledged;

  /**
   * `options`: verb, keySize, valSize, keys, sequential, onlyMissing (keys whose put was acknowledged are left
   * out), consistency, reads.
   */
  constructor(options) {
    this.#options = options;
    const serializable = options.consistency === 's';
    this.#templates = [
      new Template(PUT, putMessage, options),
      new Template(RANGE, (key) => rangeMessage(key, { serializable }), options),
      new Template(TXN, txnMessage, options),
    ];
    this.#pool = Buffer.alloc(POOL_BYTES + options.valSize);
    require('node:crypto').randomFillSync(this.#pool);
    this.acknowledged = new Uint8Array(options.keys);
  }

  /** The next request for `call`, whose `kind` and `key` are set; its message is valid until the next. */
  next(call) {
    const { verb, keys, sequential, onlyMissing, reads } = this.#options;
    if (onlyMissing) this.#skip();
    const kind =
      verb === 'mix' ? (Math.random() < reads ? Kind.GET : Kind.PUT) : KIND_NAMES.indexOf(verb);
    call.kind = kind;
    call.key = sequential ? this.#next++ % keys : Math.floor(Math.random() * keys);
    const template = this.#templates[kind];
    this.#poolAt = (this.#poolAt + 61) % POOL_BYTES;
    template.fill(call.key, this.#pool, this.#poolAt);
    return template;
  }

  /** How many keys have no acknowledged put. */
  get missing() {
    return this.acknowledged.reduce((sum, one) => sum - one, this.acknowledged.length);
  }

  /** To the next key that is missing, if there is any. */
  #skip() {
    const { keys } = this.#options;
    for (let i = 0; i < keys && this.acknowledged[this.#next % keys] === 1; i++) this.#next++;
  }

  /** Notes an answer with status 0; a fault in it as text, or null. */
  accept(call) {
    if (call.kind === Kind.GET) return call.bytes >= this.#options.valSize ? null : 'key not found';
    this.acknowledged[call.key] = 1;
    return null;
  }
}

/** Varint fields of a message, by number; bytes fields as views. */
function decodeMessage(bytes) {
  const fields = new Map();
  let at = 0;
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a message is cut short');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(number());
    if ((tag & 7) === 0) fields.set(tag >> 3, number());
    else if ((tag & 7) === 2) {
      const length = Number(number());
      fields.set(tag >> 3, bytes.subarray(at, at + length));
      at += length;
    } else throw new Error(`wire type ${tag & 7}`);
  }
  return fields;
}

module.exports = {
  KIND_NAMES,
  Kind,
  RANGE,
  STATUS,
  Workload,
  decodeMessage,
  keyOf,
  putMessage,
  rangeMessage,
  txnMessage,
};
