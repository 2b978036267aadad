/**
 * The state machine's session rule as a model: each write names an operation; the model counts how
 * often each was applied, which a correct router keeps at once or never.
 */
import {
  SEQUENCE_BELOW_MARK,
  SESSION_CLOSE_METHOD,
  SESSION_OPEN_METHOD,
  SESSION_UNKNOWN,
  SESSION_WINDOW,
  SessionMetadata,
  Status,
  type StatusCode,
  assert,
} from '@conclave/base';
import type { FakeMember, MemberCall, MemberService, World } from './sim.js';

interface SessionState {
  mark: number;
  readonly answers: Map<number, Uint8Array>;
}

type Outcome = { readonly answer: Uint8Array } | { readonly refused: string };

export class SessionModel implements MemberService {
  /** How often each operation was applied. */
  readonly applied = new Map<number, number>();
  readonly sessions = new Map<string, SessionState>();
  revision = 1;
  /** Chances per write; 0 for a well-behaved cluster. */
  faults = { lostAnswer: 0, twice: 0, late: 0, refusedFirst: 0 };
  readonly seenBy = new Map<bigint, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  open(member: FakeMember, call: MemberCall): void {
    call.onMessage = (request) => this.#request(member, call, request);
  }

  #request(member: FakeMember, call: MemberCall, request: Uint8Array): void {
    this.seenBy.set(member.id, (this.seenBy.get(member.id) ?? 0) + 1);
    const { random } = this.#world;
    if (call.method === SESSION_OPEN_METHOD) return this.#openSession(member, call);
    if (call.method === SESSION_CLOSE_METHOD) {
      this.sessions.delete(call.metadata.get(SessionMetadata.SESSION) as string);
      return this.#reply(call, new Uint8Array(0));
    }
    if (!call.metadata.has(SessionMetadata.SESSION)) {
      // A read: answered with the member's id, so that a test sees who served.
      if (member.hasQuorum) this.#reply(call, Uint8Array.of(Number(member.id)));
      return;
    }
    if (random.chance(this.faults.refusedFirst)) {
      // Refused, and proposed all the same: the outcome is unknown to the one who asked.
      if (random.chance(0.5)) this.#propose(call, request, null);
      return call.end(Status.UNAVAILABLE, 'etcdserver: leader changed');
    }
    if (!member.hasQuorum) {
      // Proposed when the partition heals, long after the router gave up on this member.
      if (random.chance(0.5)) this.#world.after(3_000, () => this.#apply(call, request));
      return;
    }
    const answerTo = random.chance(this.faults.lostAnswer) ? null : call;
    const answered = this.#propose(call, request, answerTo);
    // A copy of the same proposal: the member answers for whichever is applied first.
    if (random.chance(this.faults.twice)) this.#propose(call, request, answerTo, answered);
  }

  #openSession(member: FakeMember, call: MemberCall): void {
    if (!member.hasQuorum) return;
    const name = call.metadata.get(SessionMetadata.SESSION) as string;
    assert(/^[0-9a-f]{16}$/.test(name), 'a session is 16 hex digits');
    if (!this.sessions.has(name)) this.sessions.set(name, { mark: 1, answers: new Map() });
    this.#reply(call, new Uint8Array(0));
  }

  #propose(
    call: MemberCall,
    request: Uint8Array,
    answerTo: MemberCall | null,
    answered = { done: false },
  ): { done: boolean } {
    const late = this.#world.random.chance(this.faults.late);
    this.#world.after(late ? this.#world.between(500, 8_000) : this.#world.between(1, 15), () => {
      const outcome = this.#apply(call, request);
      if (answerTo === null || answered.done) return;
      answered.done = true;
      if ('answer' in outcome) this.#reply(answerTo, outcome.answer);
      else answerTo.end(Status.FAILED_PRECONDITION, outcome.refused);
    });
    return answered;
  }

  /** The rule: unknown session refused, below the mark refused, a kept answer repeated. */
  #apply(call: MemberCall, request: Uint8Array): Outcome {
    const field = (name: string): string => call.metadata.get(name) as string;
    const session = this.sessions.get(field(SessionMetadata.SESSION));
    if (session === undefined) return { refused: SESSION_UNKNOWN };
    const sequence = Number(field(SessionMetadata.SEQUENCE));
    const lowest = Number(field(SessionMetadata.LOWEST));
    assert(lowest >= 1 && lowest <= sequence, 'lowest is at most the sequence');
    if (lowest > session.mark) {
      session.mark = lowest;
      for (const kept of session.answers.keys()) if (kept < lowest) session.answers.delete(kept);
    }
    if (sequence < session.mark) return { refused: SEQUENCE_BELOW_MARK };
    const kept = session.answers.get(sequence);
    if (kept !== undefined) return { answer: kept };
    const operation = readId(request);
    this.applied.set(operation, (this.applied.get(operation) ?? 0) + 1);
    this.revision++;
    const answer = writeId(this.revision);
    session.answers.set(sequence, answer);
    assert(session.answers.size <= SESSION_WINDOW, 'a session keeps one window of answers');
    return { answer };
  }

  #reply(call: MemberCall, bytes: Uint8Array): void {
    call.send(bytes);
    call.end(Status.OK as StatusCode, '');
  }
}

/** Requests of the model carry a number, as an unknown field of the real message. */
export function writeId(id: number): Uint8Array {
  return Uint8Array.of(
    0xfa,
    0x01,
    4,
    id & 255,
    (id >> 8) & 255,
    (id >> 16) & 255,
    (id >> 24) & 255,
  );
}

export function readId(bytes: Uint8Array): number {
  return bytes.slice(3, 7).reduce((sum, b, i) => sum + b * 256 ** i, 0);
}
