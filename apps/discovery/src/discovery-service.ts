/**
 * A discovery service put together: registry behind, HTTP in front, listeners, sweep of expired tokens.
 */
import { join } from 'node:path';
import type { Clock, Tracer } from '@conclave/base';
import {
  DEFAULT_HTTP_OPTIONS,
  DiscoveryHttp,
  LocalStore,
  type RegistryStore,
  StoreError,
  type StoreLimits,
} from '@conclave/discovery';
import { Http1Server, PortListener } from '@conclave/grpc';
import { RocksEngine } from '@conclave/storage';
import type { Telemetry } from '@conclave/telemetry';
import { openBackend } from './backend.js';
import type { DiscoveryConfig } from './config.js';
import { CONCLAVE_VERSION } from './version.js';

const CLOCK: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const SWEEP_MS = 60_000;
const RETRY_MS = 1000;
const REGISTRY_DIRECTORY = 'registry';

export class DiscoveryService {
  readonly #config: DiscoveryConfig;
  readonly #telemetry: Telemetry;
  readonly #store: RegistryStore;
  readonly #http: DiscoveryHttp;
  readonly #server: Http1Server;
  readonly #metricsServer: Http1Server;
  readonly #listener: PortListener;
  readonly #metricsListener: PortListener;
  readonly #clientUrls: string[] = [];
  #sweep: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;

  private constructor(
    config: DiscoveryConfig,
    telemetry: Telemetry,
    store: RegistryStore,
    tracer: Tracer | null,
  ) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#store = store;
    this.#http = new DiscoveryHttp(
      {
        ...DEFAULT_HTTP_OPTIONS,
        advertiseUrl: config.advertiseUrl,
        clusterSizeMax: config.membersMax,
        bodyBytesMax: config.bodyBytesMax,
        valueBytesMax: config.valueBytesMax,
        waitingMax: config.waitingMax,
        waitMs: config.waitMs,
        requestsPerSecond: config.requestsPerSecond,
        tokensPerMinute: config.tokensPerMinute,
        version: CONCLAVE_VERSION,
      },
      { store, clock: CLOCK, probe: telemetry, exposition: () => this.#exposition(), tracer },
    );
    this.#server = new Http1Server({ handler: (q, a) => this.#http.handle(q, a) });
    this.#metricsServer = new Http1Server({ handler: (q, a) => this.#http.handleMetrics(q, a) });
    this.#listener = listenerFor(this.#server, telemetry);
    this.#metricsListener = listenerFor(this.#metricsServer, telemetry);
  }

  /** Resolves when clients may connect. Throws with one clear line. */
  static async start(
    config: DiscoveryConfig,
    telemetry: Telemetry,
    fatal: (message: string) => void,
    tracer: Tracer | null = null,
  ): Promise<DiscoveryService> {
    const limits: StoreLimits = {
      tokensMax: config.tokensMax,
      membersPerTokenMax: config.membersMax,
      bytesMax: config.registryBytesMax,
      tokenTtlMs: config.tokenTtlMs,
    };
    const store =
      config.backend.length > 0
        ? await openBackend(config, limits, telemetry)
        : await openLocal(config, limits, fatal);
    const service = new DiscoveryService(config, telemetry, store, tracer);
    if (store instanceof LocalStore) service.#sweepOf(store);
    await service.#createTokens();
    await service.#listen();
    return service;
  }

  /** Where clients are served, with the real ports. */
  get clientUrls(): readonly string[] {
    return this.#clientUrls;
  }

  async #listen(): Promise<void> {
    for (const url of this.#config.listenClientUrls) {
      const bound = await this.#listener.listen(url);
      this.#clientUrls.push(bound.url);
      this.#telemetry.log('info', 'serving client traffic', {
        traffic: 'http',
        address: addressOf(bound.url),
      });
    }
    for (const url of this.#config.listenMetricsUrls) {
      const bound = await this.#metricsListener.listen(url);
      this.#telemetry.log('info', 'serving metrics', { address: addressOf(bound.url) });
    }
    const { backend, dataDir } = this.#config;
    this.#telemetry.log('info', 'ready to serve client requests', {
      registry: backend.length > 0 ? backend.join(',') : dataDir,
      tokens: this.#store.tokenCount,
    });
  }

  /**
   * What an operator's file names: a restart finds the tokens there, another service may be faster. A
   * backend that does not answer yet is asked again until it does.
   */
  async #createTokens(): Promise<void> {
    for (const [token, size] of this.#config.initialTokens) {
      try {
        const changed = await this.#store.createToken(token, size);
        if (changed.ok) this.#telemetry.log('info', 'created a token', { token, size });
        else if (changed.code !== 'token-exists') {
          throw new Error(`--initial-tokens: ${token} could not be created: ${changed.code}`);
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#telemetry.log('warn', 'could not create tokens yet', { error: error.message });
        this.#retry = setTimeout(() => void this.#createTokens(), RETRY_MS);
        return;
      }
    }
  }

  #sweepOf(store: LocalStore): void {
    this.#sweep = setInterval(() => {
      store.sweep().then(
        (count) => {
          if (count === 0) return;
          this.#telemetry.count('conclave_discovery_tokens_expired_total', count);
          this.#telemetry.log('info', 'removed expired tokens', { count });
        },
        // The store has told the process already that it failed.
        () => undefined,
      );
    }, SWEEP_MS);
    this.#sweep.unref();
  }

  /** Before metrics are read. */
  refreshGauges(): void {
    this.#telemetry.gauge('conclave_discovery_waiting', this.#http.waitingCount);
    this.#telemetry.gauge('conclave_discovery_tokens', this.#store.tokenCount);
  }

  #exposition(): string {
    this.refreshGauges();
    return this.#telemetry.exposition();
  }

  /** No new connections; waits end with an empty answer, open requests may end; the registry closes. */
  async stop(): Promise<void> {
    if (this.#sweep !== null) clearInterval(this.#sweep);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#listener.close();
    this.#metricsListener.close();
    this.#http.close();
    const { shutdownGraceMs } = this.#config;
    await Promise.all(
      [this.#server, this.#metricsServer].map((server) => {
        return new Promise<void>((resolve) => server.shutdown(shutdownGraceMs, resolve));
      }),
    );
    await this.#store.close();
  }
}

async function openLocal(
  config: DiscoveryConfig,
  limits: StoreLimits,
  fatal: (message: string) => void,
): Promise<LocalStore> {
  const engine = await RocksEngine.open(join(config.dataDir, REGISTRY_DIRECTORY));
  return LocalStore.open(limits, { engine, clock: CLOCK, failed: fatal });
}

function listenerFor(server: Http1Server, probe: Telemetry): PortListener {
  return new PortListener({
    protocols: { http1: (socket) => server.accept(socket), http2: null },
    probe,
  });
}

/** As etcd logs it: without the scheme. */
function addressOf(url: string): string {
  return url.replace(/^\w+:\/\//, '');
}
