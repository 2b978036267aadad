import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { Api } from '@conclave/api';
import {
  type CallHandler,
  type Engine,
  type Index,
  type Probe,
  Random,
  type Scheduler,
  Status,
  type Tracer,
  hexId,
} from '@conclave/base';
import type { Clock } from '@conclave/base';
import { ClientEdge } from '@conclave/edge';
import { Feed } from '@conclave/feed';
import { Http1Server, PortListener } from '@conclave/grpc';
import { AutoCompaction, Replica } from '@conclave/replica';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import { FileBlobStore } from '@conclave/storage';
import { type Telemetry, tracedHandler } from '@conclave/telemetry';
import { WatchRoom } from '@conclave/watch';
import type { NodeConfig } from './config/node-config.js';
import type { Seams } from './failpoints/seams.js';
import { backupRoom } from './backup-room.js';
import { BackupSchedule } from './backup-schedule.js';
import { Gauges } from './gauges.js';
import { Heartbeat } from './heartbeat.js';
import { memberId } from './ids.js';
import { Incarnations } from './incarnations.js';
import { nodeView } from './node-view.js';
import { type OpenedMember, openMember } from './open-member.js';
import { Peers } from './peers.js';
import { peerHttp } from './peer-http.js';
import { SnapshotPace } from './snapshot-pace.js';
import { SnapshotTraffic } from './snapshot-traffic.js';
import { Top, topPage } from './top.js';
import { ETCD_VERSION, clusterVersionOf } from './version.js';

const HAND_OVER_MS = 500;
const DRAIN_MS = 1_000;
const MIB = 1024 * 1024;
/** What of a state leaves while clients write: 1,000,000 keys of 256 bytes in 40 seconds. */
const SNAPSHOT_PACE = { bytesPerSecond: 8 * MIB, secondsMax: 90, writesPerSecond: 50 };

/** The host's time; monotonic by construction. */
export const CLOCK: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

export const SCHEDULER: Scheduler = { yieldTo: (task) => void setImmediate(task) };

/** How a node ends: by a signal, or by a fault that it cannot go on with. */
export interface NodeEnd {
  fatal(message: string): void;
  removed(): void;
}

/** One running member with its client edge. */
export class ConclaveNode {
  readonly #config: NodeConfig;
  readonly #telemetry: Telemetry;
  readonly #member: OpenedMember;
  readonly #replica: Replica;
  readonly #peers: Peers;
  readonly #peerListener: PortListener;
  readonly #peerHttp: Http1Server;
  readonly #edge: ClientEdge;
  readonly #snapshots: SnapshotTraffic;
  readonly #heartbeat: Heartbeat;
  readonly #handler: CallHandler;
  #feed: Feed | null = null;

