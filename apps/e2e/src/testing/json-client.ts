/**
 * Asks the JSON gateway as curl does, and as a client that is no good does: one HTTP request, a stream of
 * lines, or bytes as they are.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Socket, connect } from 'node:net';

const WAIT_MS = 20_000;

export interface JsonQuestion {
  readonly path: string;
  readonly body?: string | Buffer;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** `endpoint`: `host:port`. Sends the head; the body is the caller's business. */
export function begin(
  endpoint: string,
  question: JsonQuestion,
  came: (response: IncomingMessage) => void,
): ClientRequest {
  const [host, port] = endpoint.split(':');
  const { path, method = 'POST', headers = {} } = question;
  return request({ host, port, path, method, headers, agent: false, timeout: WAIT_MS }, came);
}

/** One request to the end of its answer. */
export function ask(endpoint: string, question: JsonQuestion): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const asked = begin(endpoint, question, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`${question.path}: no answer in time`)));
    asked.on('error', reject);
    asked.end(question.body ?? '');
  });
}

/** A stream that is read line by line, and written to for as long as it is open. */
export class JsonStream {
  readonly lines: string[] = [];
  status = 0;
  headers: IncomingMessage['headers'] = {};
  /** The answer is over, or the connection is. */
  isOver = false;
  readonly request: ClientRequest;
  #response: IncomingMessage | null = null;
  #rest = '';

  constructor(endpoint: string, question: JsonQuestion) {
    this.request = begin(endpoint, question, (response) => {
      this.#response = response;
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.on('data', (part: Buffer) => this.#came(part.toString()));
      response.on('error', () => undefined);
      response.on('close', () => (this.isOver = true));
    });
    this.request.on('error', () => (this.isOver = true));
    if (question.body !== undefined) this.request.end(question.body);
    else this.request.flushHeaders();
  }

  #came(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.lines.push(...lines);
  }

  /** All that came, with what has no line end yet. */
  get text(): string {
    return [...this.lines, this.#rest].join('\n');
  }

  /** Stops to take what is sent. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  close(): void {
    this.request.destroy();
  }
}

/** Bytes to a socket; what came back until it was closed or silent for `silenceMs`. */
export function talk(
  endpoint: string,
  parts: readonly (string | Buffer)[],
  options: { silenceMs?: number; halfClose?: boolean } = {},
): Promise<{ text: string; isClosed: boolean }> {
  return new Promise((resolve) => {
    const [host, port] = endpoint.split(':');
    const socket: Socket = connect({ host, port: Number(port), allowHalfOpen: true });
    let text = '';
    let isClosed = false;
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, isClosed });
    };
    let timer = setTimeout(end, WAIT_MS);
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(end, options.silenceMs ?? 500);
    });
    const closed = (): void => {
      isClosed = true;
      end();
    };
    socket.on('end', closed);
    socket.on('error', closed);
    const rest = [...parts];
    const next = (): void => {
      const part = rest.shift();
      if (part !== undefined) socket.write(part, () => setImmediate(next));
      else {
        if (options.halfClose === true) socket.end();
        clearTimeout(timer);
        timer = setTimeout(end, options.silenceMs ?? 500);
      }
    };
    socket.on('connect', next);
  });
}

/** An answer without what differs between stores: ids, terms, sizes. */
export function comparable(body: string): string {
  return body
    .replace(/"(cluster_id|member_id|raft_term|leader|raftTerm)":"\d+",?/g, '')
    .replace(/,}/g, '}');
}
