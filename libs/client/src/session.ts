/**
 * Sessions: what makes a repeated write safe. Each write gets a (session, sequence) before its first
 * try and keeps it over all tries, so the members apply it once or not at all.
 *
 * A session remembers which sequences are still waited for; `lowest` is the first of them, and tells
 * the members which kept answers they may drop. At most `SESSION_WINDOW` sequences lie at or above
 * `lowest`: one write that hangs must not stop the others, so a full session is joined by another.
 *
 * Invariants: lowest <= next; a sequence is given out once; `lowest` never passes a sequence whose
 * write may still be tried.
 */
import { SESSION_WINDOW, SessionMetadata, assert, assertLt } from '@conclave/base';
import type { Chance } from './options.js';

export class Session {
  readonly id: bigint;
  /** 16 lower-case hex digits. */
  readonly name: string;
  state: 'opening' | 'open' | 'dead' = 'opening';
  #next = 1;
  #lowest = 1;
  /** One byte per sequence in the window, at sequence % window: 1 when it is finished. */
  readonly #finished = new Uint8Array(SESSION_WINDOW);

  constructor(id: bigint) {
    this.id = id;
    this.name = id.toString(16).padStart(16, '0');
  }

  get lowest(): number {
    return this.#lowest;
  }

  hasRoom(): boolean {
    return this.#next - this.#lowest < SESSION_WINDOW;
  }

  take(): number {
    assert(this.hasRoom(), 'Session: a sequence is taken only when there is room');
    return this.#next++;
  }

  /** The write of `sequence` will never be tried again. */
  release(sequence: number): void {
    assertLt(sequence, this.#next, 'Session: only a taken sequence is released');
    assert(sequence >= this.#lowest, 'Session: a sequence is released once');
    this.#finished[sequence % SESSION_WINDOW] = 1;
    while (this.#lowest < this.#next && this.#finished[this.#lowest % SESSION_WINDOW] === 1) {
      this.#finished[this.#lowest % SESSION_WINDOW] = 0;
      this.#lowest++;
    }
  }
}

/** A write that has its place in a session. */
export interface SessionSlot {
  readonly session: Session;
  readonly sequence: number;
}

/** Adds what the members need to know to a copy of `metadata`. */
export function withSession(
  metadata: ReadonlyMap<string, string>,
  slot: SessionSlot,
): ReadonlyMap<string, string> {
  const out = new Map(metadata);
  out.set(SessionMetadata.SESSION, slot.session.name);
  out.set(SessionMetadata.SEQUENCE, String(slot.sequence));
  out.set(SessionMetadata.LOWEST, String(slot.session.lowest));
  return out;
}

export interface SessionWaiter {
  sessionReady(slot: SessionSlot): void;
}

export interface SessionPoolPorts {
  readonly random: Chance;
  /** Opens the session through the log, trying as long as is sensible; then says how it went. */
  open(session: Session, done: (ok: boolean) => void): void;
  /** Calls `again` after a while. */
  later(again: () => void): void;
}

export class SessionPool {
  readonly #sessionsMax: number;
  readonly #waitingMax: number;
  readonly #ports: SessionPoolPorts;
  readonly #sessions: Session[] = [];
  readonly #waiters = new Set<SessionWaiter>();
  #opening = false;

  constructor(sessionsMax: number, waitingMax: number, ports: SessionPoolPorts) {
    assert(sessionsMax >= 1, 'SessionPool: one session at least');
    this.#sessionsMax = sessionsMax;
    this.#waitingMax = waitingMax;
    this.#ports = ports;
  }

  /** A slot now, `wait` (the waiter is called later), or `full` when too many wait. */
  acquire(waiter: SessionWaiter): SessionSlot | 'wait' | 'full' {
    const slot = this.#waiters.size === 0 ? this.#take() : null;
    if (slot !== null) return slot;
    if (this.#waiters.size >= this.#waitingMax) return 'full';
    this.#waiters.add(waiter);
    this.#openMore();
    return 'wait';
  }

  stopWaiting(waiter: SessionWaiter): void {
    this.#waiters.delete(waiter);
  }

  release(slot: SessionSlot): void {
    slot.session.release(slot.sequence);
    if (this.#waiters.size > 0) this.#serve();
  }

  /** The members do not know this session any more: no further write goes under it. */
  invalidate(session: Session): void {
    if (session.state === 'dead') return;
    session.state = 'dead';
    this.#remove(session);
  }

  /** The open sessions, taken out for closing at the end of the process. */
  takeAll(): readonly Session[] {
    const open = this.#sessions.filter((s) => s.state === 'open');
    for (const s of open) s.state = 'dead';
    this.#sessions.length = 0;
    return open;
  }

  #remove(session: Session): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  #take(): SessionSlot | null {
    for (const session of this.#sessions) {
      if (session.state === 'open' && session.hasRoom()) {
        return { session, sequence: session.take() };
      }
    }
    return null;
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      const slot = this.#take();
      if (slot === null) return this.#openMore();
      this.#waiters.delete(waiter);
      waiter.sessionReady(slot);
    }
  }

  #openMore(): void {
    if (this.#opening || this.#sessions.length >= this.#sessionsMax) return;
    this.#opening = true;
    const session = new Session(nonZero(this.#ports.random));
    this.#sessions.push(session);
    this.#ports.open(session, (ok) => this.#opened(session, ok));
  }

  #opened(session: Session, ok: boolean): void {
    this.#opening = false;
    if (ok && session.state === 'opening') {
      session.state = 'open';
      this.#serve();
      return;
    }
    session.state = 'dead';
    this.#remove(session);
    if (this.#waiters.size > 0) {
      this.#ports.later(() => {
        if (this.#waiters.size > 0) this.#openMore();
      });
    }
  }
}

function nonZero(random: Chance): bigint {
  for (;;) {
    const id = random.uint64();
    if (id !== 0n) return id;
  }
}
