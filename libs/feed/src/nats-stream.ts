/**
 * The stream in NATS: makes it if it is missing, reads its end, publishes into it. One connection; what
 * becomes of it is told through `NatsEvents`.
 */
import { ConclaveError } from '@conclave/base';
import {
  DiscardPolicy,
  type JetStreamClient,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import {
  type NatsConnection,
  connect,
  headers as newHeaders,
  millis,
  nanos,
} from '@nats-io/transport-node';
import { type FeedMessage, readPosition } from './message.js';
import { accessOptions } from './nats-access.js';
import type { FeedOptions } from './options.js';
import type { Expected, PublishResult, Tail } from './session.js';

/** `refused`: only an operator can change it. */
export type FeedErrorCode = 'refused';

export interface NatsEvents {
  connected(server: string): void;
  disconnected(): void;
  /** No connection, and none will come of this one. */
  closed(text: string): void;
}

export interface PreparedStream {
  readonly tail: Tail;
  readonly payloadBytesMax: number;
  /** Age at which the stream forgets messages; 0: never. */
  readonly maxAgeMs: number;
}

/** A server that says nothing for two pings is taken for dead. */
const CONNECTION = Object.freeze({
  timeout: 2_000,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  pingInterval: 5_000,
  ignoreAuthErrorAbort: true,
});
const REQUEST_TIMEOUT_MS = 5_000;
const WRONG_LAST_ID = 10_070;
const WRONG_LAST_SEQUENCE = 10_071;
const STREAM_NOT_FOUND = 10_059;

function refused(text: string): ConclaveError<FeedErrorCode> {
  return new ConclaveError('refused', text);
}

export class NatsStream {
  readonly #options: FeedOptions;
  readonly #nc: NatsConnection;
  readonly #js: JetStreamClient;
  readonly #timeoutMs: number;
  #jsm: JetStreamManager | null = null;

  private constructor(
    options: FeedOptions,
    nc: NatsConnection,
    timeoutMs: number,
    events: NatsEvents,
  ) {
    this.#options = options;
    this.#nc = nc;
    this.#timeoutMs = timeoutMs;
    this.#js = jetstream(nc, { timeout: REQUEST_TIMEOUT_MS });
    this.#listen(events).catch((error: unknown) => events.closed(String(error)));
    void nc.closed().then((error) => {
      events.closed(error instanceof Error ? error.message : 'the connection was closed');
    });
  }

  /** Throws when no server answers. */
  static async open(
    options: FeedOptions,
    name: string,
    timeoutMs: number,
    events: NatsEvents,
  ): Promise<NatsStream> {
    const nc = await connect({ ...CONNECTION, name, ...accessOptions(options) });
    const stream = new NatsStream(options, nc, timeoutMs, events);
    events.connected(nc.getServer());
    return stream;
  }

  async #listen(events: NatsEvents): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect') events.disconnected();
      else if (status.type === 'reconnect') events.connected(this.#nc.getServer());
    }
  }

  /** Makes the stream if need be and reads its end. Throws `refused` where it must not be used. */
  async prepare(cluster: string): Promise<PreparedStream> {
    const { stream, prefix } = this.#options;
    this.#jsm ??= await jetstreamManager(this.#nc, { timeout: REQUEST_TIMEOUT_MS });
    const { config, state } = await this.#infoOrAdd(this.#jsm);
    const faults = streamFaults(config, prefix);
    if (faults.length > 0) {
      throw refused(
        `stream ${stream} cannot be used for the feed: ${faults.join('; ')}; ` +
          `change the stream, or give another --feed-stream and --feed-prefix`,
      );
    }
    const server = this.#nc.info?.max_payload ?? 1_048_576;
    const own = config.max_msg_size;
    const payloadBytesMax = own > 0 ? Math.min(server, own) : server;
    const maxAgeMs = millis(config.max_age);
    const last = await this.#jsm.streams.getMessage(stream, { last_by_subj: `${prefix}.>` });
    if (last === null) {
      const lastSequence = state.last_seq;
      const tail: Tail = lastSequence === 0 ? { type: 'new' } : { type: 'emptied', lastSequence };
      return { tail, payloadBytesMax, maxAgeMs };
    }
    const position = readPosition((name) => last.header.get(name));
    if (position === null) {
      throw refused(
        `message ${last.seq} of stream ${stream} (subject ${last.subject}) was not written by a ` +
          `feed: delete it, and let nobody else publish under ${prefix}.`,
      );
    }
    if (position.cluster !== cluster) {
      throw refused(
        `stream ${stream} is the feed of cluster ${position.cluster}, this is cluster ${cluster}: ` +
          `give another --feed-stream and --feed-prefix, or delete the stream`,
      );
    }
    const lastSequence = Math.max(state.last_seq, last.seq);
    return { tail: { type: 'at', lastSequence, position }, payloadBytesMax, maxAgeMs };
  }

  async #infoOrAdd(jsm: JetStreamManager): ReturnType<JetStreamManager['streams']['info']> {
    const { stream, prefix, maxAgeMs, maxBytes, replicas } = this.#options;
    try {
      return await jsm.streams.info(stream);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
    }
    try {
      return await jsm.streams.add({
        name: stream,
        description: 'Conclave change feed',
        subjects: [`${prefix}.>`],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.Old,
        num_replicas: replicas,
        ...(maxAgeMs > 0 ? { max_age: nanos(maxAgeMs) } : {}),
        ...(maxBytes > 0 ? { max_bytes: maxBytes } : {}),
      });
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      throw refused(`NATS refused to make stream ${stream} for ${prefix}.>: ${error.message}`);
    }
  }

  /** Messages leave in the order of the calls. */
  publish(message: FeedMessage, expected: Expected, done: (result: PublishResult) => void): void {
    const headers = newHeaders();
    for (const [name, value] of message.headers) headers.append(name, value);
    const expect = {
      streamName: this.#options.stream,
      lastSequence: expected.lastSequence,
      ...(expected.lastId === null ? {} : { lastMsgID: expected.lastId }),
    };
    const options = { msgID: message.id, expect, headers, timeout: this.#timeoutMs };
    this.#js.publish(message.subject, message.payload, options).then(
      (ack) => done({ ok: true, sequence: ack.seq }),
      (error: unknown) => done(failureOf(error)),
    );
  }

  async close(): Promise<void> {
    await this.#nc.close();
  }
}

function failureOf(error: unknown): PublishResult {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof JetStreamApiError ? error.code : 0;
  const isFence = code === WRONG_LAST_ID || code === WRONG_LAST_SEQUENCE;
  return { ok: false, reason: isFence ? 'fenced' : 'failed', text };
}

/** Why a stream that exists cannot hold the feed. */
export function streamFaults(config: StreamConfig, prefix: string): string[] {
  const faults: string[] = [];
  const subjects = config.subjects ?? [];
  if (subjects.length !== 1 || subjects[0] !== `${prefix}.>`) {
    faults.push(`its subjects are ${subjects.join(', ') || 'none'}, not ${prefix}.>`);
  }
  if (config.retention !== RetentionPolicy.Limits) {
    faults.push(`its retention is ${config.retention}, not limits`);
  }
  if (config.mirror !== undefined || (config.sources?.length ?? 0) > 0) {
    faults.push('it copies another stream');
  }
  if (config.no_ack) faults.push('it acknowledges nothing (no_ack)');
  if (config.sealed) faults.push('it is sealed');
  return faults;
}
