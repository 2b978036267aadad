/** The durable Raft log. Start at README.md. */
export { type DumpResult, type DumpedEntry, dumpLine, dumpLog } from './dump.js';
export {
  FIRST_SEGMENT,
  SEGMENT_BYTES_DEFAULT,
  checkLogOptions,
  createLogSync,
  openLog,
} from './open.js';
export { CONF_STATE_IDS_MAX, type LogIdentity } from './segment-head.js';
export type {
  AppendRequest,
  DurableLog,
  LogFault,
  LogOptions,
  OpenLogResult,
  RecoveredLog,
} from './types.js';
