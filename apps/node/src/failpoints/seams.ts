/**
 * Where the failpoints stand: on the seams between rooms. A member that was opened for tests has some
 * methods of its ports replaced, on these very objects, by ones that hit a failpoint and then go on; the
 * rooms know nothing of it, and a build without failpoints has no trace of it.
 */
import type { DiskDone, Engine, EngineOp, LogDisk } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import { compactionMark } from '@conclave/mvcc';
import type { PeerTransport, Replica, SnapshotTransfer } from '@conclave/replica';
import type { MemberDirectory } from '@conclave/storage';
import type { StateMachine } from '@conclave/statemachine';
import type { WatchHub, WatchSink } from '@conclave/watch';
import { EntryType } from '@conclave/wire';
import type { Failpoints } from './failpoints.js';
import type { FailpointName } from './names.js';

/** What a test build may come between. Each is called once, before the parts are used. */
export interface Seams {
  member(parts: SeamedMember): void;
  links(transport: PeerTransport, snapshots: SnapshotTransfer, isLeader: () => boolean): void;
  watches(watches: WatchHub): void;
  replica(replica: Replica): void;
}

export interface SeamedMember {
  readonly directory: MemberDirectory;
  readonly log: DurableLog;
  readonly engine: Engine;
  readonly machine: StateMachine;
}

export function failpointSeams(failpoints: Failpoints): Seams {
  const hit = (name: FailpointName): void => void failpoints.hit(name);
  const dropped = (id: bigint): boolean => isDropped(failpoints, id);
  return {
    member(parts) {
      onLogDisk(parts.directory.logDisk, hit);
      onLog(parts.log, parts.directory, hit);
      onEngine(parts.engine, hit);
      onMachine(parts.machine, hit);
    },
    links: (transport, snapshots, isLeader) => {
      onLinks(transport, snapshots, isLeader, dropped, hit);
    },
    watches: (watches) => onWatches(watches, hit),
    replica(replica) {
      const receive = replica.receive.bind(replica);
      replica.receive = (from, messages) => {
        if (!dropped(from)) receive(from, messages);
      };
    },
  };
}

type Hit = (name: FailpointName) => void;

/** `done`, with a failpoint before it when all went well. */
function before(done: DiskDone, ...names: (() => void)[]): DiskDone {
  return (failure) => {
    if (failure === null) for (const hit of names) hit();
    done(failure);
  };
}

function onLogDisk(disk: LogDisk, hit: Hit): void {
  const write = disk.write.bind(disk);
  disk.write = (name, offset, chunks, done) => {
    hit('walBeforeSync');
    write(
      name,
      offset,
      chunks,
      before(done, () => hit('walAfterSync')),
    );
  };
  const remove = disk.remove.bind(disk);
  disk.remove = (name, done) =>
    remove(
      name,
      before(done, () => hit('raftAfterWALRelease')),
    );
}

function onLog(log: DurableLog, directory: MemberDirectory, hit: Hit): void {
  const append = log.append.bind(log);
  log.append = (request, done) => {
    hit('raftBeforeSave');
    append(
      request,
      before(
        done,
        () => hit('raftAfterSave'),
        () => hit('raftBeforeAdvance'),
      ),
    );
  };
  const reset = log.reset.bind(log);
  log.reset = (cut, publish, done) => {
    hit('raftBeforeSaveSnap');
    const published: typeof publish = (firstSegment, finish) => {
      hit('raftAfterSaveSnap');
      publish(firstSegment, finish);
    };
    reset(cut, published, done);
  };
  const switchTo = directory.switchTo.bind(directory);
  directory.switchTo = (current, done) => {
    hit('raftBeforeApplySnap');
    switchTo(
      current,
      before(done, () => hit('raftAfterApplySnap')),
    );
  };
}

function onEngine(engine: Engine, hit: Hit): void {
  const write = engine.write.bind(engine);
  engine.write = (ops, done) => {
    const compacts = compactionHits(ops);
    for (const name of compacts) hit(`compactBefore${name}`);
    hit('beforeCommit');
    const after = before(
      done,
      () => hit('afterCommit'),
      () => compacts.forEach((name) => hit(`compactAfter${name}`)),
    );
    write(ops, after);
  };
  const flush = engine.flush.bind(engine);
  engine.flush = (done) => {
    hit('beforeCommit');
    flush(before(done, () => hit('afterCommit')));
  };
}

type CompactionHit = 'CommitScheduledCompact' | 'CommitBatch' | 'SetFinishedCompact';

/** What of a compaction this batch carries. */
function compactionHits(ops: readonly EngineOp[]): readonly CompactionHit[] {
  const marks = new Set(ops.map(compactionMark));
  const hits: CompactionHit[] = [];
  if (marks.has('scheduled')) hits.push('CommitScheduledCompact');
  if (marks.has('dropped')) hits.push('CommitBatch');
  if (marks.has('finished')) hits.push('SetFinishedCompact');
  return hits;
}

function onMachine(machine: StateMachine, hit: Hit): void {
  const apply = machine.apply.bind(machine);
  machine.apply = (entry, nowMs) => {
    const isConfChange = entry.type === EntryType.CONF_CHANGE;
    hit(isConfChange ? 'beforeApplyOneConfChange' : 'beforeApplyOneEntryNormal');
    return apply(entry, nowMs);
  };
  const takeBatch = machine.takeBatch.bind(machine);
  machine.takeBatch = () => {
    hit('commitBeforePreCommitHook');
    const batch = takeBatch();
    hit('commitAfterPreCommitHook');
    return batch;
  };
  const attach = machine.attach.bind(machine);
  machine.attach = (engine) => {
    hit('applyBeforeOpenSnapshot');
    onEngine(engine as Engine, hit);
    attach(engine);
    hit('applyAfterOpenSnapshot');
  };
}

function onLinks(
  transport: PeerTransport,
  snapshots: SnapshotTransfer,
  isLeader: () => boolean,
  dropped: (id: bigint) => boolean,
  hit: Hit,
): void {
  const send = transport.send.bind(transport);
  transport.send = (to, messages) => {
    hit(isLeader() ? 'raftBeforeLeaderSend' : 'raftBeforeFollowerSend');
    if (!dropped(to)) send(to, messages);
  };
  const channel = transport.channel.bind(transport);
  transport.channel = (id) => (dropped(id) ? null : channel(id));
  const sendSnapshot = snapshots.send.bind(snapshots);
  snapshots.send = (to, done) => {
    if (dropped(to)) done(null);
    else sendSnapshot(to, done);
  };
}

function onWatches(watches: WatchHub, hit: Hit): void {
  const open = watches.open.bind(watches);
  watches.open = (sink, header) => {
    const seamed: WatchSink = {
      send(response) {
        hit('beforeSendWatchResponse');
        return sink.send(response);
      },
    };
    return open(seamed, header);
  };
}

function isDropped(failpoints: Failpoints, id: bigint): boolean {
  const value = failpoints.hit('raftDropPeer');
  if (value === null || value === false) return false;
  const ids = String(value).split(',');
  return ids.some((text) => text.trim().replace(/^0+(?=.)/, '') === id.toString(16));
}
