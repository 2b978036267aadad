/**
 * Any etcd v3 cluster, asked over gRPC: some endpoints, tried one after the other until one answers, with
 * a password where the cluster wants one. For the registry of a discovery service and for v3 discovery.
 *
 * A request that may have been received is sent to another endpoint only if asking twice does no harm.
 */
import type { ConnectionOptions } from 'node:tls';
import { EMPTY_METADATA, type Metadata, Status } from '@conclave/base';
import { GrpcCallError, GrpcChannel, type GrpcStream } from '@conclave/grpc';
import { AuthService, type MethodDescriptor } from '@conclave/wire';

export interface EtcdAskerOptions {
  /** `http://host:port` or `https://host:port`; one at least. */
  readonly endpoints: readonly string[];
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Between signs of life of a connection. */
  readonly pingIntervalMs: number;
  readonly tls: ConnectionOptions | null;
  readonly user: { readonly name: string; readonly password: string } | null;
}

export const DEFAULT_ASKER_OPTIONS = Object.freeze({
  dialTimeoutMs: 2_000,
  requestTimeoutMs: 5_000,
  pingIntervalMs: 10_000,
  tls: null,
  user: null,
});

export class EtcdAsker {
  readonly #options: EtcdAskerOptions;
  readonly #channels: readonly GrpcChannel[];
  /** Of `#channels`: where the last request went well. */
  #at = 0;
  #token = '';

  constructor(options: EtcdAskerOptions) {
    this.#options = options;
    const { dialTimeoutMs, pingIntervalMs, tls } = options;
    this.#channels = options.endpoints.map((url) => {
      const settings = { connectTimeoutMs: dialTimeoutMs, pingIntervalMs };
      return new GrpcChannel(url, tls === null ? settings : { ...settings, tls });
    });
  }

  /** Rejects with the last `GrpcCallError`. */
  async ask<Q, R>(
    method: MethodDescriptor<Q, R>,
    request: Partial<Q>,
    isSafe: boolean,
    timeoutMs = this.#options.requestTimeoutMs,
  ): Promise<R> {
    try {
      return await this.#askRound(method, request, isSafe, timeoutMs);
    } catch (error) {
      // A token has a time to live, and one member's simple token may be unknown to another.
      const isStale = error instanceof GrpcCallError && error.code === Status.UNAUTHENTICATED;
      if (!isStale || this.#options.user === null) throw error;
      this.#token = '';
      return this.#askRound(method, request, isSafe, timeoutMs);
    }
  }

  /** Opens a stream at the endpoint that answered last; the next one is another if `moveOn` is called. */
  async stream<Q, R>(method: MethodDescriptor<Q, R>, first: Partial<Q>): Promise<GrpcStream> {
    await this.#authenticate(this.#options.requestTimeoutMs);
    // A member without a leader ends the stream instead of keeping it open and silent.
    const metadata = new Map([...this.#metadata(), ['hasleader', 'true'] as const]);
    const stream = this.#channel(0).stream(method.path, { metadata });
    await stream.send(method.request.encode(method.request.create(first)));
    return stream;
  }

  moveOn(): void {
    this.#at = (this.#at + 1) % this.#channels.length;
    this.#token = '';
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  #channel(further: number): GrpcChannel {
    return this.#channels[(this.#at + further) % this.#channels.length] as GrpcChannel;
  }

  async #askRound<Q, R>(
    method: MethodDescriptor<Q, R>,
    request: Partial<Q>,
    isSafe: boolean,
    timeoutMs: number,
  ): Promise<R> {
    await this.#authenticate(timeoutMs);
    const body = method.request.encode(method.request.create(request));
    const answer = await this.#round(method.path, body, isSafe, timeoutMs);
    return method.response.decode(answer);
  }

  async #round(
    path: string,
    body: Uint8Array,
    isSafe: boolean,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    let last: GrpcCallError | null = null;
    for (let tried = 0; tried < this.#channels.length; tried++) {
      try {
        const metadata = this.#metadata();
        const answer = await this.#channel(tried).unary(path, body, { metadata, timeoutMs });
        this.#at = (this.#at + tried) % this.#channels.length;
        return answer;
      } catch (error) {
        if (!(error instanceof GrpcCallError)) throw error;
        last = error;
        const isLost = error.code === Status.UNAVAILABLE || error.code === Status.DEADLINE_EXCEEDED;
        if (error.origin !== 'unsent' && !(isSafe && isLost)) throw error;
      }
    }
    throw last ?? new GrpcCallError(Status.UNAVAILABLE, 'no endpoint to ask', 'unsent');
  }

  async #authenticate(timeoutMs: number): Promise<void> {
    const { user } = this.#options;
    if (user === null || this.#token !== '') return;
    const { path, request, response } = AuthService.authenticate;
    const body = request.encode(request.create(user));
    this.#token = response.decode(await this.#round(path, body, true, timeoutMs)).token;
  }

  #metadata(): Metadata {
    return this.#token === '' ? EMPTY_METADATA : new Map([['token', this.#token]]);
  }
}
