/** A client that takes a lock, holds it for a moment and lets go; what the lock promises is judged. */
import { decodeUtf8, encodeUtf8 } from '@conclave/base';
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LockRequest,
  LockResponse,
  UnlockRequest,
} from '@conclave/wire';
import type { SimClient } from './client.js';
import { Method } from './requests.js';

/** A lock that was answered: at `revision` this key was there and the first of its kind. */
export interface LockRecord {
  readonly client: string;
  readonly prefix: string;
  readonly key: string;
  readonly revision: number;
}

export class LockClient {
  readonly #client: SimClient;
  readonly #records: LockRecord[];

  constructor(client: SimClient, records: LockRecord[]) {
    this.#client = client;
    this.#records = records;
    this.#again();
  }

  #again(): void {
    const { host, random, world } = this.#client;
    host.after(200 + random.below(1_000), () => {
      if (!world.isEnding) this.#client.connect(() => this.#grant());
    });
  }

  #grant(): void {
    const body = LeaseGrantRequest.encode({ ID: 0n, TTL: 10 });
    this.#client.unary('grant', Method.GRANT, body, 5_000, (outcome) => {
      if (outcome.type !== 'ok') return this.#again();
      this.#lock(LeaseGrantResponse.decode(outcome.response).ID);
    });
  }

  #lock(lease: bigint): void {
    const { random, host } = this.#client;
    const name = `lock/${random.below(2)}`;
    const body = LockRequest.encode({ name: encodeUtf8(name), lease });
    this.#client.unary('lock', Method.LOCK, body, 8_000, (outcome) => {
      if (outcome.type !== 'ok') return this.#again();
      const { key, header } = LockResponse.decode(outcome.response);
      const revision = header?.revision ?? 0;
      const record = { client: host.name, prefix: `${name}/`, key: decodeUtf8(key), revision };
      this.#records.push(record);
      host.after(random.below(800), () => {
        this.#client.connect(() => {
          const unlock = UnlockRequest.encode({ key });
          this.#client.unary('unlock', Method.UNLOCK, unlock, 5_000, () => this.#again());
        });
      });
    });
  }
}
