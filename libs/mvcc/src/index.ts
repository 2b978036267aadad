export { compactionMark } from './compaction-mark.js';
export type { CompactionHash } from './compactor.js';
export type { HashFold } from './hash-read.js';
export { RangeSet, inRange, keyRangeOf, prefixEnd } from './key-range.js';
export { bumpedRevisionRow, isVersionRow, readCompactRevision } from './backup-rows.js';
export { type KvPorts, KvStore } from './kv-store.js';
export type { PrefixSize, PrefixSizes } from './prefix-survey.js';
export { KV_OPTIONS, type KvOptions } from './state.js';
export type {
  HashResult,
  HistoryEvent,
  HistoryQuery,
  HistoryResult,
  KeyRange,
  LeaseMove,
  MvccErrorCode,
  MvccEvent,
  RangeResult,
  Store,
  Version,
  WriteRequest,
  WriteResult,
} from './types.js';
