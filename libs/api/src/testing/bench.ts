/** An api over a fake replica, and the client's side of its calls. */
import {
  type CallHead,
  EMPTY_METADATA,
  type Metadata,
  NO_PROBE,
  Random,
  type ServerCall,
  type ServerCallEvents,
  type StatusCode,
  assert,
} from '@conclave/base';
import type { Codec } from '@conclave/wire';
import { METHODS_BY_PATH } from '@conclave/wire';
import { API_DEFAULTS, Api, type ApiOptions } from '../index.js';
import { FakeReplica } from './fake-replica.js';

export interface Ended {
  readonly code: StatusCode;
  readonly message: string;
}

/** One call as its client sees it. */
export class TestCall implements ServerCall {
  readonly head: CallHead;
  readonly messages: Uint8Array[] = [];
  ended: Ended | null = null;
  paused = false;
  /** Messages that may be sent before `send` answers false. */
  credit = Number.POSITIVE_INFINITY;
  events: ServerCallEvents | null = null;

  constructor(head: CallHead) {
    this.head = head;
  }

  send(message: Uint8Array): boolean {
    if (this.ended !== null) return true;
    this.messages.push(message);
    return --this.credit > 0;
  }

  end(code: StatusCode, message: string): void {
    this.ended ??= { code, message };
  }

  pauseInput(): void {
    this.paused = true;
  }

  resumeInput(): void {
    this.paused = false;
  }

  decoded<T>(codec: Codec<T>): T[] {
    return this.messages.map((message) => codec.decode(message));
  }
}

export class Bench {
  readonly replica = new FakeReplica();
  readonly api: Api;
  readonly size = { total: 0, inUse: 0 };
  memberIds = 100n;

  constructor(options: Partial<ApiOptions> = {}) {
    this.api = new Api(
      { ...API_DEFAULTS, ...options },
      {
        replica: this.replica,
        probe: NO_PROBE,
        random: new Random(7),
        scheduler: this.replica.tasks,
        sizeBytes: () => this.size,
        newMemberId: () => this.memberIds++,
      },
    );
  }

  open(
    method: string,
    metadata: Metadata = EMPTY_METADATA,
    timeoutMs: number | null = null,
  ): TestCall {
    const call = new TestCall({ method, metadata, timeoutMs, peer: 'test' });
    call.events = this.api.open(call);
    return call;
  }

  /** Sends one request message, already encoded, and lets everything run. */
  raw(method: string, body: Uint8Array, metadata: Metadata = EMPTY_METADATA): TestCall {
    const call = this.open(method, metadata);
    this.send(call, body);
    return call;
  }

  send(call: TestCall, body: Uint8Array): void {
    if (call.ended === null) call.events?.message(body);
    this.replica.tasks.run();
  }

  /** A call of any method by field names, without types. */
  ask(method: string, fields: object, metadata: Metadata = EMPTY_METADATA): TestCall {
    return this.raw(method, requestBytes(method, fields), metadata);
  }

  /** The one answer of a call that must succeed, decoded. */
  ok(method: string, fields: object = {}, metadata: Metadata = EMPTY_METADATA): Answer {
    const call = this.ask(method, fields, metadata);
    const text = `${method} ${JSON.stringify(call.ended)}`;
    if (call.ended?.code !== 0) throw new Error(text);
    assert(call.messages.length === 1, 'one answer');
    return answerOf(method, call.messages[0] as Uint8Array);
  }

  /** How a call that must fail ended: `CODE text`. */
  refused(method: string, fields: object = {}, metadata: Metadata = EMPTY_METADATA): string {
    const { ended } = this.ask(method, fields, metadata);
    return ended === null ? 'no answer' : `${ended.code} ${ended.message}`;
  }
}

// Tests look into answers of every kind by name.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = any;

export function requestBytes(method: string, fields: object): Uint8Array {
  const codec = METHODS_BY_PATH.get(method)?.request as Codec<object> | undefined;
  return codec === undefined ? new Uint8Array(0) : codec.encode(codec.create(fields));
}

export function answerOf(method: string, bytes: Uint8Array): Answer {
  return METHODS_BY_PATH.get(method)?.response.decode(bytes);
}
