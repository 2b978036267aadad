/**
 * The feed put together: claim, connection and session, and what happens between them.
 *
 *     connect to NATS -> campaign -> won -> read the end of the stream -> session -> ended -> read again
 *
 * It is a reader of the store like any other: nothing in the store waits for it. While NATS is away it
 * holds nothing and resumes from the stream's end; the store's own history is its buffer.
 *
 * Invariants: a session lives only while the claim is held and NATS is connected; what comes of a session
 * or connection that was let go is dropped (`#turn`).
 */
import { createHash } from 'node:crypto';
import {
  type ByteString,
  type CallHandler,
  ConclaveError,
  type Probe,
  encodeUtf8,
  hexId,
} from '@conclave/base';
import { RangeRequest, RangeResponse } from '@conclave/wire';
import { Claim } from './claim.js';
import type { Change, FeedItem, FeedMessage } from './message.js';
import type { NatsStream, PreparedStream } from './nats-stream.js';
import { FEED_LIMITS, type FeedOptions, RESERVED_PREFIX } from './options.js';
import { Session, type SessionEnd, type SessionOptions } from './session.js';
import { StoreWatch, askStore, prefixEnd } from './store-calls.js';

export interface FeedPorts {
  readonly handler: CallHandler;
  readonly probe: Probe;
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  /** Who we are, in the claim and at NATS. */
  readonly name: string;
}

const RANGE = '/etcdserverpb.KV/Range';
const READ_MS = 5_000;
/** Resigning must not hold up the end of the process. */
const STOP_MS_MAX = 400;

