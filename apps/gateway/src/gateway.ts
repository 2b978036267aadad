/**
 * A gateway put together: client edge in front, router in the middle, links to members behind. It
 * keeps nothing that matters after its end.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, Random, type Tracer } from '@conclave/base';
import { DEFAULT_ROUTER_OPTIONS, Router, type RouterOptions } from '@conclave/client';
import { MemberFinder } from '@conclave/discovery';
import { ClientEdge } from '@conclave/edge';
import { Feed } from '@conclave/feed';
import { type Beat, DEFAULT_LINK_OPTIONS, LinkPool, startBeat } from '@conclave/link';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import type { Telemetry } from '@conclave/telemetry';
import { ClusterView } from './cluster-view.js';
import type { GatewayConfig } from './config.js';
import { tokenClient } from './discovery.js';

/** What gRPC allows above `--max-request-bytes`, as etcd. */
const GRPC_OVERHEAD_BYTES = 512 * 1024;
/** Closing the sessions must not hold up the end. */
const CLOSE_SESSIONS_MS = 500;

/** Every bit of an id from the machine's own entropy. */
function chance(): { uint64(): bigint; fraction(): number } {
  const jitter = new Random(randomBytes(4).readUInt32LE());
  return {
    uint64: () => randomBytes(8).readBigUInt64LE(),
    fraction: () => jitter.fraction(),
  };
}

export class Gateway {
  readonly #config: GatewayConfig;
  readonly #telemetry: Telemetry;
  readonly #router: Router;
  readonly #pool: LinkPool;
  readonly #edge: ClientEdge;
  readonly #view: ClusterView;
  readonly #beat: Beat;
  #isReady = false;
  #feed: Feed | null = null;
  readonly #finder: MemberFinder | null;
  readonly #clientUrls: string[] = [];

  private constructor(config: GatewayConfig, telemetry: Telemetry, tracer: Tracer | null) {
    this.#config = config;
    this.#telemetry = telemetry;
    const clock: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
    const options: RouterOptions = Object.freeze({
      ...DEFAULT_ROUTER_OPTIONS,
      electionTimeoutMs: config.electionTimeoutMs,
      requestTimeoutMs: 5_000 + 2 * config.electionTimeoutMs,
    });
    const router = new Router(options, { clock, random: chance(), probe: telemetry });
    this.#router = router;
    this.#view = new ClusterView(router);
    this.#beat = startBeat(clock, options.tickMs, () => this.#tick());
    this.#pool = new LinkPool(
      DEFAULT_LINK_OPTIONS,
      {
        clock,
        random: new Random(randomBytes(4).readUInt32LE()),
        probe: telemetry,
        name: config.name,
        feature: FEATURE_SUPPORTED,
      },
      config.endpoints,
      {
        up: (linkId, memberId, channel) => router.linkUp({ linkId, memberId, channel }),
        down: (linkId) => router.linkDown(linkId),
        members: (linkId, { leaderId, term, members }) => {
          const infos = members.map((m) => ({
            id: m.id,
            name: m.name,
            urls: m.linkUrls,
            learner: m.learner,
          }));
          router.memberReport(linkId, { leaderId, term, members: infos });
        },
      },
    );
    const client = tokenClient(config.discovery);
    this.#finder =
      client === null
        ? null
        : new MemberFinder(client, {
            probe: telemetry,
            found: (urls) => this.#pool.suggest(urls),
            isLinked: () => this.#pool.links > 0,
          });
    this.#edge = new ClientEdge(
      {
        limits: {
          messageBytesMax: config.requestBytesMax + GRPC_OVERHEAD_BYTES,
          concurrentStreamsMax: Math.min(config.concurrentStreamsMax, 0xffff_ffff),
          keepaliveMinTimeMs: config.keepaliveMinTimeMs,
          keepaliveIntervalMs: config.keepaliveIntervalMs,
          keepaliveTimeoutMs: config.keepaliveTimeoutMs,
        },
        cors: config.cors,
        hostWhitelist: config.hostWhitelist,
        extensiveMetrics: config.extensiveMetrics,
        requestTimeoutMs: options.requestTimeoutMs,
        jsonGateway: config.jsonGateway,
      },
      {
        handler: router,
        view: this.#view,
        probe: telemetry,
        tracer,
        exposition: () => telemetry.exposition(),
      },
    );
  }

  /** Resolves when clients may connect. Throws a `ListenError` when a URL cannot be listened on. */
  static async start(
    config: GatewayConfig,
    telemetry: Telemetry,
    tracer: Tracer | null = null,
  ): Promise<Gateway> {
    const gateway = new Gateway(config, telemetry, tracer);
    for (const url of config.listenClientUrls) {
      const bound = await gateway.#edge.listen(url);
      gateway.#clientUrls.push(bound.url);
      telemetry.log('info', 'serving client traffic', {
        traffic: 'grpc+http',
        address: addressOf(bound.url),
      });
    }
    for (const url of config.listenMetricsUrls) {
      const bound = await gateway.#edge.listen(url, 'metrics');
      telemetry.log('info', 'serving metrics', { address: addressOf(bound.url) });
    }
    return gateway;
  }

  /** Where clients are served, with the real ports. */
  get clientUrls(): readonly string[] {
    return this.#clientUrls;
  }

  #tick(): void {
    this.#router.tick();
    if (this.#isReady || !this.#router.hasLeader) return;
    this.#isReady = true;
    this.#view.start();
    this.#startFeed();
    this.#telemetry.log('info', 'ready to serve client requests', { name: this.#config.name });
  }

  #startFeed(): void {
    const { feed, name } = this.#config;
    if (feed === null) return;
    this.#feed = new Feed(feed, {
      handler: this.#router,
      probe: this.#telemetry,
      nowMs: () => performance.now(),
      name: `${name} ${randomBytes(4).toString('hex')}`,
    });
  }

  /** No new calls; open ones may end; sessions are closed; links end. */
  async stop(): Promise<void> {
    await this.#feed?.stop();
    return new Promise((resolve) => {
      this.#edge.shutdown(this.#config.shutdownGraceMs, () => {
        this.#view.stop();
        let isOver = false;
        const end = (): void => {
          if (isOver) return;
          isOver = true;
          this.#finder?.close();
          this.#pool.close('the gateway stops');
          this.#beat.stop();
          resolve();
        };
        setTimeout(end, CLOSE_SESSIONS_MS);
        this.#router.closeSessions(end);
      });
    });
  }
}

/** As etcd logs it: without the scheme. */
function addressOf(url: string): string {
  return url.replace(/^\w+:\/\//, '');
}
