import type { ByteString } from '@conclave/base';

/**
 * Key ranges to be found by a key inside them: an AVL tree by (lo, hi), each node knowing the highest end
 * below it, so a search skips every subtree that ends before the key. O(log n) to insert and remove, and
 * about O(log n + found) to search.
 *
 * A range is `[lo, hi)`; `hi === null` goes to the end. Equal ranges share one node: a thousand
 * watchers of one prefix are one range. Balance does not depend on chance, because clients choose
 * the ranges.
 *
 * Invariants: left < node < right by (lo, hi); heights of two siblings differ by at most one;
 * `highest` is the maximum of `hi` over the subtree.
 */
export interface RangeNode<T> {
  readonly lo: ByteString;
  readonly hi: ByteString | null;
  /** What the owner hangs on the range. */
  value: T;
}

interface Node<T> extends RangeNode<T> {
  highest: ByteString | null;
  height: number;
  left: Node<T> | null;
  right: Node<T> | null;
}

export class IntervalTree<T> {
  #root: Node<T> | null = null;
  #size = 0;

  /** Distinct ranges. */
  get size(): number {
    return this.#size;
  }

  find(lo: ByteString, hi: ByteString | null): RangeNode<T> | null {
    let node = this.#root;
    while (node !== null) {
      const order = compareRanges(lo, hi, node);
      if (order === 0) return node;
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }

  /** Sets the value of a range, which may be new. */
  set(lo: ByteString, hi: ByteString | null, value: T): void {
    this.#root = this.#insert(this.#root, lo, hi, value);
  }

  delete(lo: ByteString, hi: ByteString | null): void {
    this.#root = this.#remove(this.#root, lo, hi);
  }

  /** Hands the value of every range that holds `key` to `visit`, in order of (lo, hi). */
  visit(key: ByteString, visit: (value: T) => void): void {
    search(this.#root, key, visit);
  }

  /** O(n): checks the invariants; answers the height. For tests. */
  verify(): number {
    return verifyNode(this.#root);
  }

  #insert(node: Node<T> | null, lo: ByteString, hi: ByteString | null, value: T): Node<T> {
    if (node === null) {
      this.#size++;
      return { lo, hi, value, highest: hi, height: 1, left: null, right: null };
    }
    const order = compareRanges(lo, hi, node);
    if (order === 0) {
      node.value = value;
      return node;
    }
    if (order < 0) node.left = this.#insert(node.left, lo, hi, value);
    else node.right = this.#insert(node.right, lo, hi, value);
    return balance(node);
  }

  #remove(node: Node<T> | null, lo: ByteString, hi: ByteString | null): Node<T> | null {
    if (node === null) return null;
    const order = compareRanges(lo, hi, node);
    if (order < 0) node.left = this.#remove(node.left, lo, hi);
    else if (order > 0) node.right = this.#remove(node.right, lo, hi);
    else {
      this.#size--;
      if (node.left === null) return node.right;
      if (node.right === null) return node.left;
      const next = leftmost(node.right);
      next.right = withoutLeftmost(node.right);
      next.left = node.left;
      return balance(next);
    }
    return balance(node);
  }
}

function search<T>(node: Node<T> | null, key: ByteString, visit: (value: T) => void): void {
  if (node === null || (node.highest !== null && node.highest <= key)) return;
  search(node.left, key, visit);
  if (node.lo > key) return;
  if (node.hi === null || key < node.hi) visit(node.value);
  search(node.right, key, visit);
}

/** `null` is the end of all keys, so it sorts last. */
function compareRanges<T>(lo: ByteString, hi: ByteString | null, node: Node<T>): number {
  if (lo !== node.lo) return lo < node.lo ? -1 : 1;
  if (hi === node.hi) return 0;
  if (hi === null) return 1;
  return node.hi === null || hi < node.hi ? -1 : 1;
}

function higher(a: ByteString | null, b: ByteString | null): ByteString | null {
  return a === null || b === null ? null : a < b ? b : a;
}

function heightOf<T>(node: Node<T> | null): number {
  return node === null ? 0 : node.height;
}

function refresh<T>(node: Node<T>): Node<T> {
  const { left, right } = node;
  node.height = 1 + Math.max(heightOf(left), heightOf(right));
  let highest = node.hi;
  if (left !== null) highest = higher(highest, left.highest);
  if (right !== null) highest = higher(highest, right.highest);
  node.highest = highest;
  return node;
}

function rotateRight<T>(node: Node<T>, left: Node<T>): Node<T> {
  node.left = left.right;
  left.right = refresh(node);
  return refresh(left);
}

function rotateLeft<T>(node: Node<T>, right: Node<T>): Node<T> {
  node.right = right.left;
  right.left = refresh(node);
  return refresh(right);
}

function balance<T>(node: Node<T>): Node<T> {
  const { left, right } = node;
  const lean = heightOf(left) - heightOf(right);
  if (lean > 1 && left !== null) {
    const inner = left.right;
    if (inner !== null && heightOf(inner) > heightOf(left.left)) {
      node.left = rotateLeft(left, inner);
      return rotateRight(node, inner);
    }
    return rotateRight(node, left);
  }
  if (lean < -1 && right !== null) {
    const inner = right.left;
    if (inner !== null && heightOf(inner) > heightOf(right.right)) {
      node.right = rotateRight(right, inner);
      return rotateLeft(node, inner);
    }
    return rotateLeft(node, right);
  }
  return refresh(node);
}

function leftmost<T>(from: Node<T>): Node<T> {
  let node = from;
  while (node.left !== null) node = node.left;
  return node;
}

function withoutLeftmost<T>(node: Node<T>): Node<T> | null {
  if (node.left === null) return node.right;
  node.left = withoutLeftmost(node.left);
  return balance(node);
}

function verifyNode<T>(node: Node<T> | null): number {
  if (node === null) return 0;
  const left = verifyNode(node.left);
  const right = verifyNode(node.right);
  const { height, highest } = node;
  const ordered =
    (node.left === null || compareRanges(node.left.lo, node.left.hi, node) < 0) &&
    (node.right === null || compareRanges(node.right.lo, node.right.hi, node) > 0);
  refresh(node);
  if (!ordered || Math.abs(left - right) > 1) throw new Error('interval tree: order or balance');
  if (node.height !== height || node.highest !== highest) throw new Error('interval tree: marks');
  return height;
}
