import { randomBytes } from 'node:crypto';
import {
  ConclaveError,
  type DiskFailure,
  type Engine,
  type Probe,
  type Scheduler,
  hexId,
} from '@conclave/base';
import {
  type DurableLog,
  FIRST_SEGMENT,
  type LogOptions,
  createLogSync,
  openLog,
} from '@conclave/log';
import { KV_OPTIONS } from '@conclave/mvcc';
import { foundingLog, soleVoterEntry } from '@conclave/replica';
import { StateMachine, featureTooLow } from '@conclave/statemachine';
import { type Identity, MemberDirectory } from '@conclave/storage';
import { foundingMembers } from './bootstrap.js';
import type { InitialMember, NodeConfig } from './config/node-config.js';
import { clusterId, memberId } from './ids.js';
import { fetchCluster } from './peer-http.js';
import type { KnownPeer } from './known-peers.js';

/** Larger than any request that can be configured sensibly; a bound for what a file may claim. */
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;
const EMPTY_CONF_STATE = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

/** A member's data, opened and verified. */
export interface OpenedMember {
  readonly directory: MemberDirectory;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly incarnation: bigint;
  readonly engine: Engine;
  readonly log: DurableLog;
  readonly machine: StateMachine;
  /** Who there is before the log says it; empty for a member that was here before. */
  readonly known: readonly KnownPeer[];
  /** The members by the flags, or by what the flags say to ask. */
  readonly told: readonly InitialMember[];
  /** Peer URLs of the others by the flags: whom to ask who is in the cluster. */
  readonly seeds: readonly string[];
  /** True: this start made the data directory. */
  readonly born: boolean;
}

export interface OpenPorts {
  readonly probe: Probe;
  readonly scheduler: Scheduler;
  readonly fatal: (message: string) => void;
  /** The highest feature number this build can apply under. */
  readonly featureSupported: number;
}

/** Who this member will be, and what its log begins with. */
interface Birth {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly known: readonly KnownPeer[];
  /** Null: it joins; its log comes from the leader. */
  readonly founders: readonly KnownPeer[] | null;
}

/** Opens the data directory, or makes it. Throws a ConclaveError or Error with one clear line. */
export async function openMember(given: NodeConfig, ports: OpenPorts): Promise<OpenedMember> {
  const directory = await MemberDirectory.open(given.dataDir);
  for (const warning of directory.warnings) ports.probe.log('warn', warning);
  const born = directory.identity === null;
  if (born && given.forceNewCluster) {
    throw new ConclaveError(
      'missing',
      `--force-new-cluster goes on with the data of a member, and ${directory.path} has none; ` +
        'name the data directory of the survivor, or leave the flag out to begin an empty cluster',
    );
  }
  const told = born ? await foundingMembers(given, ports.probe) : given.initialCluster;
  const config = { ...given, initialCluster: told };
  const { log, engine, known } = born
    ? await beBorn(directory, config, ports.featureSupported)
    : await reopen(directory, config, ports.probe);
  const machine = new StateMachine(
    {
      store: { ...KV_OPTIONS, compactionBatchRows: config.compactionBatchLimit },
      featureSupported: ports.featureSupported,
    },
    { engine, scheduler: ports.scheduler, probe: ports.probe, failed: ports.fatal },
  );
  await load(machine);
  if (machine.appliedIndex > log.lastIndex || machine.appliedIndex < log.cut.index) {
    throw new ConclaveError(
      'corrupt',
      `state and log of ${directory.path} do not fit: applied ${machine.appliedIndex}, log ` +
        `(${log.cut.index}, ${log.lastIndex}]; remove and add this member with an empty directory`,
    );
  }
  const { identity } = directory;
  if (identity === null) throw new Error('a member that was born has an identity');
  const others = config.initialCluster.filter((m) => m.name !== config.name);
  const seeds = others.flatMap((m) => m.peerURLs);
  return { directory, ...identity, engine, log, machine, known, told, seeds, born };
}

function logOptions(
  identity: { clusterId: bigint; memberId: bigint; incarnation: bigint },
  config: NodeConfig,
): LogOptions {
  return {
    clusterId: identity.clusterId,
    memberId: identity.memberId,
    incarnation: identity.incarnation,
    segmentBytes: config.logSegmentBytes,
    entryBytesMax: ENTRY_BYTES_MAX,
  };
}

interface OpenedParts {
  readonly log: DurableLog;
  readonly engine: Engine;
  readonly known: readonly KnownPeer[];
}

async function reopen(
  directory: MemberDirectory,
  config: NodeConfig,
  probe: Probe,
): Promise<OpenedParts> {
  const { identity, current } = directory;
  if (identity === null) throw new Error('reopened before its birth');
  refuseSwapped(directory, identity, config);
  const options = logOptions(identity, config);
  // RocksDB opens in threads of its own while the log is read here.
  const opening = openEngine(directory, current.stateNumber, probe);
  opening.catch(() => undefined);
  const opened = openLog(directory.logDisk, options, current.firstSegment);
  if (!opened.ok) {
    await closeOpened(opening);
    const text = `the log of ${directory.path} is refused: ${opened.message}`;
    throw new ConclaveError(opened.code, text);
  }
  const { tornBytes } = opened.recovered;
  if (tornBytes > 0) {
    const message = 'cut a torn tail of the log that was never acknowledged';
    probe.log('info', message, { bytes: tornBytes });
  }
  if (config.forceNewCluster) await goOnAlone(opened.log, identity, probe);
  return { log: opened.log, engine: await opening, known: [] };
}

