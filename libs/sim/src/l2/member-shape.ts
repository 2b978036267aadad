/** What a seed draws of a member, and what it means for its rooms. */
import { assert } from '@conclave/base';
import type { SnapshotExchange } from '@conclave/snapshot';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import type { WatchOptions } from '@conclave/watch';
import type { DiskShape } from './member-disk.js';

/** Settings that a seed draws; the same on every member unless said otherwise. */
export interface MemberShape {
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  readonly flushIntervalMs: number;
  readonly flushBytes: number;
  readonly overlayBytesMax: number;
  readonly segmentBytes: number;
  readonly compactionBatchRows: number;
  readonly cacheBytesMax: number;
  readonly chunkBytes: number;
  readonly streamQueueBytesMax: number;
  readonly historyRowsMax: number;
  readonly fragmentBytesMax: number;
  /** etcd's check before a change of members. */
  readonly strictReconfig: boolean;
  readonly maxLearners: number;
  readonly disk: DiskShape;
}

export interface KnownPeer {
  readonly id: bigint;
  readonly peerURLs: readonly string[];
}

export function exchangeOptions(
  shape: MemberShape,
  clusterId: bigint,
): ConstructorParameters<typeof SnapshotExchange>[0] {
  return {
    sender: {
      clusterId,
      chunkBytes: shape.chunkBytes,
      keptMax: 2,
      keptTicks: 50,
      silenceTicksMax: 50,
      attemptsMax: 3,
      retryTicks: 5,
    },
    receiver: {
      clusterId,
      feature: FEATURE_SUPPORTED,
      rowBytesMax: 1024 * 1024,
      creditChunks: 4,
      flushBytes: 4 * shape.chunkBytes,
      keptTicks: 100,
    },
  };
}

export function watchOptions(shape: MemberShape): WatchOptions {
  return {
    progressIntervalMs: 5_000,
    fragmentBytesMax: shape.fragmentBytesMax,
    watchersPerStreamMax: 1_000,
    historyRowsMax: shape.historyRowsMax,
    streamQueueBytesMax: shape.streamQueueBytesMax,
  };
}

export function peerURL(id: bigint): string {
  return `http://10.0.0.${id}:2380`;
}

/** In the simulator a member's id is in its address, so that a repeated MemberAdd adds it once. */
export function memberOfURL(url: string): bigint {
  const digits = url.split('10.0.0.')[1]?.split(':')[0] ?? '';
  assert(digits !== '', 'a peer URL of the simulator');
  return BigInt(digits);
}
