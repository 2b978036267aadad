/**
 * What every handler of this room shares: options, ports, headers, and the three ways a request takes:
 * through the log, as a linearizable read, or at once.
 */
import { NUMBER_MAX, type Probe, type ProbeSeries, type Revision, seriesOf } from '@conclave/base';
import type { Proposal, ProposalResult, ReplicaErrorCode, ReplicaView } from '@conclave/replica';
import { AlarmAction, AlarmRequest, AlarmType, RequestField } from '@conclave/wire';
import { HeaderEncoder } from './header.js';
import { type ApiOptions, type ApiPorts, QUOTA_BYTES_DEFAULT } from './options.js';
import { writeSessionOf } from './session-metadata.js';
import type { UnaryCall } from './unary.js';

/** etcd's request timeout is this and two election timeouts. */
const REQUEST_TIMEOUT_BASE_MS = 5_000;

/** etcd's default of --warning-apply-duration. */
const WARNING_APPLY_MS = 100;

/** What a write was answered: its message without header, and the revision for the header. */
export type Written = (body: Uint8Array, revision: Revision) => void;

const MS_PER_S = 1_000;

/** The series of `etcd_server_range_duration_seconds`, made with the first read of the kind. */
class RangeDurations {
  readonly #probe: Probe;
  #succeeded: ProbeSeries | null = null;
  #failed: ProbeSeries | null = null;

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  observe(isOk: boolean, ms: number): void {
    const series = isOk
      ? (this.#succeeded ??= this.#series('true'))
      : (this.#failed ??= this.#series('false'));
    series.observe(ms / MS_PER_S);
  }

  #series(success: string): ProbeSeries {
    const labels = Object.freeze({ success });
    return seriesOf(this.#probe, 'etcd_server_range_duration_seconds', labels);
  }
}

export class ApiContext {
  readonly options: ApiOptions;
  readonly ports: ApiPorts;
  readonly replica: ReplicaView;
  readonly #headers: HeaderEncoder;
  readonly #rangeDurations: RangeDurations;
  #alarmUnderWay = false;

  constructor(options: ApiOptions, ports: ApiPorts) {
    this.options = options;
    this.ports = ports;
    this.replica = ports.replica;
    this.#rangeDurations = new RangeDurations(ports.probe);
    this.#headers = new HeaderEncoder(ports.replica.clusterId, ports.replica.memberId);
  }

  /** How long a proposal or a linearizable read may take (spec 2.2). */
  get requestTimeoutMs(): number {
    return REQUEST_TIMEOUT_BASE_MS + 2 * this.replica.electionMs;
  }

  /** The effective quota in bytes; Infinity when there is none. */
  get quotaBytes(): number {
    const { quotaBytes } = this.options;
    if (quotaBytes < 0) return Number.POSITIVE_INFINITY;
    return quotaBytes === 0 ? QUOTA_BYTES_DEFAULT : quotaBytes;
  }

  /** An encoded ResponseHeader of this moment. */
  header(revision: Revision): Uint8Array {
    return this.#headers.encode(revision, this.replica.term);
  }

  /** A whole answer: header at `revision`, then `body`. */
  answer(revision: Revision, body: Uint8Array): Uint8Array {
    return this.#headers.answer(revision, this.replica.term, body);
  }

  /** Answers with a header at the store's current revision. */
  reply(call: UnaryCall, body: Uint8Array): void {
    call.reply(this.answer(this.replica.machine.store.revision, body));
  }

  /** Answers with a header without revision, as all cluster calls have. */
  replyWithoutRevision(call: UnaryCall, body: Uint8Array): void {
    call.reply(this.answer(0, body));
  }

  /**
   * Proposes a request under the session that the call names, and hands over what it was answered; a
   * failure ends the call. Without `written` the answer is sent under the revision it was given.
   */
  write(call: UnaryCall, field: number, body: Uint8Array, written: Written | null = null): void {
    const session = writeSessionOf(call.head.metadata);
    if (session === null) return call.fail('bad-session');
    const wait = call.beginWait();
    if (wait === 0) return;
    const proposal: Proposal = {
      field,
      body,
      session: session.session,
      sequence: session.sequence,
      lowestUnanswered: session.lowestUnanswered,
      trace: call.head.trace ?? null,
    };
    const cancel = this.replica.propose(proposal, this.requestTimeoutMs, (result) => {
      this.settle(call, result, written);
    });
    call.held(wait, cancel);
  }

  /** Hands over what a proposal came to; a failure ends the call. */
  settle(call: UnaryCall, result: ProposalResult, written: Written | null): void {
    if (call.ended) return;
    if (!result.ok) return call.fail(result.code);
    const applied = result.result;
    if (!applied.ok) return call.fail(applied.code);
    if (applied.body === null) return call.fail('answer-dropped');
    if (written !== null) written(applied.body, applied.revision);
    else call.reply(this.answer(applied.revision, applied.body));
  }

  /** Runs `read` once the local state is as new as this moment; a failure ends the call. */
  linearizable(call: UnaryCall, read: () => void): void {
    const wait = call.beginWait();
    if (wait === 0) return;
    const done = (error: ReplicaErrorCode | null): void => {
      if (call.ended) return;
      if (error !== null) call.fail(error);
      else read();
    };
    const trace = call.head.trace ?? null;
    const cancel = this.replica.linearizableRead(this.requestTimeoutMs, done, trace);
    call.held(wait, cancel);
  }

  /** A read of the store that began at `startMs` has ended; a slow one is logged and counted. */
  readDone(what: 'range' | 'txn', startMs: number, answerBytes: number, isOk = true): void {
    const tookMs = this.replica.nowMs - startMs;
    if (what === 'range') this.#rangeDurations.observe(isOk, tookMs);
    const warningMs = this.options.warningApplyMs ?? WARNING_APPLY_MS;
    if (tookMs < warningMs) return;
    this.ports.probe.count('etcd_server_slow_apply_total');
    this.ports.probe.log('warn', 'apply request took too long', {
      took: `${tookMs.toFixed(3)}ms`,
      'expected-duration': `${warningMs}ms`,
      prefix: `read-only ${what} `,
      'response-size': answerBytes,
    });
  }

  /**
   * The receiving member's own check of its quota (spec 2.10), before any other check. False: the call
   * was refused, and alarm NOSPACE is on its way for this member. Apply does not look at sizes: they
   * differ between members, and apply must not.
   */
  hasRoomFor(call: UnaryCall, costBytes: number): boolean {
    if (costBytes === 0) return true;
    if (this.ports.sizeBytes().inUse + costBytes < this.quotaBytes) return true;
    this.#raiseNoSpace();
    call.fail('no-space');
    return false;
  }

  #raiseNoSpace(): void {
    const { memberId, machine } = this.replica;
    const raised = machine.alarms.some(
      (alarm) => alarm.memberId === memberId && alarm.alarm === AlarmType.NOSPACE,
    );
    if (raised || this.#alarmUnderWay) return;
    this.#alarmUnderWay = true;
    const request = { action: AlarmAction.ACTIVATE, memberID: memberId, alarm: AlarmType.NOSPACE };
    this.replica.propose(
      bare(RequestField.ALARM, AlarmRequest.encode(request)),
      this.requestTimeoutMs,
      () => void (this.#alarmUnderWay = false),
    );
  }
}

/** A proposal outside any session. */
export function bare(field: number, body: Uint8Array): Proposal {
  return { field, body, session: 0n, sequence: 0, lowestUnanswered: 0 };
}

/** Quota as a wire number. */
export function wireBytes(bytes: number): number {
  return Number.isFinite(bytes) ? bytes : NUMBER_MAX;
}
