/**
 * `snapshot save FILE`: receives a backup into FILE.part, compares its SHA-256, and gives it its name.
 *
 * A broken connection is made again and the backup goes on where it stopped, as long as the member keeps
 * it; so does a second run after this one was killed. Where the member keeps it no more, or another one
 * answers, the backup begins anew and says so.
 *
 * Invariants: FILE is there only once all of it is durable and its sum is right; FILE.part holds the first
 * bytes of exactly one backup, which its own head names.
 */
import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BACKUP_PLACE, EMPTY_METADATA, Status } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import { readBackupHead } from '@conclave/storage';
import { SnapshotRequest, SnapshotResponse } from '@conclave/wire';
import type { Endpoints } from '../endpoints.js';
import type { ProgressBar } from './progress-bar.js';

const METHOD = '/etcdserverpb.Maintenance/Snapshot';
/** Connections without a byte received, in a row. */
const FRUITLESS_MAX = 6;
const RETRY_MS_MAX = 2_000;
const SHA_BYTES = 32;

export interface SaveReport {
  readonly bytes: number;
  /** Of the server: what its messages say. */
  readonly version: string;
}

/** Throws with a text for the operator. `say`: what happens meanwhile. */
export async function saveSnapshot(
  file: string,
  endpoints: Endpoints,
  bar: ProgressBar,
  say: (text: string) => void,
): Promise<SaveReport> {
  const part = new Part(`${file}.part`);
  await part.open(say);
  try {
    const report = await receive(part, endpoints, bar, say);
    part.finish(file);
    return report;
  } finally {
    bar.end();
    part.close();
  }
}

async function receive(
  part: Part,
  endpoints: Endpoints,
  bar: ProgressBar,
  say: (text: string) => void,
): Promise<SaveReport> {
  for (let fruitless = 0, tried = 0; ; tried++) {
    const url = endpoints.urls[(tried >> 1) % endpoints.urls.length] as string;
    const before = part.bytes;
    try {
      return await receiveFrom(url, part, endpoints, bar);
    } catch (error) {
      if (!(error instanceof GrpcCallError)) throw error;
      if (error.code === Status.FAILED_PRECONDITION && part.bytes > 0) {
        bar.end();
        say(`the half received snapshot cannot be gone on with at ${url}: starting over`);
        part.startOver();
        continue;
      }
      const mayReturn =
        error.code === Status.UNAVAILABLE || error.code === Status.RESOURCE_EXHAUSTED;
      fruitless = part.bytes > before ? 1 : fruitless + 1;
      const kept = part.bytes > 0 ? `; ${part.path} keeps the ${part.bytes} bytes received` : '';
      if (!mayReturn || fruitless >= FRUITLESS_MAX) throw new Error(error.message + kept);
      bar.end();
      say(`${error.message}: trying again`);
      await pause(Math.min(RETRY_MS_MAX, 100 * 2 ** fruitless));
    }
  }
}

/** One connection. The last message of a stream is the sum; so one is always held back. */
async function receiveFrom(
  url: string,
  part: Part,
  endpoints: Endpoints,
  bar: ProgressBar,
): Promise<SaveReport> {
  const metadata = part.place === null ? EMPTY_METADATA : new Map([[BACKUP_PLACE, part.place]]);
  const stream = endpoints.channel(url).stream(METHOD, { metadata });
  await stream.send(SnapshotRequest.encode({}));
  stream.end();
  let held: SnapshotResponse | null = null;
  for await (const bytes of stream) {
    const message = SnapshotResponse.decode(bytes);
    if (held !== null) {
      part.add(held.blob);
      bar.show(part.bytes, part.bytes + held.remainingBytes);
    }
    held = message;
  }
  if (held === null || held.blob.length !== SHA_BYTES) {
    throw new Error(`${url} ended the snapshot without a SHA-256`);
  }
  part.seal(held.blob);
  return { bytes: part.bytes, version: held.version };
}

/** FILE.part and the sum of what it holds. */
class Part {
  readonly path: string;
  #fd = -1;
  #bytes = 0;
  #sha: Hash = createHash('sha256');
  #id: string | null = null;

  constructor(file: string) {
    this.path = file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What tells the member which backup goes on, and where. */
  get place(): string | null {
    this.#id ??= this.#bytes > 0 ? this.#readId() : null;
    return this.#id === null ? null : `${this.#id}:${this.#bytes}`;
  }

  /** Takes up what an earlier run left, if its head is readable. */
  async open(say: (text: string) => void): Promise<void> {
    const left = fs.statSync(this.path, { throwIfNoEntry: false });
    this.#fd = fs.openSync(this.path, left === undefined ? 'w+' : 'r+', 0o600);
    if (left === undefined || left.size === 0) return;
    const head = await readBackupHead(this.path);
    if (head === null) {
      say(`${this.path} is no beginning of a snapshot: starting over`);
      return this.startOver();
    }
    for await (const piece of fs.createReadStream(this.path)) this.#sha.update(piece as Buffer);
    this.#bytes = left.size;
    this.#id = head.id;
    say(
      `going on with ${this.path}, ${left.size} bytes of a snapshot at revision ${head.revision}`,
    );
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += fs.writeSync(this.#fd, bytes, at, bytes.length - at, this.#bytes + at);
    }
    this.#sha.update(bytes);
    this.#bytes += bytes.length;
  }

  startOver(): void {
    fs.ftruncateSync(this.#fd, 0);
    this.#bytes = 0;
    this.#id = null;
    this.#sha = createHash('sha256');
  }

  /** Compares and appends the sum. A wrong one leaves nothing that could be gone on with. */
  seal(sha: Uint8Array): void {
    const own = this.#sha.digest();
    if (!own.equals(sha)) {
      fs.rmSync(this.path);
      throw new Error(
        `the snapshot received has the SHA-256 ${own.toString('hex')}, the member says ` +
          `${Buffer.from(sha).toString('hex')}: it was removed, save it again`,
      );
    }
    fs.writeSync(this.#fd, sha, 0, sha.length, this.#bytes);
    this.#bytes += sha.length;
  }

  /** Durable under its name, or not there. */
  finish(file: string): void {
    fs.fsyncSync(this.#fd);
    fs.renameSync(this.path, file);
    const directory = fs.openSync(path.dirname(path.resolve(file)), 'r');
    fs.fsyncSync(directory);
    fs.closeSync(directory);
  }

  close(): void {
    if (this.#fd < 0) return;
    fs.closeSync(this.#fd);
    this.#fd = -1;
    // Nothing received: nothing to go on with.
    if (this.#bytes === 0) fs.rmSync(this.path, { force: true });
  }

  #readId(): string | null {
    const head = Buffer.alloc(Math.min(this.#bytes, 64 * 1024));
    fs.readSync(this.#fd, head, 0, head.length, 0);
    return /"id":"([0-9a-f]{1,16})"/.exec(head.toString('latin1'))?.[1] ?? null;
  }
}
