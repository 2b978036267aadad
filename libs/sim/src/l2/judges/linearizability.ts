/**
 * A linearizability checker after Wing and Gong, with Lowe's cache of (set of operations, state): an
 * independent second opinion that ignores revisions.
 *
 * Linearizability is local, so each key is judged alone, as a register whose state is a value or nothing.
 * What touches several keys counts for each of them. Lists, leases and history reads are not judged
 * here. The search is bounded; a history that exceeds the bound is a finding, not a pass.
 */
import { type ByteString, toByteString } from '@conclave/base';
import {
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';
import type { Finding, Operation } from './history.js';

/** What one operation does to one register. `null` is: nothing there. */
export type RegisterAction =
  | { readonly type: 'read'; readonly value: string | null }
  | { readonly type: 'write'; readonly value: string | null }
  /** Writes `value` if `expected` is there. `succeeded` null: the client never heard. */
  | {
      readonly type: 'cas';
      readonly expected: string | null;
      readonly value: string;
      readonly succeeded: boolean | null;
      /** Of a failed one: what was there instead; undefined: not told. */
      readonly seen: string | null | undefined;
    };

export interface RegisterOperation {
  readonly id: number;
  readonly call: number;
  readonly ret: number;
  readonly action: RegisterAction;
}

const STEPS_MAX = 2_000_000;
const CACHE_MAX = 500_000;

/** Judges every key that `isRegister` names. */
export function judgeRegisters(
  operations: readonly Operation[],
  isRegister: (key: ByteString) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  for (const [key, ops] of registersOf(operations, isRegister)) {
    const verdict = judgeRegister(ops);
    if (verdict === 'linearizable') continue;
    const why = verdict === 'bound' ? 'took too many steps to judge' : 'is not linearizable';
    findings.push({ rule: 'C6', text: `the history of ${key} (${ops.length} operations) ${why}` });
  }
  return findings;
}

interface Node {
  readonly op: number;
  readonly isCall: boolean;
  prev: Node | null;
  next: Node | null;
  /** Of a call: its return; null when it never came. */
  match: Node | null;
}

/** One register's history; it begins with nothing there. */
export function judgeRegister(
  operations: readonly RegisterOperation[],
): 'linearizable' | 'not' | 'bound' {
  const head = linked(operations);
  const returned = operations.filter((op) => op.ret !== Number.POSITIVE_INFINITY).length;
  const values = new Map<string | null, number>([[null, 0]]);
  const idOf = (value: string | null): number => {
    let id = values.get(value);
    if (id === undefined) values.set(value, (id = values.size));
    return id;
  };
  const cache = new Set<string>();
  const done = new Uint8Array(operations.length);
  const stack: { readonly node: Node; readonly state: number }[] = [];
  let state = 0;
  let left = returned;
  let node: Node | null = head.next;
  for (let steps = 0; left > 0; steps++) {
    if (steps > STEPS_MAX || cache.size > CACHE_MAX) return 'bound';
    if (node !== null && node.isCall) {
      const op = operations[node.op] as RegisterOperation;
      const after = step(op.action, state, idOf);
      if (after >= 0) {
        done[node.op] = 1;
        const key = `${after}:${packed(done)}`;
        if (!cache.has(key)) {
          cache.add(key);
          stack.push({ node, state });
          state = after;
          if (node.match !== null) left--;
          lift(node);
          node = head.next;
          continue;
        }
        done[node.op] = 0;
      }
      node = node.next;
      continue;
    }
    // A return whose call was not taken, or the end: go back.
    const last = stack.pop();
    if (last === undefined) return 'not';
    state = last.state;
    done[last.node.op] = 0;
    if (last.node.match !== null) left++;
    unlift(last.node);
    node = last.node.next;
  }
  return 'linearizable';
}

/** The state after; -1: the operation cannot have happened here. */
function step(
  action: RegisterAction,
  state: number,
  idOf: (value: string | null) => number,
): number {
  switch (action.type) {
    case 'read':
      return idOf(action.value) === state ? state : -1;
    case 'write':
      return idOf(action.value);
    case 'cas': {
      const isThere = idOf(action.expected) === state;
      if (action.succeeded === true) return isThere ? idOf(action.value) : -1;
      if (action.succeeded === null) return isThere ? idOf(action.value) : state;
      if (isThere) return -1;
      return action.seen === undefined || idOf(action.seen) === state ? state : -1;
    }
  }
}

function linked(operations: readonly RegisterOperation[]): Node {
  const events: { readonly at: number; readonly node: Node }[] = [];
  operations.forEach(({ call, ret }, op) => {
    const end: Node | null =
      ret === Number.POSITIVE_INFINITY
        ? null
        : { op, isCall: false, prev: null, next: null, match: null };
    const begin: Node = { op, isCall: true, prev: null, next: null, match: end };
    events.push({ at: call, node: begin });
    if (end !== null) events.push({ at: ret, node: end });
  });
  events.sort((a, b) => a.at - b.at);
  const head: Node = { op: -1, isCall: false, prev: null, next: null, match: null };
  let last = head;
  for (const { node } of events) {
    last.next = node;
    node.prev = last;
    last = node;
  }
  return head;
}

function lift(node: Node): void {
  unlink(node);
  if (node.match !== null) unlink(node.match);
}

function unlift(node: Node): void {
  if (node.match !== null) relink(node.match);
  relink(node);
}

function unlink(node: Node): void {
  if (node.prev !== null) node.prev.next = node.next;
  if (node.next !== null) node.next.prev = node.prev;
}

function relink(node: Node): void {
  if (node.prev !== null) node.prev.next = node;
  if (node.next !== null) node.next.prev = node;
}

function packed(done: Uint8Array): string {
  let text = '';
  for (let i = 0; i < done.length; i += 16) {
    let bits = 0;
    for (let j = i; j < i + 16 && j < done.length; j++) bits = bits * 2 + (done[j] as number);
    text += String.fromCharCode(bits);
  }
  return text;
}

/** The operations of each register, as far as this judge understands them. */
export function registersOf(
  operations: readonly Operation[],
  isRegister: (key: ByteString) => boolean,
): Map<ByteString, RegisterOperation[]> {
  const registers = new Map<ByteString, RegisterOperation[]>();
  for (const op of operations) {
    for (const [key, action] of actionsOf(op)) {
      if (!isRegister(key)) continue;
      const isKnown = op.outcome.type === 'ok';
      const list = registers.get(key) ?? [];
      registers.set(key, list);
      list.push({
        id: op.id,
        call: op.call,
        ret: isKnown ? op.ret : Number.POSITIVE_INFINITY,
        action,
      });
    }
  }
  return registers;
}

function actionsOf(op: Operation): [ByteString, RegisterAction][] {
  const { outcome } = op;
  if (outcome.type === 'refused') return [];
  const response = outcome.type === 'ok' ? outcome.response : null;
  switch (op.method) {
    case '/etcdserverpb.KV/Put': {
      const { key, value } = PutRequest.decode(op.request);
      return [[toByteString(key), { type: 'write', value: toByteString(value) }]];
    }
    case '/etcdserverpb.KV/DeleteRange': {
      const { key, rangeEnd } = DeleteRangeRequest.decode(op.request);
      if (rangeEnd.length > 0) return [];
      return [[toByteString(key), { type: 'write', value: null }]];
    }
    case '/etcdserverpb.KV/Range': {
      const request = RangeRequest.decode(op.request);
      if (response === null || request.serializable || request.revision > 0) return [];
      if (request.rangeEnd.length > 0 || request.countOnly || request.keysOnly) return [];
      const kv = RangeResponse.decode(response).kvs[0];
      const value = kv === undefined ? null : toByteString(kv.value);
      return [[toByteString(request.key), { type: 'read', value }]];
    }
    case '/etcdserverpb.KV/Txn':
      return txnActions(TxnRequest.decode(op.request), response);
    default:
      return [];
  }
}

/** Transactions of the workload: a value compared with a put, or several puts without condition. */
function txnActions(
  { compare, success, failure }: TxnRequest,
  response: Uint8Array | null,
): [ByteString, RegisterAction][] {
  const answer = response === null ? null : TxnResponse.decode(response);
  const [first] = compare;
  if (compare.length === 0) {
    const actions: [ByteString, RegisterAction][] = [];
    for (const { request } of success) {
      if (request?.$case !== 'requestPut') continue;
      const { key, value } = request.requestPut;
      actions.push([toByteString(key), { type: 'write', value: toByteString(value) }]);
    }
    return actions;
  }
  const put = success[0]?.request;
  if (first === undefined || put?.$case !== 'requestPut') return [];
  const key = toByteString(first.key);
  if (first.result !== CompareResult.EQUAL) return [];
  const isAbsent =
    first.target === CompareTarget.VERSION &&
    first.targetUnion?.$case === 'version' &&
    first.targetUnion.version === 0;
  if (!isAbsent && first.targetUnion?.$case !== 'value') return [];
  const expected =
    first.targetUnion?.$case === 'value' ? toByteString(first.targetUnion.value) : null;
  let seen: string | null | undefined;
  if (answer !== null && !answer.succeeded && failure[0]?.request?.$case === 'requestRange') {
    const one = answer.responses[0]?.response;
    const kv = one?.$case === 'responseRange' ? one.responseRange.kvs[0] : undefined;
    seen = kv === undefined ? null : toByteString(kv.value);
  }
  const value = toByteString(put.requestPut.value);
  const succeeded = answer?.succeeded ?? null;
  return [[key, { type: 'cas', expected, value, succeeded, seen }]];
}
