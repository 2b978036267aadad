/**
 * Who publishes: a key under a lease, made by whoever finds none. Safety does not hang on it (the
 * stream refuses all publishers but one); it keeps the others from trying.
 *
 * The lease is kept alive at a third of its time. The claim is held only as long as our own clock says
 * that the lease lives, counted from before the keepalive was sent: after a pause of the process the
 * claim is lost before anything else is done.
 *
 * Pure: answers and ticks come in as calls.
 *
 * Invariant: at most one question is open.
 */
import {
  type ByteString,
  EMPTY_BYTES,
  Status,
  type StatusCode,
  decodeUtf8,
  encodeUtf8,
  fromByteString,
} from '@conclave/base';
import {
  CompareResult,
  CompareTarget,
  type KeyValue,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';

export type Answered = (code: StatusCode, message: string, response: Uint8Array | null) => void;

export interface ClaimOptions {
  readonly key: ByteString;
  /** Who we are, for people that look at the key. */
  readonly owner: string;
  readonly ttlS: number;
  readonly pollMs: number;
}

export interface ClaimPorts {
  nowMs(): number;
  /** Asks the store; `done` comes exactly once. A stream's answer is its first message. */
  call(method: string, request: Uint8Array, done: Answered): void;
  won(): void;
  lost(why: string): void;
  /** Who publishes, null: nobody; and the store's revision and cluster. */
  observed(owner: string | null, revision: number, cluster: bigint): void;
}

const RANGE = '/etcdserverpb.KV/Range';
const TXN = '/etcdserverpb.KV/Txn';
const GRANT = '/etcdserverpb.Lease/LeaseGrant';
const REVOKE = '/etcdserverpb.Lease/LeaseRevoke';
const KEEP_ALIVE = '/etcdserverpb.Lease/LeaseKeepAlive';

export class Claim {
  readonly #options: ClaimOptions;
  readonly #ports: ClaimPorts;
  readonly #key: Uint8Array;
  #wanted = false;
  #asking = false;
  #lease = 0n;
  #held = false;
  #deadlineMs = 0;
  #nextPollMs = 0;
  #nextKeepMs = 0;

  constructor(options: ClaimOptions, ports: ClaimPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#key = fromByteString(options.key);
  }

  get isHeld(): boolean {
    return this.#held && this.#ports.nowMs() < this.#deadlineMs;
  }

  /** Take it when it is free. */
  campaign(): void {
    this.#wanted = true;
  }

  /** Let it go, so that another can have it at once. `done`: the store knows, or could not be told. */
  resign(done: () => void): void {
    this.#wanted = false;
    const held = this.#held;
    this.#held = false;
    if (held) this.#ports.lost('resigned');
    if (this.#lease === 0n) return done();
    this.#revoke(done);
  }

  tick(): void {
    const now = this.#ports.nowMs();
    if (this.#held && now >= this.#deadlineMs) this.#lose('the lease ran out');
    if (this.#asking) return;
    if (this.#held && now >= this.#nextKeepMs) this.#keep(now);
    else if (now >= this.#nextPollMs) this.#poll(now);
  }

  #lose(why: string): void {
    this.#held = false;
    this.#lease = 0n;
    this.#ports.lost(why);
  }

  #ask(method: string, request: Uint8Array, done: Answered): void {
    this.#asking = true;
    this.#ports.call(method, request, (code, message, response) => {
      this.#asking = false;
      done(code, message, response);
    });
  }

  #poll(now: number): void {
    this.#nextPollMs = now + this.#options.pollMs;
    const request = RangeRequest.encode({ ...RangeRequest.create(), key: this.#key });
    this.#ask(RANGE, request, (code, _message, response) => {
      if (code !== Status.OK || response === null) return;
      const { header, kvs } = RangeResponse.decode(response);
      const kv: KeyValue | undefined = kvs[0];
      const owner = kv === undefined ? null : decodeUtf8(kv.value);
      this.#ports.observed(owner, header?.revision ?? 0, header?.clusterId ?? 0n);
      if (this.#held) {
        if (kv === undefined || kv.lease !== this.#lease) this.#lose('the claim was taken away');
      } else if (kv === undefined && this.#wanted) this.#grant();
    });
  }

  #grant(): void {
    const sentMs = this.#ports.nowMs();
    const request = LeaseGrantRequest.encode({ TTL: this.#options.ttlS, ID: 0n });
    this.#ask(GRANT, request, (code, _message, response) => {
      if (code !== Status.OK || response === null) return;
      const { ID, TTL } = LeaseGrantResponse.decode(response);
      this.#lease = ID;
      this.#deadlineMs = sentMs + TTL * 1_000;
      this.#nextKeepMs = sentMs + (TTL * 1_000) / 3;
      if (this.#wanted) this.#take();
      else this.#revoke(() => undefined);
    });
  }

  #take(): void {
    const request = TxnRequest.encode({
      compare: [
        {
          result: CompareResult.EQUAL,
          target: CompareTarget.CREATE,
          key: this.#key,
          rangeEnd: EMPTY_BYTES,
          targetUnion: { $case: 'createRevision', createRevision: 0 },
        },
      ],
      success: [
        {
          request: {
            $case: 'requestPut',
            requestPut: {
              key: this.#key,
              value: encodeUtf8(this.#options.owner),
              lease: this.#lease,
              prevKv: false,
              ignoreValue: false,
              ignoreLease: false,
            },
          },
        },
      ],
      failure: [],
    });
    this.#ask(TXN, request, (code, _message, response) => {
      const taken =
        code === Status.OK && response !== null && TxnResponse.decode(response).succeeded;
      // Also when nobody knows: revoking the lease takes back whatever happened.
      if (!taken || !this.#wanted) return this.#revoke(() => undefined);
      if (this.#ports.nowMs() >= this.#deadlineMs) return;
      this.#held = true;
      this.#ports.won();
    });
  }

  #keep(now: number): void {
    // An answer that never comes must not use up the lease: one more try fits in.
    this.#nextKeepMs = now + (this.#options.ttlS * 1_000) / 6;
    const request = LeaseKeepAliveRequest.encode({ ID: this.#lease });
    this.#ask(KEEP_ALIVE, request, (code, _message, response) => {
      if (code !== Status.OK || response === null || !this.#held) return;
      const { TTL } = LeaseKeepAliveResponse.decode(response);
      if (TTL <= 0) return this.#lose('the lease is gone');
      this.#deadlineMs = now + TTL * 1_000;
      this.#nextKeepMs = now + (TTL * 1_000) / 3;
    });
  }

  #revoke(done: () => void): void {
    const ID = this.#lease;
    this.#lease = 0n;
    this.#ports.call(REVOKE, LeaseRevokeRequest.encode({ ID }), () => done());
  }
}
