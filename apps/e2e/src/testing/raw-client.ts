/**
 * A client that says exactly what a test tells it to: one connection, our codecs, no retries and no
 * opinions. Works against Conclave and etcd alike.
 */
import {
  Client,
  type ClientDuplexStream,
  Metadata,
  type ServiceError,
  credentials,
  status,
} from '@grpc/grpc-js';
import {
  type CompactionRequest,
  type CompactionResponse,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type HashKVResponse,
  KvService,
  LeaseService,
  type LeaseGrantResponse,
  type LeaseRevokeResponse,
  MaintenanceService,
  type MethodDescriptor,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchCreateRequest,
  WatchRequest,
  WatchResponse,
  WatchService,
} from '@conclave/wire';

const DEADLINE_MS = 10_000;

export interface RawClientOptions {
  /** Deadline of each unary call, ms. */
  readonly deadlineMs?: number;
}

/** What a call ended with, other than an answer. */
export class RawCallError extends Error {
  override readonly name = 'RawCallError';
  readonly code: number;
  readonly text: string;

  constructor(path: string, code: number, text: string) {
    super(`${path}: ${status[code] ?? code}: ${text}`);
    this.code = code;
    this.text = text;
  }
}

export interface WatchEvents {
  response(response: WatchResponse): void;
  /** Once, however the stream ends: null after a clean end. Nothing follows. */
  end(error: RawCallError | null): void;
}

/** One Watch stream; any number of watches may be created on it. */
export class RawWatch {
  readonly #stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  #ended = false;

  constructor(stream: ClientDuplexStream<WatchRequest, WatchResponse>, events: WatchEvents) {
    this.#stream = stream;
    const end = (error: RawCallError | null): void => {
      if (this.#ended) return;
      this.#ended = true;
      events.end(error);
    };
    stream.on('data', (response: WatchResponse) => {
      if (!this.#ended) events.response(response);
    });
    stream.on('error', (error: ServiceError) => end(asRawError(WatchService.watch.path, error)));
    stream.on('end', () => end(null));
  }

  create(fields: Partial<WatchCreateRequest>): void {
    const createRequest = WatchRequest.create({
      requestUnion: { $case: 'createRequest', createRequest: withDefaults(fields) },
    });
    this.send(createRequest);
  }

  cancel(watchId: number): void {
    this.send({ requestUnion: { $case: 'cancelRequest', cancelRequest: { watchId } } });
  }

  progress(): void {
    this.send({ requestUnion: { $case: 'progressRequest', progressRequest: {} } });
  }

  send(request: WatchRequest): void {
    if (!this.#ended) this.#stream.write(request);
  }

  /** Ends the stream; `end` is not called any more. */
  close(): void {
    this.#ended = true;
    this.#stream.on('error', () => undefined);
    this.#stream.cancel();
  }
}

export class RawClient {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #deadlineMs: number;

  /** `endpoint` is `host:port` or an http URL. Connects when first used. */
  constructor(endpoint: string, options: RawClientOptions = {}) {
    this.endpoint = endpoint.replace(/^http:\/\//, '');
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#client = new Client(this.endpoint, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 250,
    });
  }

  put(fields: Partial<PutRequest>): Promise<PutResponse> {
    return this.call(KvService.put, fields);
  }

  range(fields: Partial<RangeRequest>): Promise<RangeResponse> {
    return this.call(KvService.range, fields);
  }

  deleteRange(fields: Partial<DeleteRangeRequest>): Promise<DeleteRangeResponse> {
    return this.call(KvService.deleteRange, fields);
  }

  txn(fields: Partial<TxnRequest>): Promise<TxnResponse> {
    return this.call(KvService.txn, fields);
  }

  compact(fields: Partial<CompactionRequest>): Promise<CompactionResponse> {
    return this.call(KvService.compact, fields);
  }

  /** Revision 0: the newest. */
  hashKv(revision = 0): Promise<HashKVResponse> {
    return this.call(MaintenanceService.hashKV, { revision });
  }

  status(): Promise<StatusResponse> {
    return this.call(MaintenanceService.status, {});
  }

  /** Id 0: the server chooses. TTL in seconds. */
  leaseGrant(id: bigint, ttl: number): Promise<LeaseGrantResponse> {
    return this.call(LeaseService.leaseGrant, { ID: id, TTL: ttl });
  }

  leaseRevoke(id: bigint): Promise<LeaseRevokeResponse> {
    return this.call(LeaseService.leaseRevoke, { ID: id });
  }

  watch(events: WatchEvents): RawWatch {
    const { path, request, response } = WatchService.watch;
    const stream = this.#client.makeBidiStreamRequest(
      path,
      (message: WatchRequest) => Buffer.from(request.encode(message)),
      (bytes: Buffer) => response.decode(bytes),
    );
    return new RawWatch(stream, events);
  }

  /** Any unary method; rejects with RawCallError. */
  call<Request, Response>(
    method: MethodDescriptor<Request, Response>,
    fields: Partial<Request>,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { path, request, response } = method;
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (message: Request) => Buffer.from(request.encode(message)),
        (bytes: Buffer) => response.decode(bytes),
        request.create(fields),
        sent,
        { deadline: Date.now() + this.#deadlineMs },
        (error, answer) => {
          if (error !== null) reject(asRawError(path, error));
          else resolve(answer as Response);
        },
      );
    });
  }

  /** A unary call with a body that no codec would make; answers the bytes of the response. */
  callBytes(path: string, body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => new Uint8Array(bytes),
        body,
        new Metadata(),
        { deadline: Date.now() + this.#deadlineMs },
        (error, answer) => {
          if (error !== null) reject(asRawError(path, error));
          else resolve(answer as Uint8Array);
        },
      );
    });
  }

  /** A bidirectional stream of raw messages; the caller listens and ends it. */
  streamBytes(path: string): ClientDuplexStream<Uint8Array, Uint8Array> {
    return this.#client.makeBidiStreamRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => new Uint8Array(bytes),
    );
  }

  close(): void {
    this.#client.close();
  }
}

function asRawError(path: string, error: ServiceError): RawCallError {
  return new RawCallError(path, error.code, error.details);
}

function withDefaults(fields: Partial<WatchCreateRequest>): WatchCreateRequest {
  return {
    key: new Uint8Array(0),
    rangeEnd: new Uint8Array(0),
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
    ...fields,
  };
}