/** What was opened in vain; how it ends matters to nobody any more. */
async function closeOpened(opening: Promise<Engine>): Promise<void> {
  const engine = await opening.catch(() => null);
  if (engine !== null) await new Promise<void>((resolve) => engine.close(() => resolve()));
}

/**
 * `--force-new-cluster`: one last entry makes this member the whole configuration. Everything in its log
 * counts as committed with it: what was acknowledged is in there, and nobody else is left to ask. The
 * term is a new one, so that no entry of another member can be taken for ours.
 */
function goOnAlone(log: DurableLog, identity: Identity, probe: Probe): Promise<void> {
  const term = log.hardState.term + 1;
  const index = log.lastIndex + 1;
  probe.log('warn', 'forcing restart member', {
    'cluster-id': hexId(identity.clusterId),
    'local-member-id': hexId(identity.memberId),
    'commit-index': log.hardState.commit,
    'last-index': index,
    advice: 'all other members are removed; take --force-new-cluster out before the next start',
  });
  const entries = [soleVoterEntry(identity.memberId, term, index)];
  return appendNow(log, { hardState: { term, vote: 0n, commit: index }, entries });
}

/**
 * The flags that found a cluster say nothing to a member that was here before, and may have changed
 * since. But a directory that is, by those flags, that of another member named in them, was swapped.
 */
function refuseSwapped(directory: MemberDirectory, identity: Identity, config: NodeConfig): void {
  const token = config.initialClusterToken;
  const ids = new Map(config.initialCluster.map((m) => [m.name, memberId(m.peerURLs, token)]));
  const own = ids.get(config.name);
  if (own === undefined || own === identity.memberId) return;
  if (![...ids.values()].includes(identity.memberId)) return;
  directory.expect(clusterId([...ids.values()]), own);
}

/** First boot. A crash at any point leaves a birth that begins again. */
async function beBorn(
  directory: MemberDirectory,
  config: NodeConfig,
  featureSupported: number,
): Promise<OpenedParts> {
  const birth =
    config.initialClusterState === 'new' ? found(config) : await join(config, featureSupported);
  const incarnation = randomBytes(8).readBigUInt64BE() | 1n;
  const identity = { clusterId: birth.clusterId, memberId: birth.memberId, incarnation };
  directory.beginBirthSync();
  const options = logOptions(identity, config);
  const beginning = birth.founders
    ? foundingLog(birth.founders)
    : { hardState: { term: 0, vote: 0n, commit: 0 }, entries: [] };
  const disk = directory.logDisk;
  const hardState = { ...beginning.hardState, commit: 0 };
  createLogSync(disk, options, hardState, { index: 0, term: 0, confState: EMPTY_CONF_STATE });
  const opened = openLog(disk, options, FIRST_SEGMENT);
  if (!opened.ok) throw new Error(`a new log does not open: ${opened.message}`);
  const { log } = opened;
  await appendNow(log, beginning);
  const engine = await openEngine(directory, 1, null);
  directory.finishBirthSync(identity, { stateNumber: 1, firstSegment: FIRST_SEGMENT });
  return { log, engine, known: birth.known };
}

function appendNow(log: DurableLog, group: Parameters<DurableLog['append']>[0]): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append(group, (failure) => {
      if (failure) reject(new Error(`cannot write the log: ${failure.message}`));
      else resolve();
    });
  });
}

function found(config: NodeConfig): Birth {
  const founders = config.initialCluster.map((m) => ({
    id: memberId(m.peerURLs, config.initialClusterToken),
    name: m.name,
    peerURLs: m.peerURLs,
  }));
  const self = founders.find((m) => m.name === config.name);
  if (!self) throw new Error(`couldn't find local name "${config.name}"`);
  const id = clusterId(founders.map((m) => m.id));
  return { clusterId: id, memberId: self.id, known: founders, founders };
}

/** The members that run tell who they are; our own entry was made by MemberAdd. */
async function join(config: NodeConfig, featureSupported: number): Promise<Birth> {
  const others = config.initialCluster.filter((m) => m.name !== config.name);
  if (others.length === 0) {
    throw new Error(
      'cannot fetch cluster info from peer urls: --initial-cluster names no other member; name ' +
        'the members that run, as `member list` shows them',
    );
  }
  const remote = await fetchCluster(others.flatMap((m) => m.peerURLs));
  const { members, feature } = remote;
  if (feature > featureSupported) throw new Error(featureTooLow(feature, featureSupported));
  if (members.length !== config.initialCluster.length) {
    throw new Error(
      'error validating peerURLs from the other members: member count is unequal ' +
        `(--initial-cluster names ${config.initialCluster.length}, the cluster has ` +
        `${members.length}): name all that \`member list\` shows, this one too once it was added`,
    );
  }
  const own = [...config.advertisePeerURLs].sort().join();
  const self = members.find((m) => [...m.peerURLs].sort().join() === own);
  if (!self) throw new Error(`no member of the cluster has the peer URLs ${own}`);
  return { clusterId: remote.clusterId, memberId: self.id, known: members, founders: null };
}

function openEngine(
  directory: MemberDirectory,
  stateNumber: number,
  probe: Probe | null,
): Promise<Engine> {
  return new Promise((resolve, reject) => {
    const opened = (failure: DiskFailure | null, engine: Engine | null): void => {
      if (engine) resolve(engine);
      else reject(new Error(`cannot open the state: ${failure?.message}`));
    };
    directory.openState(stateNumber, opened, (what) => {
      probe?.log('warn', 'mended the list of tables of the state', { what });
    });
  });
}

function load(machine: StateMachine): Promise<void> {
  return new Promise((resolve, reject) => {
    machine.load((failure) => {
      if (failure === null) resolve();
      else reject(new Error(`the state does not load: ${failure}`));
    });
  });
}
