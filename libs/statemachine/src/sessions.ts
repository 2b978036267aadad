/**
 * Exactly once: what each session's recent writes were answered (DESIGN 6.3).
 *
 * A write carries (session, sequence, lowest unanswered). The lowest unanswered is the session's
 * *mark*: answers below it are forgotten, and a sequence below it is refused for ever, never applied.
 * At or above it a sequence is either unknown (applied now, its answer kept) or known (answered again
 * from here, not applied). So each sequence is applied once at most, in whatever order, and however
 * often, its entries come through the log.
 *
 * Worked example: mark 5, kept {5, 7}. Entry (6, lowest 5): new, applied, kept {5, 6, 7}. Entry
 * (7, lowest 7): mark 7, kept {7}, answered from the kept answer. Entry (6, lowest 5) again: refused.
 *
 * Everything here is a function of the log: the order of sessions is that of the index of their last
 * entry, and every bound is a constant of the state, the same on every member.
 *
 * Invariants: kept sequences are in [mark, mark + window); `bytes` is the sum of kept bodies.
 */
import {
  type EngineOp,
  type EngineRow,
  type Index,
  assert,
  assertLe,
  assertLt,
} from '@conclave/base';
import { SessionAnswer, SessionRow } from '@conclave/wire';
import { keyId, sessionKey } from './rows.js';
import type { ApplyErrorCode, ApplyResult } from './types.js';

/** Hard settings: the meaning of apply depends on them, so every member must have the same. */
export interface SessionLimits {
  /** Above it the least recently used session goes. */
  readonly sessionsMax: number;
  /** Sequences a session may have from its mark on. */
  readonly windowMax: number;
  /** A larger answer is kept by revision only. */
  readonly answerBytesMax: number;
  /** Kept bodies of one session: bounds its row. */
  readonly sessionBytesMax: number;
  /** Kept bodies of all sessions. */
  readonly totalBytesMax: number;
}

export const SESSION_LIMITS: SessionLimits = Object.freeze({
  sessionsMax: 10_000,
  windowMax: 4_096,
  answerBytesMax: 16 * 1024,
  sessionBytesMax: 1024 * 1024,
  totalBytesMax: 64 * 1024 * 1024,
});

interface Session {
  readonly id: bigint;
  mark: number;
  lastIndex: Index;
  bytes: number;
  readonly answers: Map<number, SessionAnswer>;
}

/** `answered`: the result to give without applying; `apply`: it is new, `keep` its result. */
export type Admission =
  | { readonly type: 'apply' }
  | { readonly type: 'answered'; readonly result: ApplyResult }
  | { readonly type: 'refused'; readonly code: 'session-unknown' | 'sequence-too-low' };

const NEW: Admission = Object.freeze({ type: 'apply' });

export class Sessions {
  readonly #limits: SessionLimits;
  /** In order of the last entry's index: the first is the least recently used. */
  readonly #sessions = new Map<bigint, Session>();
  readonly #dirty = new Set<bigint>();
  #totalBytes = 0;

