/**
 * TCP between members, in our hands: each member advertises a port of ours and listens elsewhere, so
 * every byte between two processes passes here and each direction of each pair can be cut, slowed or
 * reset. Who dialled is found by the socket's owner (/proc), so Linux only.
 *
 * A cut is silent, as a dead switch: bytes are kept back, nobody is told. When it heals, what was kept
 * arrives late (as TCP repeats it), or the connection is reset.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { Random } from '@conclave/base';

/** Kept back in one direction of one connection before its reader is stopped. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;
/** A lost packet is repeated about so much later. */
const RETRANSMIT_MS = 200;

/** What happens to bytes from one process to another. */
export interface EdgePolicy {
  readonly blocked: boolean;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Of each chunk to arrive `RETRANSMIT_MS` late, and all behind it. */
  readonly lossChance: number;
}

const OPEN: EdgePolicy = { blocked: false, delayMs: 0, jitterMs: 0, lossChance: 0 };

export interface ProxiedProcess {
  readonly name: string;
  readonly pid: number;
}

export class ProxyMesh {
  readonly #random: Random;
  readonly #processes: () => readonly ProxiedProcess[];
  readonly #policies = new Map<string, EdgePolicy>();
  readonly #servers: Server[] = [];
  readonly #pairs = new Set<Pair>();

  constructor(random: Random, processes: () => readonly ProxiedProcess[]) {
    this.#random = random;
    this.#processes = processes;
  }

  /** Stands before the process `to`, which listens on `targetPort`. */
  listen(to: string, port: number, targetPort: number): Promise<void> {
    const server = createServer((socket) => {
      const from = ownerOf(socket, this.#processes());
      const pair = new Pair(socket, connect(targetPort, '127.0.0.1'), from, to, this.#random, {
        policy: (a, b) => this.policy(a, b),
        closed: () => this.#pairs.delete(pair),
      });
      this.#pairs.add(pair);
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  }

  policy(from: string, to: string): EdgePolicy {
    return this.#policies.get(`${from}>${to}`) ?? OPEN;
  }

  set(from: string, to: string, policy: Partial<EdgePolicy>): void {
    this.#policies.set(`${from}>${to}`, { ...this.policy(from, to), ...policy });
  }

  /** Everything flows again. `late`: what was kept back arrives; else those connections are reset. */
  heal(late: boolean): void {
    this.#policies.clear();
    for (const pair of this.#pairs) pair.healed(late);
  }

  /** Resets each connection with this chance. */
  reset(chance: number): void {
    for (const pair of this.#pairs) if (this.#random.chance(chance)) pair.destroy();
  }

  close(): void {
    for (const pair of this.#pairs) pair.destroy();
    for (const server of this.#servers) server.close();
  }
}

interface PairPorts {
  policy(from: string, to: string): EdgePolicy;
  closed(): void;
}

/** One proxied connection: two lanes. */
class Pair {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #lanes: readonly Lane[];
  readonly #ports: PairPorts;
  #destroyed = false;

  constructor(
    client: Socket,
    target: Socket,
    from: string,
    to: string,
    random: Random,
    ports: PairPorts,
  ) {
    this.#client = client;
    this.#target = target;
    this.#ports = ports;
    this.#lanes = [
      new Lane(client, target, random, () => ports.policy(from, to)),
      new Lane(target, client, random, () => ports.policy(to, from)),
    ];
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.destroy());
      socket.on('close', () => {
        // A closed end is news like any other: the other side hears it when the lane lets it.
        if (this.#lanes.every((lane) => lane.ended)) this.destroy();
      });
    }
  }

  healed(late: boolean): void {
    const isHeld = this.#lanes.some((lane) => lane.held);
    if (isHeld && !late) this.destroy();
    else for (const lane of this.#lanes) lane.pump();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    for (const lane of this.#lanes) lane.stop();
    this.#client.destroy();
    this.#target.destroy();
    this.#ports.closed();
  }
}

/** Bytes in one direction; null ends it. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #random: Random;
  readonly #policy: () => EdgePolicy;
  readonly #queue: { readonly bytes: Buffer | null; readonly dueMs: number }[] = [];
  #heldBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  ended = false;

  constructor(from: Socket, to: Socket, random: Random, policy: () => EdgePolicy) {
    this.#from = from;
    this.#to = to;
    this.#random = random;
    this.#policy = policy;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('close', () => this.#take(null));
    to.on('drain', () => this.#resume());
  }

  get held(): boolean {
    return this.#queue.length > 0;
  }

  #take(bytes: Buffer | null): void {
    if (this.#stopped) return;
    const { delayMs, jitterMs, lossChance } = this.#policy();
    const isLost = this.#random.chance(lossChance);
    const lateMs = delayMs + jitterMs * this.#random.fraction() + (isLost ? RETRANSMIT_MS : 0);
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + lateMs);
    this.#queue.push({ bytes, dueMs: this.#lastDueMs });
    this.#heldBytes += bytes?.length ?? 0;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause();
    this.pump();
  }

  pump(): void {
    while (!this.#stopped && !this.#policy().blocked) {
      const next = this.#queue[0];
      if (next === undefined) return;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0.5) {
        this.#timer ??= setTimeout(() => {
          this.#timer = null;
          this.pump();
        }, waitMs);
        return;
      }
      this.#queue.shift();
      this.#heldBytes -= next.bytes?.length ?? 0;
      if (next.bytes === null) {
        this.ended = true;
        this.#to.end();
        this.#to.destroySoon();
        return;
      }
      if (!this.#to.write(next.bytes)) this.#from.pause();
      else this.#resume();
    }
  }

  #resume(): void {
    if (this.#heldBytes <= HELD_BYTES_MAX) this.#from.resume();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.length = 0;
  }
}

/** The process at the other end of an accepted connection; `?` when none of ours holds it (any more). */
function ownerOf(socket: Socket, processes: readonly ProxiedProcess[]): string {
  const hex = (port: number | undefined): string =>
    (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const local = `:${hex(socket.remotePort)}`;
  const remote = `:${hex(socket.localPort)}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (!fields[1]?.endsWith(local) || !fields[2]?.endsWith(remote)) continue;
    const link = `socket:[${fields[9]}]`;
    return processes.find(({ pid }) => holds(pid, link))?.name ?? '?';
  }
  return '?';
}

function holds(pid: number, link: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === link;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
