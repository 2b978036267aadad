/**
 * Link ends on real sockets of the loopback device, for tests: any free port, nothing left behind.
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { NO_PROBE, Random } from '@conclave/base';
import type { LinkPorts } from '../dialer.js';
import type { LinkIdentity } from '../handshake.js';
import type { LinkServer } from '../link-server.js';
import { DEFAULT_LINK_OPTIONS, type LinkOptions } from '../options.js';

/** Fast enough for a test, slow enough for a busy machine. */
export const TEST_OPTIONS: LinkOptions = Object.freeze({
  ...DEFAULT_LINK_OPTIONS,
  handshakeMs: 500,
  backoffMs: 10,
  backoffMaxMs: 50,
  failingMs: 200,
  pingMs: 50,
  livenessMs: 2_000,
  closeMs: 50,
  reportMs: 50,
});

export function testPorts(seed = 1): LinkPorts {
  return {
    clock: { monotonicMs: () => performance.now(), wallMs: () => 0 },
    random: new Random(seed),
    probe: NO_PROBE,
  };
}

export function identity(memberId: bigint, clusterId = 7n): LinkIdentity {
  return { clusterId, memberId, incarnation: memberId * 100n, feature: 1, name: `m${memberId}` };
}

/** A listening HTTP server that offers upgrades to `server`, and answers other requests with 404. */
export class Loopback {
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: () => LinkServer) {
    this.#http = createServer((_request, response) => {
      response.statusCode = 404;
      response.end('not here');
    });
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#http.on('upgrade', (request, socket, head) => {
      if (!server().handleUpgrade(request, socket, head)) socket.destroy();
    });
  }

  listen(port = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', () => resolve(this.url));
    });
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Breaks every connection, as a process that dies does, and stops listening. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return new Promise((resolve) => this.#http.close(() => resolve()));
  }
}

const LOOK_MS = 2;

/**
 * Resolves when `condition` holds; looks again after each turn, and fails after as many looks as there
 * are in `limitMs` of a process that has nothing else to do. Looks are counted and not time: on a busy
 * machine what is waited for is as slow as the looking.
 */
export function until(condition: () => boolean, limitMs = 5_000): Promise<void> {
  let looks = 0;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (condition()) resolve();
      else if (++looks * LOOK_MS > limitMs) reject(new Error(`never happened: ${condition}`));
      else setTimeout(look, LOOK_MS);
    };
    look();
  });
}
