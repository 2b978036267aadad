/**
 * The Huffman code of HPACK (RFC 7541 appendix B), decoding only: what we send is short and known.
 *
 * The code is canonical (codes ascend by length, then by symbol), so the lengths are the whole table.
 * Decoding walks the code's tree four bits at a time: no code is shorter than five bits, so a step
 * completes one symbol at most.
 */
import { assertEq } from '@conclave/base';

/** Code lengths of the symbols 0 to 255, and of end-of-string. */
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
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
] as const;
const SYMBOLS = 257;
const END_OF_STRING = 256;
const LENGTH_MAX = 30;
/** A tree of 257 leaves in which every inner node has two children. */
const NODES = SYMBOLS - 1;

/** A step: the next node in the low bits, above it the symbol that became complete, plus one. */
const NODE_BITS = 9;
const NODE_MASK = (1 << NODE_BITS) - 1;
/** Bits that are no code: end-of-string inside a string. */
const DEAD = NODE_MASK;

interface Tree {
  /** By node and bit: an inner node, or `~symbol`. */
  readonly children: Int16Array;
  /** Nodes at which a string may end: at most seven bits, all ones, were read since the last symbol. */
  readonly mayEnd: Uint8Array;
}

function growTree(): Tree {
  const children = new Int16Array(NODES * 2);
  const mayEnd = new Uint8Array(NODES);
  let nodes = 1;
  let code = 0;
  for (let length = 1; length <= LENGTH_MAX; length++) {
    code *= 2;
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      if (LENGTHS[symbol] !== length) continue;
      let node = 0;
      for (let bit = length - 1; bit > 0; bit--) {
        const slot = node * 2 + ((code >>> bit) & 1);
        if (children[slot] === 0) children[slot] = nodes++;
        node = children[slot] as number;
      }
      children[node * 2 + (code & 1)] = ~symbol;
      code++;
    }
  }
  assertEq(nodes, NODES, 'the code is complete');
  for (let node = 0, depth = 0; depth <= 7; depth++) {
    mayEnd[node] = 1;
    node = children[node * 2 + 1] as number;
  }
  return { children, mayEnd };
}

const TREE = growTree();

/** Where four bits lead from each node. */
function growSteps(): Int32Array {
  const steps = new Int32Array(NODES * 16);
  for (let from = 0; from < NODES; from++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = from;
      let symbol = -1;
      for (let bit = 3; bit >= 0 && node !== DEAD; bit--) {
        const child = TREE.children[node * 2 + ((nibble >>> bit) & 1)] as number;
        if (child >= 0) node = child;
        else if (~child === END_OF_STRING) node = DEAD;
        else {
          symbol = ~child;
          node = 0;
        }
      }
      steps[from * 16 + nibble] = ((symbol + 1) << NODE_BITS) | node;
    }
  }
  return steps;
}

const STEPS = growSteps();

/** Room that the text of `length` coded bytes may need. */
export function decodedBytesMax(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes `bytes[lo, hi)` into `out` from its start; answers the number of bytes written, or -1 if
 * the code is broken: an end-of-string inside, or an ending that is not up to seven bits of ones.
 */
export function decodeHuffman(bytes: Uint8Array, lo: number, hi: number, out: Uint8Array): number {
  let node = 0;
  let length = 0;
  for (let at = lo; at < hi; at++) {
    const byte = bytes[at] as number;
    let step = STEPS[node * 16 + (byte >>> 4)] as number;
    node = step & NODE_MASK;
    if (node === DEAD) return -1;
    if (step > NODE_MASK) out[length++] = (step >>> NODE_BITS) - 1;
    step = STEPS[node * 16 + (byte & 15)] as number;
    node = step & NODE_MASK;
    if (node === DEAD) return -1;
    if (step > NODE_MASK) out[length++] = (step >>> NODE_BITS) - 1;
  }
  return TREE.mayEnd[node] === 1 ? length : -1;
}
