'use strict';
// HPACK (RFC 7541) as far as a gRPC client needs it: a complete decoder, because the table must stay
// in step with every block, and an encoder for the few fields a request has.
//
// The Huffman code of appendix B is canonical: codes ascend by length, then by symbol. So the lengths
// are the whole table.

/** Code lengths of symbols 0 to 255; end-of-string has 30. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const END_OF_STRING = 256;
const TABLE_SIZE = 4096;
const ENTRY_OVERHEAD = 32;
const STRING_BYTES_MAX = 64 * 1024;
const INTEGER_BITS_MAX = 28;

const STATIC = `:authority|
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset|
accept-encoding|gzip, deflate
accept-language|
accept-ranges|
accept|
access-control-allow-origin|
age|
allow|
authorization|
cache-control|
content-disposition|
content-encoding|
content-language|
content-length|
content-location|
content-range|
content-type|
cookie|
date|
etag|
expect|
expires|
from|
host|
if-match|
if-modified-since|
if-none-match|
if-range|
if-unmodified-since|
last-modified|
link|
location|
max-forwards|
proxy-authenticate|
proxy-authorization|
range|
referer|
refresh|
retry-after|
server|
set-cookie|
strict-transport-security|
transfer-encoding|
user-agent|
vary|
via|
www-authenticate|`
  .split('\n')
  .map((line) => line.split('|'))
  .map(([name, value]) => ({ name, value, size: name.length + value.length + ENTRY_OVERHEAD }));

class HpackError extends Error {}

/** Nodes of the decoding tree: [child 0, child 1]; a symbol s is stored as -1 - s, no child as 0. */
function buildTree() {
  const symbols = LENGTHS.map((length, symbol) => ({ length, symbol }));
  symbols.push({ length: 30, symbol: END_OF_STRING });
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const tree = [0, 0];
  let code = 0;
  let last = symbols[0].length;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - last);
    last = length;
    insert(tree, code, length, symbol);
    code++;
  }
  if (code !== 2 ** 30) throw new HpackError('the Huffman code is not complete');
  return Int32Array.from(tree);
}

function insert(tree, code, length, symbol) {
  let node = 0;
  for (let bit = length - 1; bit > 0; bit--) {
    const at = node + ((code >>> bit) & 1);
    if (tree[at] === 0) {
      tree[at] = tree.length;
      tree.push(0, 0);
    }
    node = tree[at];
  }
  tree[node + (code & 1)] = -1 - symbol;
}

const TREE = buildTree();

/** Text of a Huffman string in `bytes[lo, hi)`, as latin1. */
function decodeHuffman(bytes, lo, hi) {
  let text = '';
  let node = 0;
  let depth = 0;
  let ones = true;
  for (let i = lo; i < hi; i++) {
    for (let bit = 7; bit >= 0; bit--) {
      const b = (bytes[i] >>> bit) & 1;
      const next = TREE[node + b];
      depth++;
      ones = ones && b === 1;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === END_OF_STRING) throw new HpackError('end of string inside a string');
      text += String.fromCharCode(symbol);
      node = 0;
      depth = 0;
      ones = true;
    }
  }
  // Padding is a prefix of end-of-string, that is ones, and shorter than a byte.
  if (depth > 7 || !ones) throw new HpackError('bad padding of a Huffman string');
  return text;
}

class HpackDecoder {
  /** The fields of the last block: `{name, value}`, not to be changed; valid until the next. */
  fields = [];
  #entries = [];
  #size = 0;
  #limit = TABLE_SIZE;
  #bytes = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** Decodes one whole block `bytes[lo, hi)`; throws HpackError, after which the decoder is void. */
  decode(bytes, lo, hi) {
    const fields = this.fields;
    fields.length = 0;
    this.#bytes = bytes;
    this.#at = lo;
    this.#end = hi;
    while (this.#at < hi) {
      const first = bytes[this.#at];
      if (first >= 0x80) fields.push(this.#entry(this.#integer(7)));
      else if (first >= 0x40) {
        const entry = this.#literal(6);
        this.#insert(entry);
        fields.push(entry);
      } else if (first >= 0x20) this.#resize(this.#integer(5), fields.length);
      else fields.push(this.#literal(4));
    }
    return fields;
  }

  #literal(prefixBits) {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#entry(index).name;
    const value = this.#string();
    return { name, value, size: name.length + value.length + ENTRY_OVERHEAD };
  }

  #insert(entry) {
    this.#entries.push(entry);
    this.#size += entry.size;
    this.#evict();
  }

  #resize(limit, fieldsBefore) {
    if (limit > TABLE_SIZE) throw new HpackError(`table size ${limit} above ${TABLE_SIZE}`);
    if (fieldsBefore > 0) throw new HpackError('a table size update behind a field');
    this.#limit = limit;
    this.#evict();
  }

