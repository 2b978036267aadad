/**
 * `TokenClient` for v3 discovery (`--discovery-token --discovery-endpoints`): rows of any etcd v3 cluster,
 * among them that of a `conclave-discovery --backend`.
 *
 *     /_etcd/registry/<token>/_config/size    decimal, made by the operator
 *     /_etcd/registry/<token>/members/<id>    name=url[,name=url]
 */
import { Status } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import { KvService, WatchService } from '@conclave/wire';
import { EtcdAsker } from './etcd-asker.js';
import { prefixRange, text, utf8 } from './etcd-rows.js';
import {
  DiscoveryError,
  DiscoveryUnavailable,
  type Registered,
  type TokenClient,
  type TokenLook,
} from './join.js';

const REGISTRY = '/_etcd/registry';
const MEMBERS_MAX = 10_000;
/** A watch that is silent for so long is given up, and the token read again. */
const WAIT_MS = 120_000;

/** Codes that another try may turn into success. */
const PASSING: ReadonlySet<number> = new Set([
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
  Status.CANCELLED,
  Status.RESOURCE_EXHAUSTED,
  Status.UNKNOWN,
]);

export class V3TokenClient implements TokenClient {
  readonly #root: string;
  readonly #asker: EtcdAsker;
  #cancelWait: (() => void) | null = null;

  constructor(token: string, asker: EtcdAsker) {
    this.#root = `${REGISTRY}/${token}`;
    this.#asker = asker;
  }

  async look(): Promise<TokenLook> {
    const sizeKey = utf8(`${this.#root}/_config/size`);
    const sized = await this.#asked(() => {
      return this.#asker.ask(KvService.range, { key: sizeKey }, true);
    });
    const [row] = sized.kvs;
    if (row === undefined) throw new DiscoveryError('size-not-found');
    const shown = text(row.value);
    const size = /^\d{1,9}$/.test(shown) ? Number(shown) : 0;
    if (size === 0) throw new DiscoveryError('bad-size');
    const root = `${this.#root}/members/`;
    const listed = await this.#asked(() => {
      const range = { ...prefixRange(root), limit: MEMBERS_MAX };
      return this.#asker.ask(KvService.range, range, true);
    });
    const rows = [...listed.kvs].sort((a, b) => a.createRevision - b.createRevision);
    const members: Registered[] = rows
      .map((kv) => ({ id: text(kv.key).slice(root.length), value: text(kv.value) }))
      // etcd looks over what is no registration, too.
      .filter(({ value }) => value.includes('='));
    return { size, members, index: listed.header?.revision ?? 0 };
  }

  /** On the lease of the token, if it has one: a registration goes with its token. */
  async register(id: string, value: string): Promise<'registered' | 'exists'> {
    await this.#asked(async () => {
      const sizeKey = utf8(`${this.#root}/_config/size`);
      const sized = await this.#asker.ask(KvService.range, { key: sizeKey }, true);
      const row = { key: utf8(`${this.#root}/members/${id}`), value: utf8(value) };
      const lease = sized.kvs[0]?.lease ?? 0n;
      await this.#asker.ask(KvService.put, { ...row, lease }, true);
    });
    return 'registered';
  }

  async waitAfter(index: number): Promise<void> {
    await this.#asked(async () => {
      const createRequest = {
        ...prefixRange(`${this.#root}/members/`),
        startRevision: index + 1,
        progressNotify: false,
        filters: [],
        prevKv: false,
        watchId: 0,
        fragment: false,
      };
      const stream = await this.#asker.stream(WatchService.watch, {
        requestUnion: { $case: 'createRequest', createRequest },
      });
      let isTimeOver = false;
      const timer = setTimeout(() => {
        isTimeOver = true;
        stream.cancel();
      }, WAIT_MS);
      this.#cancelWait = () => stream.cancel();
      try {
        for await (const bytes of stream) {
          const answer = WatchService.watch.response.decode(bytes);
          if (answer.canceled || answer.events.length > 0) return;
        }
      } catch (error) {
        if (!isTimeOver) throw error;
      } finally {
        clearTimeout(timer);
        this.#cancelWait = null;
      }
    });
  }

  close(): void {
    this.#cancelWait?.();
    this.#asker.close();
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GrpcCallError)) throw error;
      this.#asker.moveOn();
      if (PASSING.has(error.code)) throw new DiscoveryUnavailable(error.message);
      throw new DiscoveryError('refused', error.message);
    }
  }
}
