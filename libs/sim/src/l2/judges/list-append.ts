/**
 * Lists that only grow (after Elle): each key `a/…` holds unique elements, and an append puts the list
 * it has read with one more, if nobody changed it since. From what reads and appends tell of the lists,
 * without a look at revisions, follows who comes before whom:
 *
 *   ww  an append comes before the one whose element is next in the list
 *   wr  an append comes before whoever saw its element last
 *   rw  whoever saw a list comes before the append of its next element
 *   rt  what was answered comes before what was called afterwards
 *
 * A cycle says that no order explains it all (strict serializability): a later read lacks what was
 * acknowledged, two transactions each missed what the other did. Elements twice in a list and lists that
 * are no beginnings of one another are findings as well.
 */
import { decodeUtf8, toByteString } from '@conclave/base';
import {
  type KeyValue,
  RangeRequest,
  RangeResponse,
  type RequestOp,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';
import type { Finding, Operation } from './history.js';

/** What one operation says of one list: the elements it saw, and the one it appended. */
interface Access {
  readonly key: string;
  readonly seen: readonly string[];
  readonly appended: string | null;
}

interface Node {
  readonly op: Operation;
  readonly accesses: readonly Access[];
  readonly isDone: boolean;
}

export function isList(key: string): boolean {
  return key.startsWith('a/');
}

export function elementsOf(value: string): readonly string[] {
  return value === '' ? [] : value.split(' ');
}

export function judgeLists(operations: readonly Operation[]): Finding[] {
  const judge = new ListJudge(operations);
  return judge.run();
}

class ListJudge {
  readonly #findings: Finding[] = [];
  readonly #nodes: Node[] = [];
  /** By key: the longest list that anybody saw or made for certain. */
  readonly #longest = new Map<string, readonly string[]>();
  /** By element: who appended it. */
  readonly #appender = new Map<string, number>();
  readonly #after: number[][] = [];

  constructor(operations: readonly Operation[]) {
    for (const op of operations) {
      const accesses = accessesOf(op);
      if (accesses.length === 0) continue;
      const at = this.#nodes.length;
      this.#nodes.push({ op, accesses, isDone: op.outcome.type === 'ok' });
      for (const { appended } of accesses) if (appended !== null) this.#appender.set(appended, at);
    }
  }

  run(): Finding[] {
    this.#order();
    // Orders that contradict each other have no graph worth searching.
    if (this.#findings.length === 0) this.#cycle();
    return this.#findings.slice(0, 20);
  }

  #find(text: string, op?: Operation): void {
    const at = op === undefined ? '' : ` (operation ${op.id} of ${op.client})`;
    this.#findings.push({ rule: 'C6', text: text + at });
  }

  /** One list a key, of which all others are beginnings. */
  #order(): void {
    for (const { op, accesses, isDone } of this.#nodes) {
      if (!isDone) continue;
      for (const { key, seen, appended } of accesses) {
        const list = appended === null ? seen : [...seen, appended];
        if (new Set(list).size !== list.length) {
          this.#find(`${key} has an element twice: ${list.join(' ')}`, op);
          continue;
        }
        const longest = this.#longest.get(key) ?? [];
        const [short, long] = list.length < longest.length ? [list, longest] : [longest, list];
        if (!short.every((element, i) => element === long[i])) {
          this.#find(`${key} was seen as ${list.join(' ')} and as ${longest.join(' ')}`, op);
        } else this.#longest.set(key, long);
      }
    }
  }

  #cycle(): void {
    this.#link();
    const waits = new Array<number>(this.#after.length).fill(0);
    for (const next of this.#after) for (const to of next) waits[to] = (waits[to] as number) + 1;
    const ready: number[] = [];
    waits.forEach((n, at) => n === 0 && ready.push(at));
    let left = waits.length;
    for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
      left--;
      for (const to of this.#after[at] as number[]) {
        waits[to] = (waits[to] as number) - 1;
        if (waits[to] === 0) ready.push(to);
      }
    }
    if (left === 0) return;
    // What is left is on a cycle or behind one: walk back over predecessors that are left as well.
    const names = this.#walk((at) => (waits[at] as number) > 0);
    this.#find(`no order explains operations ${names.join(' before ')}`);
  }

  #link(): void {
    for (let i = 0; i < this.#nodes.length; i++) this.#after.push([]);
    for (const [key, list] of this.#longest) this.#linkList(key, list);
    this.#linkTime();
  }

  #edge(from: number | undefined, to: number | undefined): void {
    if (from !== undefined && to !== undefined && from !== to) this.#after[from]?.push(to);
  }

  #linkList(key: string, list: readonly string[]): void {
    const appenders = list.map((element) => this.#appender.get(element));
    appenders.forEach((at, i) => i > 0 && this.#edge(appenders[i - 1], at));
    this.#nodes.forEach(({ accesses, isDone }, at) => {
      if (!isDone) return;
      for (const access of accesses) {
        if (access.key !== key) continue;
        const n = access.seen.length;
        if (n > 0) this.#edge(appenders[n - 1], at);
        this.#edge(at, appenders[n]);
      }
    });
  }

  /** Real time by a chain of marks, one behind each answer. */
  #linkTime(): void {
    const answered: number[] = [];
    this.#nodes.forEach(({ isDone }, at) => isDone && answered.push(at));
    answered.sort((a, b) => this.#op(a).ret - this.#op(b).ret);
    const marks = answered.map((at, i) => {
      const mark = this.#after.length;
      this.#after.push([]);
      this.#after[at]?.push(mark);
      if (i > 0) this.#after[mark - 1]?.push(mark);
      return mark;
    });
    this.#nodes.forEach(({ op }, at) => {
      let lo = 0;
      let hi = answered.length;
      while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (this.#op(answered[mid] as number).ret < op.call) lo = mid + 1;
        else hi = mid;
      }
      if (lo > 0) this.#after[marks[lo - 1] as number]?.push(at);
    });
  }

  #op(at: number): Operation {
    return (this.#nodes[at] as Node).op;
  }

  /** The operations of one cycle. */
  #walk(isLeft: (at: number) => boolean): string[] {
    const before = new Map<number, number>();
    this.#after.forEach((next, from) => {
      if (isLeft(from)) for (const to of next) if (isLeft(to)) before.set(to, from);
    });
    let at = [...before.keys()][0] as number;
    const path: number[] = [];
    while (!path.includes(at)) {
      path.push(at);
      at = before.get(at) as number;
    }
    const cycle = path.slice(path.indexOf(at)).reverse();
    return cycle.filter((one) => one < this.#nodes.length).map((one) => String(this.#op(one).id));
  }
}