  #evict() {
    while (this.#size > this.#limit) this.#size -= this.#entries.shift().size;
  }

  #entry(index) {
    if (index >= 1 && index <= STATIC.length) return STATIC[index - 1];
    const entry = this.#entries[this.#entries.length - (index - STATIC.length)];
    if (index === 0 || entry === undefined) throw new HpackError(`no entry ${index}`);
    return entry;
  }

  #integer(prefixBits) {
    const mask = 2 ** prefixBits - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < INTEGER_BITS_MAX; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError('an integer is too long');
  }

  #string() {
    const huffman = this.#at < this.#end && this.#bytes[this.#at] >= 0x80;
    const length = this.#integer(7);
    if (length > STRING_BYTES_MAX) throw new HpackError(`a string of ${length} bytes`);
    const lo = this.#at;
    const hi = lo + length;
    if (hi > this.#end) throw new HpackError('a string is cut short');
    this.#at = hi;
    return huffman ? decodeHuffman(this.#bytes, lo, hi) : this.#bytes.latin1Slice(lo, hi);
  }

  #byte() {
    if (this.#at >= this.#end) throw new HpackError('a block is cut short');
    return this.#bytes[this.#at++];
  }
}

function integer(value, prefixBits, flags) {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) return [flags | value];
  const out = [flags | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80);
  out.push(rest);
  return out;
}

function string(text) {
  return [...integer(text.length, 7, 0), ...Buffer.from(text, 'latin1')];
}

/** Below it, nothing is indexed; four fields and a path need far less. */
const INDEXING_SIZE_MIN = 1024;

/**
 * The header blocks of gRPC requests on one connection. The first block of a path enters what it says
 * into the server's table; later ones are six bytes of indexes.
 */
class RequestEncoder {
  #authority;
  #inserted = new Map();
  #count = 0;
  #indexing = true;
  #limit = TABLE_SIZE;
  #update = [];
  #blocks = new Map();

  constructor(authority) {
    this.#authority = authority;
  }

  /** SETTINGS_HEADER_TABLE_SIZE of the server. */
  setTableSize(size) {
    const limit = size < INDEXING_SIZE_MIN ? 0 : Math.min(size, TABLE_SIZE);
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#indexing = limit > 0;
    this.#update = integer(limit, 5, 0x20);
    if (!this.#indexing) this.#inserted.clear();
    this.#blocks.clear();
  }

  /** Borrowed; to be sent exactly once per call of this method, in this order. */
  block(path) {
    const known = this.#blocks.get(path);
    if (known !== undefined) return known;
    const before = this.#count;
    const out = [...this.#update, 0x83, 0x86];
    const changes = this.#update.length > 0;
    this.#update = [];
    this.#field(out, ':path', 4, path);
    this.#field(out, ':authority', 1, this.#authority);
    this.#field(out, 'content-type', 31, 'application/grpc');
    this.#field(out, 'te', 0, 'trailers');
    const block = Buffer.from(out);
    // Indexes of all other blocks moved if this one inserted.
    if (this.#count !== before) this.#blocks.clear();
    else if (!changes) this.#blocks.set(path, block);
    return block;
  }

  #field(out, name, nameIndex, value) {
    const key = `${name}|${value}`;
    const at = this.#inserted.get(key);
    if (at !== undefined) {
      out.push(...integer(STATIC.length + this.#count - at, 7, 0x80));
      return;
    }
    out.push(...(this.#indexing ? integer(nameIndex, 6, 0x40) : integer(nameIndex, 4, 0)));
    if (nameIndex === 0) out.push(...string(name));
    out.push(...string(value));
    if (this.#indexing) this.#inserted.set(key, this.#count++);
  }
}

module.exports = { HpackDecoder, HpackError, RequestEncoder, decodeHuffman };