/** A key too long for a subject is named by its digest. */
function digestOf(key: ByteString): string {
  return createHash('sha256').update(Buffer.from(key, 'latin1')).digest('hex');
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || error.name;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #ports: FeedPorts;
  readonly #claim: Claim;
  readonly #claimKey: Uint8Array;
  readonly #timer: NodeJS.Timeout;
  #nats: NatsStream | null = null;
  #connected = false;
  #connecting = false;
  #downSinceMs: number;
  #nextConnectMs = 0;
  #connectFailures = 0;
  #session: Session | null = null;
  #watch: StoreWatch | null = null;
  /** Reading the end of the stream. */
  #preparing = false;
  /** Raised whenever a session begins or ends: older answers are dropped. */
  #turn = 0;
  #failures = 0;
  #nextSessionMs = 0;
  #nextProgressMs = 0;
  #storeRevision = 0;
  #cluster = 0n;
  /** The revision that the stream was seen to reach, by us. */
  #covered = 0;
  #lastComplaint = '';
  #stopped = false;

  constructor(options: FeedOptions, ports: FeedPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#downSinceMs = ports.nowMs();
    const timeoutMs = Math.min(2_000, (options.leaseTtlS * 1_000) / 3);
    const key = `${RESERVED_PREFIX}feed/${options.stream}`;
    this.#claimKey = encodeUtf8(key);
    this.#claim = new Claim(
      {
        key,
        owner: ports.name,
        ttlS: options.leaseTtlS,
        pollMs: FEED_LIMITS.pollMs,
      },
      {
        nowMs: ports.nowMs,
        call: (method, request, done) => askStore(ports.handler, method, request, timeoutMs, done),
        won: () => this.#won(),
        lost: (why) => this.#lost(why),
        observed: (owner, revision, cluster) => this.#observed(owner, revision, cluster),
      },
    );
    const { probe } = ports;
    probe.gauge('conclave_feed_active', 0);
    probe.gauge('conclave_feed_connected', 0);
    probe.gauge('conclave_feed_lag_revisions', 0);
    this.#timer = setInterval(() => this.#tick(), FEED_LIMITS.tickMs);
    this.#timer.unref();
  }

  /** Lets go of the claim, so that another goes on at once; bounded in time. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#endSession('stopped', 'the feed stops');
    await new Promise<void>((resolve) => {
      setTimeout(resolve, STOP_MS_MAX);
      this.#claim.resign(resolve);
    });
    const nats = this.#nats;
    this.#nats = null;
    await nats?.close();
  }

  #tick(): void {
    const now = this.#ports.nowMs();
    // First of all: after a pause of the process the claim is not ours any more.
    this.#claim.tick();
    if (this.#nats === null) void this.#connect(now);
    const downMs = this.#connected ? 0 : now - this.#downSinceMs;
    if (this.#connected) this.#claim.campaign();
    else if (downMs > this.#options.leaseTtlS * 1_000 && this.#claim.isHeld) {
      this.#claim.resign(() => undefined);
    }
    if (this.#session !== null) {
      this.#session.tick();
      if (now >= this.#nextProgressMs) {
        this.#nextProgressMs = now + FEED_LIMITS.progressMs;
        this.#watch?.askProgress();
      }
    } else if (now >= this.#nextSessionMs) void this.#beginSession();
    this.#report();
  }

  #report(): void {
    const { probe } = this.#ports;
    if (this.#session !== null) this.#covered = this.#session.coveredRevision;
    const lag = this.#covered === 0 ? 0 : Math.max(0, this.#storeRevision - this.#covered);
    probe.gauge('conclave_feed_lag_revisions', lag);
    probe.gauge('conclave_feed_revision', this.#covered);
  }

  /** Says a thing once, however often it happens. */
  #complain(message: string, text: string): void {
    if (this.#lastComplaint === message + text) return;
    this.#lastComplaint = message + text;
    this.#ports.probe.log('warn', message, { stream: this.#options.stream, error: text });
  }

  // ---- NATS

  async #connect(now: number): Promise<void> {
    if (this.#connecting || now < this.#nextConnectMs || this.#stopped) return;
    this.#connecting = true;
    const { name } = this.#ports;
    let opened: NatsStream | null = null;
    try {
      // Loaded only where there is a feed: the client is not small.
      const { NatsStream } = await import('./nats-stream.js');
      opened = await NatsStream.open(this.#options, name, FEED_LIMITS.publishTimeoutMs, {
        connected: (server) => this.#natsUp(server),
        disconnected: () => this.#natsDown('the connection to NATS was lost'),
        closed: (text) => {
          // The same object may have been let go before.
          if (opened !== null && this.#nats === opened) this.#nats = null;
          this.#natsDown(text);
        },
      });
      this.#connectFailures = 0;
      if (this.#stopped) void opened.close();
      else this.#nats = opened;
    } catch (error) {
      this.#complain('feed: cannot reach NATS; trying again', textOf(error));
      this.#nextConnectMs = this.#ports.nowMs() + backOffMs(this.#connectFailures++);
    }
    this.#connecting = false;
  }

  #natsUp(server: string): void {
    if (this.#stopped) return;
    this.#connected = true;
    this.#lastComplaint = '';
    this.#nextSessionMs = 0;
    this.#ports.probe.gauge('conclave_feed_connected', 1);
    this.#ports.probe.count('conclave_feed_connections_total');
    this.#ports.probe.log('info', 'feed: connected to NATS', { server });
  }

  #natsDown(text: string): void {
    if (!this.#connected || this.#stopped) return;
    this.#connected = false;
    this.#downSinceMs = this.#ports.nowMs();
    this.#ports.probe.gauge('conclave_feed_connected', 0);
    this.#ports.probe.log('warn', 'feed: NATS is away; changes stay in the store', { error: text });
    this.#endSession('failed', text);
  }

  // ---- the claim

  #observed(owner: string | null, revision: number, cluster: bigint): void {
    if (revision > this.#storeRevision) this.#storeRevision = revision;
    this.#cluster = cluster;
    // Another publishes: how far it is, it says itself.
    if (owner !== null && owner !== this.#ports.name) this.#covered = 0;
  }

  #won(): void {
    this.#ports.probe.gauge('conclave_feed_active', 1);
    this.#ports.probe.log('info', 'feed: this process publishes now', {
      stream: this.#options.stream,
    });
    this.#nextSessionMs = 0;
    void this.#beginSession();
  }

  #lost(why: string): void {
    this.#ports.probe.gauge('conclave_feed_active', 0);
    this.#ports.probe.log('info', 'feed: this process publishes no more', { reason: why });
    this.#endSession('stopped', why);
  }

  // ---- sessions

  async #beginSession(): Promise<void> {
    const nats = this.#nats;
    if (this.#session !== null || this.#preparing || this.#stopped) return;
    if (!this.#connected || nats === null || !this.#claim.isHeld || this.#cluster === 0n) return;
    this.#preparing = true;
    const turn = ++this.#turn;
    try {
      const prepared = await nats.prepare(hexId(this.#cluster));
      const storeRevision = await this.#readRevision();
      this.#preparing = false;
      if (turn !== this.#turn || !this.#claim.isHeld || !this.#connected) return;
      checkNotAhead(prepared, storeRevision, this.#options.stream);
      this.#startSession(nats, prepared, storeRevision, turn);
    } catch (error) {
      this.#preparing = false;
      const isRefused = error instanceof ConclaveError && error.code === 'refused';
      this.#complain(
        isRefused ? 'feed: refused; nothing is published' : 'feed: cannot read the stream',
        textOf(error),
      );
      const wait = isRefused ? FEED_LIMITS.refusedRetryMs : backOffMs(this.#failures++);
      this.#nextSessionMs = this.#ports.nowMs() + wait;
    }
  }

  /** The store's revision as of now, or later. */
  #readRevision(): Promise<number> {
    const request = RangeRequest.encode({ ...RangeRequest.create(), key: this.#claimKey });
    return new Promise((resolve, reject) => {
      askStore(this.#ports.handler, RANGE, request, READ_MS, (_code, message, response) => {
        const header = response === null ? null : RangeResponse.decode(response).header;
        if (header !== null) resolve(header.revision);
        else reject(new Error(`the store did not answer: ${message}`));
      });
    });
  }

  #startSession(
    nats: NatsStream,
    prepared: PreparedStream,
    storeRevision: number,
    turn: number,
  ): void {
    const { tail, payloadBytesMax, maxAgeMs } = prepared;
    const { probe, nowMs } = this.#ports;
    const options: SessionOptions = {
      ...FEED_LIMITS,
      reservedPrefix: RESERVED_PREFIX,
      cluster: this.#cluster,
      prefix: this.#options.prefix,
      payloadBytesMax,
      digest: digestOf,
      markIntervalMs: markIntervalMs(maxAgeMs),
      marksWhenIdle: maxAgeMs > 0,
    };
    const session = new Session(options, tail, storeRevision, {
      nowMs,
      publish: (message, expected, done) => nats.publish(message, expected, done),
      watch: (startRevision) => {
        if (turn === this.#turn) this.#openWatch(session, startRevision, turn);
      },
      resumeWatch: () => this.#watch?.resume(),
      published: (message, item) => this.#published(message, item),
      ended: (why, text) => this.#sessionEnded(why, text, turn),
    });
    this.#session = session;
    this.#lastComplaint = '';
    probe.log('info', 'feed: publishing', {
      stream: this.#options.stream,
      'last-sequence': tail.type === 'new' ? 0 : tail.lastSequence,
      'last-revision': tail.type === 'at' ? tail.position.revision : 0,
      'store-revision': storeRevision,
    });
    session.start();
  }

  #openWatch(session: Session, startRevision: number, turn: number): void {
    this.#watch?.close();
    const lo = this.#options.keyPrefix === '' ? '\0' : this.#options.keyPrefix;
    const hi = prefixEnd(this.#options.keyPrefix);
    const isOurs = (): boolean => turn === this.#turn;
    const watch = new StoreWatch(this.#ports.handler, { lo, hi }, startRevision, {
      changes: (changes: readonly Change[], isFragment, storeRevision) => {
        if (!isOurs()) return true;
        if (storeRevision > this.#storeRevision) this.#storeRevision = storeRevision;
        return session.changes(changes, isFragment);
      },
      progress: (revision) => {
        if (isOurs()) session.progress(revision);
      },
      compacted: (compactRevision) => {
        if (isOurs()) session.compacted(compactRevision);
      },
      ended: (text) => {
        if (isOurs()) session.end('watch', text);
      },
    });
    // It may answer at once, and must be known by then.
    this.#watch = watch;
    watch.start();
  }

  #published(message: FeedMessage, item: FeedItem): void {
    const { probe } = this.#ports;
    this.#failures = 0;
    probe.count('conclave_feed_published_total', 1, { type: message.type });
    if (message.omitted) {
      probe.count('conclave_feed_omitted_total');
      probe.log('warn', 'feed: a key or value is above what NATS takes; its message says so', {
        id: message.id,
      });
    }
    if (item.type !== 'gap') return;
    probe.log('warn', 'feed: history was lost before it could be published; consumers list anew', {
      'from-revision': item.from,
      'to-revision': item.to,
    });
  }

  #endSession(why: SessionEnd, text: string): void {
    const session = this.#session;
    if (session !== null) session.end(why, text);
    else this.#turn++;
  }

  #sessionEnded(why: SessionEnd, text: string, turn: number): void {
    if (turn !== this.#turn) return;
    this.#turn++;
    this.#session = null;
    const watch = this.#watch;
    this.#watch = null;
    watch?.close();
    if (why === 'stopped') return;
    const { probe } = this.#ports;
    probe.count('conclave_feed_restarts_total', 1, { reason: why });
    this.#complain('feed: publishing was interrupted; reading the end of the stream again', text);
    this.#nextSessionMs = this.#ports.nowMs() + backOffMs(this.#failures++);
  }
}

/** A stream that tells of what the store has not seen: the store was set back. */
function checkNotAhead(prepared: PreparedStream, storeRevision: number, stream: string): void {
  const { tail } = prepared;
  if (tail.type !== 'at' || tail.position.revision <= storeRevision) return;
  throw new ConclaveError(
    'refused',
    `stream ${stream} is at revision ${tail.position.revision}, the store at ${storeRevision}: ` +
      `the store was set back; delete the stream, or give another --feed-stream`,
  );
}

/** A stream that forgets must keep its last message: one is written three times within the age. */
function markIntervalMs(maxAgeMs: number): number {
  const { markIntervalMs: usual } = FEED_LIMITS;
  return maxAgeMs > 0 ? Math.min(usual, maxAgeMs / 3) : usual;
}

function backOffMs(failures: number): number {
  const { retryFirstMs, retryMaxMs } = FEED_LIMITS;
  return Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(failures, 16));
}
