import { createHash, randomBytes } from 'node:crypto';
import { type Clock, type Engine, type Revision, hexId } from '@conclave/base';
import { type HashFold, isVersionRow, readCompactRevision } from '@conclave/mvcc';
import {
  type BackupHead,
  type BackupPoint,
  Backups,
  type Pace,
  type RowHash,
  type Sha256,
} from '@conclave/snapshot';
import { STATE_FORMAT, type StateMachine, readSnapshotHead } from '@conclave/statemachine';

const KIB = 1024;
/** A compaction may come between the asking and the moment; that often in a row it does not. */
const ATTEMPTS_MAX = 5;

export interface BackupRoomPorts {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly machine: StateMachine;
  readonly clock: Clock;
  /** Reported in the head of a backup. */
  readonly version: string;
  /** Of this member, as of now. */
  engine(): Engine;
  readonly pace: Pace;
}

/**
 * Backups of this member's state, wired to its machine and engine.
 *
 * The moment is taken inside the store's `whenWritten`: what was acknowledged before someone asked is in
 * the engine, and no batch is between the snapshot and the revision that is noted with it.
 */
export function backupRoom(ports: BackupRoomPorts): Backups {
  return new Backups(
    {
      backupsMax: 4,
      keptTicks: 600,
      stallTicksMax: 3_000,
      hashTicksMax: 6_000,
      pieceBytes: 32 * KIB,
    },
    {
      take: (begin, done) => take(ports, 1, begin, done),
      sha256: () => sha256(),
      pace: ports.pace,
    },
  );
}

type TakeDone = (failure: string | null, point: BackupPoint | null) => void;

function take(
  ports: BackupRoomPorts,
  attempt: number,
  begin: () => (() => void) | null,
  done: TakeDone,
): void {
  const { store } = ports.machine;
  store.whenWritten(() => {
    const end = begin();
    if (end === null) return;
    const snapshot = ports.engine().snapshot();
    const bytesExpected = ports.engine().sizeBytes().inUse;
    const revision = store.writtenRevision;
    const fold = store.hashFold(revision, () => hash.replace());
    const hash = rowHash(fold);
    const head = headOf(ports, revision, fold.floor);
    const giveUp = (): void => {
      hash.end();
      snapshot.release();
    };
    readCompactRevision(snapshot, (failure, compactRevision) => {
      // A compaction is decided and not yet in the engine.
      const moved = compactRevision !== fold.floor;
      if (failure === null && moved && attempt < ATTEMPTS_MAX) {
        giveUp();
        end();
        return take(ports, attempt + 1, begin, done);
      }
      readSnapshotHead(snapshot, (fault, place) => {
        if (failure !== null || moved || place === null) {
          giveUp();
          done(failure ?? fault ?? 'the store is being compacted: try again later', null);
          return end();
        }
        const { index, term, feature } = place;
        const whole = { ...head, index, term, feature };
        done(null, { snapshot, hash, bytesExpected, isVersion: isVersionRow, head: whole });
        end();
      });
    });
  });
}

function headOf(
  ports: BackupRoomPorts,
  revision: Revision,
  compactRevision: Revision,
): Omit<BackupHead, 'index' | 'term' | 'feature'> {
  return {
    id: randomBytes(8).toString('hex'),
    clusterId: hexId(ports.clusterId),
    memberId: hexId(ports.memberId),
    revision,
    compactRevision,
    stateFormat: STATE_FORMAT,
    version: ports.version,
    createdMs: ports.clock.wallMs(),
    members: ports.machine.members.map(({ id, name, peerURLs, isLearner }) => ({
      id: hexId(id),
      name,
      peerURLs,
      isLearner,
    })),
  };
}

/** No hash rather than one of a state that was replaced under way. */
function rowHash(fold: HashFold): RowHash & { replace(): void } {
  let replaced = false;
  return {
    begin: (ready) => fold.begin(ready),
    add: (rows) => fold.add(rows),
    end: () => {
      const hash = fold.end();
      return replaced ? null : hash;
    },
    replace: () => {
      replaced = true;
    },
  };
}

function sha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}