  constructor(limits: SessionLimits = SESSION_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Opens a session; opening an open one is a use of it. */
  open(id: bigint, index: Index): void {
    assert(id !== 0n, 'session 0 is none');
    if (this.#sessions.has(id)) {
      this.#use(id, index);
      return;
    }
    this.#sessions.set(id, { id, mark: 1, lastIndex: index, bytes: 0, answers: new Map() });
    this.#dirty.add(id);
    if (this.#sessions.size > this.#limits.sessionsMax) this.#evict();
  }

  /** Forgets a session; closing an unknown one is fine. */
  close(id: bigint): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#totalBytes -= session.bytes;
    this.#sessions.delete(id);
    this.#dirty.add(id);
  }

  /** Is this write to be applied? Moves the mark. */
  admit(id: bigint, sequence: number, lowest: number, index: Index): Admission {
    if (!this.#sessions.has(id)) return { type: 'refused', code: 'session-unknown' };
    const session = this.#use(id, index);
    if (lowest > sequence || sequence < 1) return { type: 'refused', code: 'sequence-too-low' };
    const floor = Math.max(lowest, sequence - this.#limits.windowMax + 1);
    if (floor > session.mark) this.#raise(session, floor);
    if (sequence < session.mark) return { type: 'refused', code: 'sequence-too-low' };
    const kept = session.answers.get(sequence);
    return kept === undefined ? NEW : { type: 'answered', result: resultOf(kept) };
  }

  /** Keeps the result of a write that `admit` let through, at the same index. */
  keep(id: bigint, sequence: number, index: Index, result: ApplyResult): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return; // It closed itself.
    assert(session.lastIndex === index, 'a result is kept where it was admitted');
    assert(sequence >= session.mark && !session.answers.has(sequence), 'a kept sequence is new');
    const body = result.ok ? result.body : null;
    const keeps = body !== null && this.#hasRoom(session, body.length);
    const answer = SessionAnswer.create({ sequence, index, revision: result.revision });
    if (!result.ok) answer.error = result.code;
    else if (keeps) answer.body = compact(body);
    else answer.dropped = true;
    session.answers.set(sequence, answer);
    session.bytes += answer.body.length;
    this.#totalBytes += answer.body.length;
    assertLt(session.answers.size, this.#limits.windowMax + 1, 'kept answers are in the window');
  }

  /** A session row read back. Throws DecodeError. Call `restored` after the last one. */
  restore(row: EngineRow): string | null {
    const id = keyId(row.key, 0, 1);
    if (id === null || id === 0n) return 'state: bad session row';
    const { mark, lastIndex, answers } = SessionRow.decode(row.value);
    const session: Session = { id, mark, lastIndex, bytes: 0, answers: new Map() };
    for (const answer of answers) {
      if (answer.sequence < mark) return 'state: bad session row';
      session.answers.set(answer.sequence, answer);
      session.bytes += answer.body.length;
    }
    this.#totalBytes += session.bytes;
    this.#sessions.set(id, session);
    return null;
  }

  /** Puts the sessions read back in the order of their use. */
  restored(): void {
    const order = [...this.#sessions.values()].sort((a, b) => a.lastIndex - b.lastIndex);
    this.#sessions.clear();
    for (const session of order) this.#sessions.set(session.id, session);
  }

  reset(): void {
    this.#sessions.clear();
    this.#dirty.clear();
    this.#totalBytes = 0;
  }

  /** One row for each session that changed since the last call. */
  takeOps(ops: EngineOp[]): void {
    for (const id of this.#dirty) {
      const key = sessionKey(id);
      const session = this.#sessions.get(id);
      if (session === undefined) ops.push({ type: 'delete', key });
      else ops.push({ type: 'put', key, value: encodeSession(session) });
    }
    this.#dirty.clear();
  }

  /** All rows, by id. */
  rows(): EngineRow[] {
    const all = [...this.#sessions.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return all.map((session) => ({ key: sessionKey(session.id), value: encodeSession(session) }));
  }

  #use(id: bigint, index: Index): Session {
    const session = this.#sessions.get(id) as Session;
    assertLe(session.lastIndex, index, 'the log goes forward');
    session.lastIndex = index;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    this.#dirty.add(id);
    return session;
  }

  #evict(): void {
    for (const id of this.#sessions.keys()) {
      this.close(id);
      return;
    }
  }

  /** Forgets everything below the new mark; O(what is forgotten or kept, the smaller). */
  #raise(session: Session, mark: number): void {
    if (mark - session.mark <= session.answers.size) {
      for (let s = session.mark; s < mark; s++) this.#forget(session, s);
    } else {
      for (const s of session.answers.keys()) if (s < mark) this.#forget(session, s);
    }
    session.mark = mark;
  }

  #forget(session: Session, sequence: number): void {
    const answer = session.answers.get(sequence);
    if (answer === undefined) return;
    session.answers.delete(sequence);
    session.bytes -= answer.body.length;
    this.#totalBytes -= answer.body.length;
  }

  #hasRoom(session: Session, bytes: number): boolean {
    const { answerBytesMax, sessionBytesMax, totalBytesMax } = this.#limits;
    if (bytes > answerBytesMax) return false;
    return session.bytes + bytes <= sessionBytesMax && this.#totalBytes + bytes <= totalBytesMax;
  }
}

function encodeSession(session: Session): Uint8Array {
  const answers = [...session.answers.values()].sort((a, b) => a.sequence - b.sequence);
  return SessionRow.encode({ mark: session.mark, lastIndex: session.lastIndex, answers });
}

function resultOf(answer: SessionAnswer): ApplyResult {
  const { revision, error, dropped, body } = answer;
  if (error !== '') return { ok: false, code: error as ApplyErrorCode, revision };
  return dropped ? { ok: true, revision, body: null } : { ok: true, revision, body };
}

/** The bytes in a buffer of their own, so that a kept answer does not pin a larger one. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