  private constructor(
    config: NodeConfig,
    telemetry: Telemetry,
    member: OpenedMember,
    end: NodeEnd,
    seams: Seams | null,
    tracer: Tracer | null,
  ) {
    this.#config = config;
    this.#telemetry = telemetry;
    this.#member = member;
    const probe: Probe = telemetry;
    const version = config.versionOverride || ETCD_VERSION;
    let replica: Replica | null = null;
    let api: CallHandler | null = null;
    const identity = {
      clusterId: member.clusterId,
      memberId: member.memberId,
      incarnation: member.incarnation,
      feature: member.machine.featureSupported,
      name: config.name,
      peerURLs: config.advertisePeerURLs,
    };
    const incarnations = new Incarnations(
      new FileBlobStore(join(member.directory.path, 'member', 'peers')),
      end.fatal,
    );
    const engine = (): Engine => replica?.engine ?? member.engine;
    const appliedIndex = (): Index => member.machine.appliedIndex;
    const pace = new SnapshotPace(SNAPSHOT_PACE, {
      monotonicMs: () => CLOCK.monotonicMs(),
      appliedIndex,
      stateBytes: () => engine().sizeBytes().inUse,
      later: (task, ms) => void (ms > 0 ? setTimeout(task, ms) : setImmediate(task)),
    });
    const backups = backupRoom({
      clusterId: member.clusterId,
      memberId: member.memberId,
      machine: member.machine,
      clock: CLOCK,
      version,
      engine,
      pace: pace.pause,
    });
    const snapshots = new SnapshotTraffic({
      backups,
      clusterId: member.clusterId,
      feature: member.machine.featureSupported,
      directory: member.directory,
      clock: CLOCK,
      random: new Random(randomInt(2 ** 32)),
      probe,
      engine,
      appliedIndex,
      pace: pace.pause,
      cutIndex: () => member.log.cut.index,
      links: () => this.#peers.snapshots,
      urlsOf: (id) => this.#peers.peerURLs(id),
    });
    this.#snapshots = snapshots;
    this.#peers = new Peers(
      {
        clock: CLOCK,
        random: new Random(randomInt(2 ** 32)),
        probe,
        incarnations,
        told: member.told,
        identity: () => identity,
        replica: () => replica,
        handler: tracedHandler({ open: (call) => (api ?? NOT_READY).open(call) }, tracer, false),
        acceptSnapshot: (from, stream) => snapshots.accept(from, stream),
        removed: () => end.removed(),
        outdated: end.fatal,
        wiped: (text) => end.fatal(wipedText(text)),
        seeds: member.seeds,
      },
      member.known,
    );
    const watches = new WatchRoom(
      {
        progressIntervalMs: config.watchProgressMs,
        fragmentBytesMax: config.maxRequestBytes + 512 * 1024,
        watchersPerStreamMax: 131_072,
        historyRowsMax: 1_000,
        streamQueueBytesMax: 4 * MIB,
      },
      {
        store: member.machine.store,
        scheduler: SCHEDULER,
        probe,
        random: new Random(randomInt(2 ** 32)),
      },
    );
    seams?.watches(watches);
    seams?.links(this.#peers, snapshots, () => replica?.isLeader ?? false);
    this.#replica = replica = new Replica(
      {
        clusterId: member.clusterId,
        memberId: member.memberId,
        name: config.name,
        clientURLs: config.advertiseClientURLs,
        incarnation: member.incarnation,
        tickMs: config.heartbeatMs,
        electionTicks: Math.ceil(config.electionMs / config.heartbeatMs),
        preVote: config.preVote,
        requestBytesMax: config.maxRequestBytes,
        catchUpEntries: config.catchUpEntries,
        snapshotCount: config.snapshotCount,
        flushBytes: 32 * MIB,
        flushIntervalMs: 10_000,
        overlayBytesMax: 64 * MIB,
        warningApplyMs: config.warningApplyMs,
        clusterVersion: clusterVersionOf(version),
        leaseCheckpointMs: config.leaseCheckpointMs,
        seed: randomInt(2 ** 32),
      },
      {
        clock: CLOCK,
        scheduler: SCHEDULER,
        probe,
        tracer,
        log: member.log,
        engine: member.engine,
        machine: member.machine,
        watches,
        directory: member.directory,
        transport: this.#peers,
        snapshots,
        fatal: (message) => end.fatal(message),
        removed: () => end.removed(),
      },
    );
    seams?.replica(replica);
    replica.onLeaderChange(() => this.#peers.changed());
    api = new Api(
      {
        reportedVersion: version,
        storageVersion: clusterVersionOf(version),
        maxRequestBytes: config.maxRequestBytes,
        maxTxnOps: config.maxTxnOps,
        quotaBytes: config.quotaBytes === 0 ? -1 : config.quotaBytes,
        maxLearners: config.maxLearners,
        strictReconfigCheck: config.strictReconfigCheck,
        warningApplyMs: config.warningApplyMs,
      },
      {
        replica,
        probe,
        random: new Random(randomInt(2 ** 32)),
        scheduler: SCHEDULER,
        sizeBytes: () => this.#replica.engine.sizeBytes(),
        backups,
        newMemberId: (urls) => memberId(urls, String(Math.floor(CLOCK.wallMs() / 1_000))),
      },
    );
    this.#handler = api;
    const view = nodeView(replica, version);
    const gauges = new Gauges(telemetry, replica, view, {
      quotaBytes: config.quotaBytes,
      runtimeVersion: process.version,
    });
    const exposition = (): string => {
      gauges.collect();
      return telemetry.exposition();
    };
    this.#edge = new ClientEdge(
      {
        limits: {
          messageBytesMax: config.maxRequestBytes + 512 * 1024,
          ...(config.maxConcurrentStreams === null
            ? {}
            : { concurrentStreamsMax: config.maxConcurrentStreams }),
          keepaliveMinTimeMs: config.keepaliveMinTimeMs,
          keepaliveIntervalMs: config.keepaliveIntervalMs,
          keepaliveTimeoutMs: config.keepaliveTimeoutMs,
        },
        cors: config.cors,
        hostWhitelist: config.hostWhitelist,
        extensiveMetrics: config.extensiveMetrics,
        requestTimeoutMs: 5_000 + 2 * config.electionMs,
        jsonGateway: config.jsonGateway,
      },
      {
        handler: api,
        view,
        probe,
        tracer,
        exposition,
        extension: topPage(
          config.debugTop ? new Top({ store: member.machine.store, watches, clock: CLOCK }) : null,
        ),
      },
    );
    this.#peerHttp = new Http1Server({
      handler: peerHttp(
        () => member.clusterId,
        () => member.machine,
        () => {
          const etcdcluster = view.versions().cluster ?? 'not_decided';
          return `${JSON.stringify({ etcdserver: version, etcdcluster })}\n`;
        },
      ),
      upgrade: (request, socket, head) => this.#peers.handleUpgrade(request, socket, head),
    });
    this.#peerListener = new PortListener({
      protocols: { http1: (socket) => this.#peerHttp.accept(socket), http2: null },
      probe,
    });
    const schedule = new BackupSchedule(
      {
        directory: config.backupDir,
        intervalMs: config.backupIntervalMs,
        retention: config.backupRetention,
      },
      {
        clusterId: hexId(member.clusterId),
        backups,
        clock: CLOCK,
        probe,
        isLeader: () => this.#replica.isLeader,
      },
    );
    const compaction =
      config.autoCompaction &&
      new AutoCompaction(config.autoCompaction, { replica, probe }, CLOCK.monotonicMs());
    this.#heartbeat = new Heartbeat(config.heartbeatMs, probe, () => {
      const nowMs = CLOCK.monotonicMs();
      this.#replica.poll();
      compaction?.poll(nowMs);
      snapshots.tick(nowMs);
      schedule.tick(nowMs);
      gauges.tick(nowMs);
    });
  }

  /**
   * Opens everything; resolves once clients are served. `seams`: what a test build comes between;
   * `featureSupported`: what this build can apply under.
   */
  static async start(
    config: NodeConfig,
    telemetry: Telemetry,
    end: NodeEnd,
    seams: Seams | null = null,
    tracer: Tracer | null = null,
    featureSupported = FEATURE_SUPPORTED,
  ): Promise<ConclaveNode> {
    const { fatal } = end;
    const ports = { probe: telemetry, scheduler: SCHEDULER, fatal, featureSupported };
    await checkPortsFree(config.listenClientURLs);
    const member = await openMember(config, ports);
    seams?.member(member);
    const node = new ConclaveNode(config, telemetry, member, end, seams, tracer);
    await node.#serve();
    return node;
  }

  async #serve(): Promise<void> {
    const { clusterId: cluster, memberId: id, born } = this.#member;
    this.#telemetry.log('info', born ? 'starting a new member' : 'restarting local member', {
      'cluster-id': hexId(cluster),
      'local-member-id': hexId(id),
      'commit-index': this.#replica.commitIndex,
      name: this.#config.name,
      'data-dir': this.#member.directory.path,
    });
    await this.#snapshots.resume();
    for (const url of this.#config.listenPeerURLs) {
      await this.#peerListener.listen(url);
      this.#telemetry.log('info', 'serving peer traffic', { address: addressOf(url) });
    }
    for (const url of this.#config.listenMetricsURLs) {
      await this.#edge.listen(url, 'metrics');
      this.#telemetry.log('info', 'serving metrics', { address: addressOf(url) });
    }
    this.#heartbeat.start();
    await this.#published();
    this.#telemetry.log('info', 'ready to serve client requests');
    for (const url of this.#config.listenClientURLs) {
      await this.#edge.listen(url);
      this.#telemetry.log('info', 'serving client traffic', {
        traffic: 'grpc+http',
        address: addressOf(url),
      });
    }
    this.#startFeed();
  }

  /** A reader of the store like any client: nothing here waits for it. */
  #startFeed(): void {
    const { feed, name } = this.#config;
    if (feed === null) return;
    this.#feed = new Feed(feed, {
      handler: this.#handler,
      probe: this.#telemetry,
      nowMs: () => CLOCK.monotonicMs(),
      name: `${name} ${hexId(this.#member.memberId)}`,
    });
  }

  #published(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#replica.published) {
        resolve();
        return;
      }
      const stop = this.#replica.onLeaderChange(() => {
        if (!this.#replica.published) return;
        stop();
        resolve();
      });
    });
  }

  /** Hands leadership over, drains, closes; under 5 s. */
  async stop(): Promise<void> {
    const feedStopped = this.#feed?.stop();
    await new Promise<void>((resolve) => this.#replica.handOver(HAND_OVER_MS, resolve));
    await feedStopped;
    await new Promise<void>((resolve) => this.#edge.shutdown(DRAIN_MS, resolve));
    this.#heartbeat.stop();
    this.#peerListener.close();
    const released = this.#snapshots.close();
    this.#peers.close('the member is stopping');
    await new Promise<void>((resolve) => this.#replica.stop(resolve));
    // Everything is flushed: an engine that is still being read may as well end with the process.
    if (await released) {
      await new Promise<void>((resolve) => this.#replica.engine.close(() => resolve()));
    }
    await this.#member.directory.close();
    this.#peerHttp.shutdown(0, () => undefined);
  }
}

const NOT_READY: CallHandler = {
  open(call) {
    call.end(Status.UNAVAILABLE, 'etcdserver: server stopped');
    return {
      message: () => undefined,
      halfClosed: () => undefined,
      cancelled: () => undefined,
      drained: () => undefined,
    };
  },
};

/** `text`: what a peer says. */
function wipedText(text: string): string {
  return (
    `${text}: a member that forgot what it voted must not vote again. The cluster goes on without it; ` +
    'remove it (etcdctl member remove), add it again (member add), and start it with ' +
    '--initial-cluster-state existing and an empty data directory'
  );
}

/** As etcd logs it: without the scheme. */
function addressOf(url: string): string {
  return url.replace(/^\w+:\/\//, '');
}

/** The client port is served late, once the member is ready; a port in use should show at once. */
async function checkPortsFree(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    if (url.startsWith('unix')) continue;
    const nothing = { http1: null, http2: null };
    const listener = new PortListener({ protocols: nothing });
    await listener.listen(url);
    listener.close();
  }
}
