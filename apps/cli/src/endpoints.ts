/**
 * The cluster as a command line sees it: some endpoints, tried one after the other until one answers.
 *
 * A request that may have been received is sent again only if it changes nothing twice (`isSafe`); one
 * that never left is always tried at the next endpoint.
 */
import { Status } from '@conclave/base';
import { GrpcCallError, GrpcChannel } from '@conclave/grpc';
import type { MethodDescriptor } from '@conclave/wire';
import type { Connection } from './connection.js';

export interface AskOptions {
  /** Milliseconds; the connection's command timeout by default. */
  readonly timeoutMs?: number;
  /** Asked twice does no harm. Default false. */
  readonly isSafe?: boolean;
}

/** How a failed request is shown: the server's own words. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export class Endpoints {
  readonly #connection: Connection;
  #urls: readonly string[];
  readonly #channels = new Map<string, GrpcChannel>();
  /** Of `#urls`: where the last request went well. */
  #at = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#urls = connection.endpoints;
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  /** From here on asks at these; what they are asked first is the first one. */
  use(urls: readonly string[]): void {
    if (urls.length === 0) return;
    this.#urls = [...urls];
    this.#at = 0;
  }

  /** The channel to one endpoint; this object closes it. */
  channel(url: string): GrpcChannel {
    const known = this.#channels.get(url);
    if (known !== undefined) return known;
    const { tls, dialTimeoutMs } = this.#connection;
    const options = { connectTimeoutMs: dialTimeoutMs, ...(tls === null ? {} : { tls }) };
    const channel = new GrpcChannel(url, options);
    this.#channels.set(url, channel);
    return channel;
  }

  /** Asks one endpoint. Rejects with a `GrpcCallError`. */
  async askAt<Q, R>(
    url: string,
    method: MethodDescriptor<Q, R>,
    request: Partial<Q>,
    options: AskOptions = {},
  ): Promise<R> {
    const timeoutMs = options.timeoutMs ?? this.#connection.commandTimeoutMs;
    const body = method.request.encode(method.request.create(request));
    return method.response.decode(await this.channel(url).unary(method.path, body, { timeoutMs }));
  }

  /** Asks whoever answers. Rejects with the last `GrpcCallError`. */
  async ask<Q, R>(
    method: MethodDescriptor<Q, R>,
    request: Partial<Q>,
    options: AskOptions = {},
  ): Promise<R> {
    let last: GrpcCallError | null = null;
    for (let tried = 0; tried < this.#urls.length; tried++) {
      const index = (this.#at + tried) % this.#urls.length;
      try {
        const answer = await this.askAt(this.#urls[index] as string, method, request, options);
        this.#at = index;
        return answer;
      } catch (error) {
        if (!(error instanceof GrpcCallError)) throw error;
        last = error;
        const isLost = error.code === Status.UNAVAILABLE || error.code === Status.DEADLINE_EXCEEDED;
        const mayRepeat = options.isSafe === true && isLost;
        if (error.origin !== 'unsent' && !mayRepeat) throw error;
      }
    }
    throw last ?? new Error('no endpoint to ask');
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }
}
