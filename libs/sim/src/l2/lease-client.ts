/**
 * A client with a lease: grants, puts keys on it, keeps it alive, and then dies, revokes it, or falls
 * silent for a while; then begins anew.
 */
import type { ClientCall } from '@conclave/base';
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  PutRequest,
} from '@conclave/wire';
import type { SimClient } from './client.js';
import type { LeaseRecord, Renewal } from './judges/lease.js';
import { Method, putRequest } from './requests.js';

export interface LeaseRecords {
  readonly records: LeaseRecord[];
}

export class LeaseClient {
  readonly #client: SimClient;
  readonly #records: LeaseRecord[];
  readonly #minTtlSeconds: number;
  #sequence = 0;
  #stream: ClientCall | null = null;

  constructor(client: SimClient, minTtlSeconds: number, records: LeaseRecord[]) {
    this.#client = client;
    this.#records = records;
    this.#minTtlSeconds = minTtlSeconds;
    this.#again();
  }

  #again(): void {
    const { random, host, world } = this.#client;
    this.#stream?.cancel();
    this.#stream = null;
    host.after(100 + random.below(1_500), () => {
      if (!world.isEnding) this.#client.connect(() => this.#grant());
    });
  }

  #grant(): void {
    const { random } = this.#client;
    const TTL = this.#minTtlSeconds + random.below(3);
    const body = LeaseGrantRequest.encode({ ID: 0n, TTL });
    this.#client.unary('grant', Method.GRANT, body, 5_000, (outcome, callMs) => {
      if (outcome.type !== 'ok') return this.#again();
      const { ID, TTL: ttl } = LeaseGrantResponse.decode(outcome.response);
      const renewals: Renewal[] = [{ askedMs: callMs, ttl }];
      this.#records.push({ id: ID, ttl, renewals });
      this.#put(ID, () => this.#live(ID, ttl, renewals));
    });
  }

  #put(lease: bigint, then: () => void): void {
    const { random, host } = this.#client;
    const key = `l/${host.name}/${random.below(3)}`;
    const request = putRequest(key, `${host.name}-${++this.#sequence}`, lease);
    const body = PutRequest.encode(request);
    this.#client.unary('put leased', Method.PUT, body, 5_000, () => {
      if (random.chance(0.5)) this.#put(lease, then);
      else then();
    });
  }

  #live(id: bigint, ttl: number, renewals: Renewal[]): void {
    const { random, world, host } = this.#client;
    // Which renewal an answer belongs to: they come in the order of their requests.
    const asked: number[] = [];
    let isGone = false;
    const call = this.#client.open(Method.KEEP_ALIVE, null, {
      message: (bytes) => {
        const answer = LeaseKeepAliveResponse.decode(bytes);
        const askedMs = asked.shift() ?? world.nowMs;
        renewals.push({ askedMs, ttl: answer.TTL });
        world.trace.mix(answer.TTL);
        world.coverage.count(answer.TTL > 0 ? 'keepalive ok' : 'keepalive gone');
        if (answer.TTL <= 0) isGone = true;
      },
      ended: (code) => {
        world.coverage.count(`keepalive ended ${code}`);
        this.#stream = null;
      },
      drained: () => undefined,
    });
    this.#stream = call;
    let rounds = 1 + random.below(8);
    const round = (): void => {
      if (isGone) return this.#again();
      if (rounds-- <= 0 || world.isEnding) return this.#leave(id);
      if (this.#stream === null) {
        // The stream broke: another one, if there is time.
        this.#client.connect(() => this.#live(id, ttl, renewals));
        return;
      }
      asked.push(world.nowMs);
      this.#stream.send(LeaseKeepAliveRequest.encode({ ID: id }));
      if (random.chance(0.2)) this.#put(id, () => undefined);
      // Now and then it comes late, perhaps too late.
      const pace = random.chance(0.1) ? 1_200 : 250 + random.below(150);
      host.after(ttl * pace, round);
    };
    round();
  }

  #leave(id: bigint): void {
    const { random, world } = this.#client;
    if (random.chance(0.3)) {
      const body = LeaseTimeToLiveRequest.encode(
        LeaseTimeToLiveRequest.create({ ID: id, keys: true }),
      );
      this.#client.unary('time to live', Method.TIME_TO_LIVE, body, 5_000, () => undefined);
    }
    if (random.chance(0.4) && !world.isEnding) {
      const body = LeaseRevokeRequest.encode({ ID: id });
      this.#client.unary('revoke', Method.REVOKE, body, 5_000, () => this.#again());
      return;
    }
    world.coverage.count('lease left to expire');
    this.#again();
  }
}
