/** What the api of one member is told at its start, and what it reaches the world through. */
import type { Probe, Random, Scheduler } from '@conclave/base';
import type { ReplicaView } from '@conclave/replica';

export interface ApiOptions {
  /** What Status reports; clients switch features on by it (spec, recommended identity). */
  readonly reportedVersion: string;
  /** `major.minor.0` of the state; what Status reports as storage version. */
  readonly storageVersion: string;
  /** Largest proposal; also the measure of RangeStream's chunks. */
  readonly maxRequestBytes: number;
  readonly maxTxnOps: number;
  /** 0: etcd's default of 2 GiB. Negative: no quota. */
  readonly quotaBytes: number;
  readonly maxLearners: number;
  readonly strictReconfigCheck: boolean;
  /** A read that takes longer is logged and counted; default 100. */
  readonly warningApplyMs?: number;
}

export const API_DEFAULTS: ApiOptions = Object.freeze({
  reportedVersion: '3.6.9',
  storageVersion: '3.6.0',
  maxRequestBytes: 1_572_864,
  maxTxnOps: 128,
  quotaBytes: 0,
  maxLearners: 1,
  strictReconfigCheck: true,
});

/** etcd's quota when none is set. */
export const QUOTA_BYTES_DEFAULT = 2 * 1024 * 1024 * 1024;

/** A backup file being read; see `snapshot`. */
export interface BackupBytes {
  /**
   * Of the whole file without its SHA-256 (an estimate above `offset` until the rows end), and where the next
   * piece begins.
   */
  readonly bytes: number;
  readonly offset: number;
  readonly sha256: Uint8Array;
  /** One piece at a time; null bytes: that was all. */
  read(done: (failure: string | null, bytes: Uint8Array | null) => void): void;
}

export interface BackupSource {
  /** A backup of this moment, or what is left of one from `place` on. */
  open(
    place: { readonly id: string; readonly offset: number } | null,
    done: (
      refusal: { readonly code: 'too-many' | 'gone' | 'failed'; readonly text: string } | null,
      reading: BackupBytes | null,
    ) => void,
  ): () => void;
  /** `useful`: its reader may come back for the rest. */
  close(reading: BackupBytes, useful: boolean): void;
}

export interface ApiPorts {
  readonly replica: ReplicaView;
  readonly probe: Probe;
  /** Lease ids. */
  readonly random: Random;
  readonly scheduler: Scheduler;
  /** Of the state engine: bytes on disk, and those in use. */
  readonly sizeBytes: () => { readonly total: number; readonly inUse: number };
  /** What Maintenance.Snapshot streams. Without it the method is answered UNIMPLEMENTED. */
  readonly backups?: BackupSource;
  /** The id of a member that joins now: etcd's SHA-1 over sorted URLs and the wall clock's seconds. */
  readonly newMemberId: (peerURLs: readonly string[]) => bigint;
}