/** What an operation tells of lists; an append whose outcome is unknown tells what it would have made. */
function accessesOf(op: Operation): Access[] {
  if (op.method === '/etcdserverpb.KV/Range') {
    if (op.outcome.type !== 'ok') return [];
    const { key, rangeEnd, revision, serializable } = RangeRequest.decode(op.request);
    const name = toByteString(key);
    if (!isList(name) || rangeEnd.length > 0 || revision > 0 || serializable) return [];
    return [seen(name, RangeResponse.decode(op.outcome.response).kvs)];
  }
  if (op.method !== '/etcdserverpb.KV/Txn' || op.outcome.type === 'refused') return [];
  const { success, failure } = TxnRequest.decode(op.request);
  if (op.outcome.type === 'unknown') return appends(success);
  const { succeeded, responses } = TxnResponse.decode(op.outcome.response);
  const accesses = succeeded ? appends(success) : [];
  (succeeded ? success : failure).forEach(({ request }, i) => {
    const answer = responses[i]?.response;
    if (request?.$case !== 'requestRange' || answer?.$case !== 'responseRange') return;
    const name = toByteString(request.requestRange.key);
    if (isList(name)) accesses.push(seen(name, answer.responseRange.kvs));
  });
  return accesses;
}

function appends(ops: readonly RequestOp[]): Access[] {
  const accesses: Access[] = [];
  for (const { request } of ops) {
    if (request?.$case !== 'requestPut') continue;
    const key = toByteString(request.requestPut.key);
    if (!isList(key)) continue;
    const list = elementsOf(decodeUtf8(request.requestPut.value));
    accesses.push({ key, seen: list.slice(0, -1), appended: list.at(-1) ?? null });
  }
  return accesses;
}

function seen(key: string, kvs: readonly KeyValue[]): Access {
  const [kv] = kvs;
  return { key, seen: kv === undefined ? [] : elementsOf(decodeUtf8(kv.value)), appended: null };
}
