/**
 * The revision checker (C6): strict serializability from the revisions in the answers, for histories of
 * any length.
 *
 * The committed revisions are replayed in a model. Every answer must be the model's at its revision;
 * every commit must be the effect of exactly one operation (I24, I12); and real time must agree: with M
 * the highest revision completed before a call, a linearizable read is at M or later, a write
 * behind M, and nothing tells of a revision whose operation was not called yet. Serializable reads
 * are held to the replay alone.
 */
import { equalBytes, toByteString } from '@conclave/base';
import {
  DeleteRangeRequest,
  DeleteRangeResponse,
  type KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  type ResponseOp,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';
import type { Commit, CommittedEvent, Finding, History, Operation } from './history.js';
import { type Effect, type ModelAnswer, ModelStore } from './model-store.js';

const RANGE = '/etcdserverpb.KV/Range';
const PUT = '/etcdserverpb.KV/Put';
const DELETE = '/etcdserverpb.KV/DeleteRange';
const TXN = '/etcdserverpb.KV/Txn';

/** One operation's place in the order of revisions. */
interface Placed {
  readonly op: Operation;
  readonly revision: number;
  readonly kind: 'write' | 'read' | 'stale';
}

export function judgeRevisions(history: History): Finding[] {
  return new RevisionJudge(history).run();
}

class RevisionJudge {
  readonly #history: History;
  readonly #store: ModelStore;
  readonly #findings: Finding[] = [];
  readonly #placed: Placed[] = [];
  /** By revision: the operation whose effect it is. */
  readonly #cause = new Map<number, Operation>();

  constructor(history: History) {
    this.#history = history;
    this.#store = new ModelStore(history.commits);
  }

  run(): Finding[] {
    this.#history.commits.forEach((commit, i) => {
      if (commit.revision !== i + 2) this.#find('I15', `revision ${i + 2} is missing`);
    });
    for (const op of this.#history.operations) {
      if (op.outcome.type === 'ok') this.#answered(op, op.outcome.response);
      else if (op.outcome.type === 'refused') this.#refused(op, op.outcome.message);
    }
    this.#explain();
    this.#judgeTime();
    return this.#findings;
  }

  #find(rule: string, text: string, op?: Operation): void {
    const at = op === undefined ? '' : ` (operation ${op.id} of ${op.client}, ${op.method})`;
    if (this.#findings.length < 20) this.#findings.push({ rule, text: text + at });
  }

  #answered(op: Operation, response: Uint8Array): void {
    switch (op.method) {
      case RANGE:
        return this.#range(op, RangeRequest.decode(op.request), RangeResponse.decode(response));
      case PUT: {
        const answer = PutResponse.decode(response);
        const request = PutRequest.decode(op.request);
        const model: Matcher = (effect) =>
          effect.answer.type === 'put' &&
          sameKv(answer.prevKv, request.prevKv ? effect.answer.prevKv : null);
        const effect = (base: number): Effect => this.#store.put(request, base);
        return this.#write(op, answer.header?.revision ?? 0, effect, model);
      }
      case DELETE: {
        const answer = DeleteRangeResponse.decode(response);
        const request = DeleteRangeRequest.decode(op.request);
        const model: Matcher = (effect) =>
          effect.answer.type === 'delete' &&
          effect.answer.deleted === answer.deleted &&
          sameKvs(answer.prevKvs, request.prevKv ? effect.answer.prevKvs : []);
        const effect = (base: number): Effect => this.#store.deleteRange(request, base);
        return this.#write(op, answer.header?.revision ?? 0, effect, model);
      }
      case TXN: {
        const answer = TxnResponse.decode(response);
        const request = TxnRequest.decode(op.request);
        const effect = (base: number): Effect => this.#store.txn(request, base);
        const model: Matcher = ({ answer: wanted }) =>
          wanted.type === 'txn' && sameTxn(answer, wanted);
        const isReadOnly = [...request.success, ...request.failure].every(
          (one) => one.request?.$case === 'requestRange',
        );
        return this.#write(op, answer.header?.revision ?? 0, effect, model, isReadOnly);
      }
      default:
    }
  }

  #range(op: Operation, request: RangeRequest, answer: RangeResponse): void {
    const revision = answer.header?.revision ?? 0;
    if (revision < 1 || revision > this.#store.revision) {
      return this.#find('C6', `an answer at revision ${revision} that never was`, op);
    }
    const at = request.revision > 0 ? request.revision : revision;
    if (at > revision) this.#find('C6', `read at ${at} when the store was at ${revision}`, op);
    const model = this.#store.range(request, at);
    if (!sameRange(answer, model)) {
      const seen = answer.kvs.map(describe).join(' ');
      const wanted = model.type === 'range' ? model.kvs.map(describe).join(' ') : '';
      this.#find('C6', `read at revision ${at} [${seen}] should be [${wanted}]`, op);
    }
    this.#placed.push({ op, revision, kind: request.serializable ? 'stale' : 'read' });
  }

  /** A write that had no effect is a read at its revision. */
  #write(
    op: Operation,
    revision: number,
    effectAt: (base: number) => Effect,
    isAnswer: Matcher,
    isReadOnly = false,
  ): void {
    if (revision < 1 || revision > this.#store.revision) {
      return this.#find('I12', `acknowledged at revision ${revision}, which is lost`, op);
    }
    const written = effectAt(revision - 1);
    const commit = this.#store.commit(revision);
    if (!isReadOnly && written.events.length > 0 && commit !== undefined) {
      if (sameEvents(written.events, commit.events) && isAnswer(written)) {
        return this.#caused(op, revision);
      }
    }
    const read = effectAt(revision);
    if (read.events.length > 0 || !isAnswer(read)) {
      const seen = commit === undefined ? 'nothing' : describeEvents(commit.events);
      const wanted = describeEvents(written.events);
      const text = `answer at revision ${revision} is not the model's: ${seen} was committed, ${wanted} expected`;
      return this.#find('C6', text, op);
    }
    this.#placed.push({ op, revision, kind: 'read' });
  }

  #caused(op: Operation, revision: number): void {
    const other = this.#cause.get(revision);
    if (other !== undefined) {
      return this.#find('I24', `revision ${revision} answers operation ${other.id} as well`, op);
    }
    this.#cause.set(revision, op);
    this.#placed.push({ op, revision, kind: 'write' });
  }

  #refused(op: Operation, message: string): void {
    const isCompacted = message.includes('required revision has been compacted');
    if (op.method !== RANGE || !isCompacted) return;
    const { revision } = RangeRequest.decode(op.request);
    const { compactions } = this.#history;
    if (compactions.some((c) => c.revision > revision && c.at < op.ret)) return;
    this.#find('C6', `refused as compacted at ${revision}, which was not`, op);
  }

  /** Every revision that no acknowledged operation made must be the effect of one of unknown outcome. */
  #explain(): void {
    const unknown = new Map<string, Operation[]>();
    for (const op of this.#history.operations) {
      if (op.outcome.type === 'ok') continue;
      for (const name of touched(op)) {
        const list = unknown.get(name);
        if (list === undefined) unknown.set(name, [op]);
        else list.push(op);
      }
    }
    const used = new Set<Operation>();
    for (const commit of this.#history.commits) {
      if (commit.isInternal || this.#cause.has(commit.revision)) continue;
      const op = this.#unknownCause(commit, unknown, used);
      if (op === null) {
        const twice = this.#valueTwice(commit);
        const text = `revision ${commit.revision}: ${describeEvents(commit.events)}`;
        this.#find('I24', `${text} is nobody's operation${twice}`);
        continue;
      }
      used.add(op);
      if (op.outcome.type === 'refused') {
        this.#find('I24', `was refused and has happened at revision ${commit.revision}`, op);
      }
      this.#cause.set(commit.revision, op);
    }
  }

  #unknownCause(
    commit: Commit,
    unknown: ReadonlyMap<string, readonly Operation[]>,
    used: ReadonlySet<Operation>,
  ): Operation | null {
    const first = commit.events[0];
    if (first === undefined) return null;
    const candidates = [...(unknown.get(first.key) ?? []), ...(unknown.get('') ?? [])];
    // Unknown outcomes before refusals. Of two alike (deletions of one key) the one called first made
    // the first revision, or the other could not have made the second.
    candidates.sort((a, b) => rank(a) - rank(b) || a.call - b.call);
    for (const op of candidates) {
      if (used.has(op)) continue;
      const effect = this.#effectOf(op, commit.revision - 1);
      if (effect !== null && sameEvents(effect.events, commit.events)) return op;
    }
    return null;
  }

  #effectOf(op: Operation, base: number): Effect | null {
    switch (op.method) {
      case PUT:
        return this.#store.put(PutRequest.decode(op.request), base);
      case DELETE:
        return this.#store.deleteRange(DeleteRangeRequest.decode(op.request), base);
      case TXN:
        return this.#store.txn(TxnRequest.decode(op.request), base);
      default:
        return null;
    }
  }

  /** Says whether an operation that was answered has happened again. */
  #valueTwice(commit: Commit): string {
    for (const { type, kv } of commit.events) {
      if (type !== 'put' || kv.value.length === 0) continue;
      for (const other of this.#history.commits) {
        if (other.revision === commit.revision) continue;
        const again = other.events.some(
          (e) => e.type === 'put' && equalBytes(e.kv.value, kv.value),
        );
        if (again) return `; the same as revision ${other.revision}`;
      }
    }
    return '';
  }

  #judgeTime(): void {
    const byReturn = this.#placed
      .filter((p) => p.kind !== 'stale' && p.op.ret !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.op.ret - b.op.ret);
    const byCall = [...this.#placed].sort((a, b) => a.op.call - b.op.call);
    let completed = 0;
    let by: Operation | null = null;
    let next = 0;
    for (const { op, revision, kind } of byCall) {
      for (; next < byReturn.length; next++) {
        const done = byReturn[next] as Placed;
        if (done.op.ret >= op.call) break;
        if (done.revision > completed) {
          completed = done.revision;
          by = done.op;
        }
      }
      if (kind === 'stale') continue;
      const isLate = kind === 'read' ? revision < completed : revision <= completed;
      if (isLate) {
        const rule = kind === 'read' ? 'I13' : 'C6';
        const text = `${kind} at revision ${revision} after operation ${by?.id} returned ${completed}`;
        this.#find(rule, text, op);
      }
    }
    this.#judgeFuture();
  }

  /** Nobody sees the effect of a call that was not made yet. */
  #judgeFuture(): void {
    const calledBy: number[] = [0, 0];
    for (const { revision } of this.#history.commits) {
      const call = this.#cause.get(revision)?.call ?? 0;
      calledBy[revision] = Math.max(calledBy[revision - 1] ?? 0, call);
    }
    for (const { op, revision } of this.#placed) {
      if ((calledBy[revision] ?? 0) > op.ret) {
        this.#find('C6', `tells of revision ${revision} before its operation was called`, op);
      }
    }
  }
}

