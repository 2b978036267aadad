/**
 * What the parts of this room share: the index, the records, where the store stands.
 */
import type { Probe, Revision, Scheduler } from '@conclave/base';
import { KeyIndex } from './key-index.js';
import type { OpCounts } from './op-counts.js';
import type { Reads } from './reads.js';
import type { Records } from './records.js';
import type { Slab } from './slab.js';

export interface KvOptions {
  /** Bytes of records kept in memory besides those not yet written; default 64 MiB. */
  readonly cacheBytesMax: number;
  /** Keys and dropped versions per slice of physical compaction; default 1,000. */
  readonly compactionBatchRows: number;
  /** Rows a read takes per turn, at most 1,000. */
  readonly rangeSliceRows: number;
  /** Hashes of compactions remembered: 10 as etcd from 3.5.5 on, 0 as before. */
  readonly hashesKept: number;
}

export const KV_OPTIONS: KvOptions = Object.freeze({
  cacheBytesMax: 64 * 1024 * 1024,
  compactionBatchRows: 1_000,
  rangeSliceRows: 1_000,
  hashesKept: 10,
});

export interface State {
  readonly options: KvOptions;
  readonly index: KeyIndex;
  readonly records: Records;
  readonly reads: Reads;
  readonly scheduler: Scheduler;
  readonly probe: Probe;
  readonly failed: (message: string) => void;
  /** Where answers are cut from, and records. */
  readonly bodies: Slab;
  readonly recordBytes: Slab;
  readonly counts: OpCounts;
  revision: Revision;
  compactRevision: Revision;
  keyCount: number;
}
