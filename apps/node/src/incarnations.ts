import { type BlobStore, decodeUtf8, encodeUtf8 } from '@conclave/base';

const FILE = 'known';
const HEAD = 'conclave-peers 1';
/** Far more than a cluster has; removed members stay listed. */
const PEERS_MAX = 1_000;

/**
 * Which incarnation (64 random bits of a data directory) each peer had when we first met it, kept
 * durably before we answer it; so that a member whose directory was wiped is not taken for itself.
 *
 * File `member/peers/known`: the line `conclave-peers 1`, then for each peer a line
 * `<member id> <incarnation>` in hex.
 */
export class Incarnations {
  readonly #store: BlobStore;
  readonly #known = new Map<bigint, bigint>();
  readonly #failed: (message: string) => void;
  #writing = false;
  #waiting: (() => void)[] = [];

  /** Throws an Error that names the file if it cannot be read. */
  constructor(store: BlobStore, failed: (message: string) => void) {
    this.#store = store;
    this.#failed = failed;
    const bytes = store.readSync(FILE);
    if (bytes === null) return;
    const [head, ...lines] = decodeUtf8(bytes).trimEnd().split('\n');
    if (head !== HEAD) throw new Error(`member/peers/${FILE}: unknown format "${head}"`);
    for (const line of lines) {
      const match = /^([\da-f]+) ([\da-f]+)$/.exec(line);
      if (!match) throw new Error(`member/peers/${FILE}: corrupt line "${line}"`);
      this.#known.set(BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`));
    }
  }

  of(id: bigint): bigint | null {
    return this.#known.get(id) ?? null;
  }

  /** Runs `done` once `id` is known durably; an incarnation that is known already is not replaced. */
  learn(id: bigint, incarnation: bigint, done: () => void): void {
    if (this.#known.has(id)) {
      if (this.#writing) this.#waiting.push(done);
      else done();
      return;
    }
    if (this.#known.size >= PEERS_MAX) {
      done();
      return;
    }
    this.#known.set(id, incarnation);
    this.#waiting.push(done);
    if (!this.#writing) this.#write();
  }

  #write(): void {
    this.#writing = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    const lines = [...this.#known].map(([id, inc]) => `${id.toString(16)} ${inc.toString(16)}`);
    const bytes = encodeUtf8(`${[HEAD, ...lines].join('\n')}\n`);
    this.#store.replace(FILE, bytes, (failure) => {
      if (failure) {
        this.#failed(`cannot write member/peers/${FILE}: ${failure.message}`);
        return;
      }
      this.#writing = false;
      for (const done of waiting) done();
      if (this.#waiting.length > 0) this.#write();
    });
  }
}