type Matcher = (effect: Effect) => boolean;

function rank(op: Operation): number {
  return op.outcome.type === 'refused' ? 1 : 0;
}

/** Keys whose change would name this operation; '' for one that may change any. */
function touched(op: Operation): string[] {
  switch (op.method) {
    case PUT:
      return [toByteString(PutRequest.decode(op.request).key)];
    case DELETE: {
      const { key, rangeEnd } = DeleteRangeRequest.decode(op.request);
      return [rangeEnd.length === 0 ? toByteString(key) : ''];
    }
    case TXN:
      return [''];
    default:
      return [];
  }
}

export function sameKv(a: KeyValue | null, b: KeyValue | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    equalBytes(a.key, b.key) &&
    equalBytes(a.value, b.value) &&
    a.createRevision === b.createRevision &&
    a.modRevision === b.modRevision &&
    a.version === b.version &&
    a.lease === b.lease
  );
}

function sameKvs(a: readonly KeyValue[], b: readonly KeyValue[]): boolean {
  return a.length === b.length && a.every((kv, i) => sameKv(kv, b[i] as KeyValue));
}

function sameEvents(a: readonly CommittedEvent[], b: readonly CommittedEvent[]): boolean {
  return (
    a.length === b.length &&
    a.every((event, i) => {
      const other = b[i] as CommittedEvent;
      return event.type === other.type && sameKv(event.kv, other.kv);
    })
  );
}

function sameRange(answer: RangeResponse, model: ModelAnswer): boolean {
  return (
    model.type === 'range' &&
    answer.count === model.count &&
    answer.more === model.more &&
    sameKvs(answer.kvs, model.kvs)
  );
}

function sameTxn(answer: TxnResponse, model: Extract<ModelAnswer, { type: 'txn' }>): boolean {
  return (
    answer.succeeded === model.succeeded &&
    answer.responses.length === model.answers.length &&
    answer.responses.every((one, i) => sameOp(one, model.answers[i] as ModelAnswer))
  );
}

function sameOp({ response }: ResponseOp, model: ModelAnswer): boolean {
  switch (response?.$case) {
    case 'responseRange':
      return sameRange(response.responseRange, model);
    case 'responsePut':
      return model.type === 'put';
    case 'responseDeleteRange':
      return model.type === 'delete' && model.deleted === response.responseDeleteRange.deleted;
    case 'responseTxn':
      return model.type === 'txn' && sameTxn(response.responseTxn, model);
    default:
      return false;
  }
}

function describe(kv: KeyValue): string {
  return `${toByteString(kv.key)}=${toByteString(kv.value)}@${kv.modRevision}`;
}

export function describeEvents(events: readonly CommittedEvent[]): string {
  const texts = events.map(({ type, kv, key }) => (type === 'put' ? describe(kv) : `-${key}`));
  return texts.length === 0 ? 'nothing' : texts.join(' ');
}
