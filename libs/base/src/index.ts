export {
  AssertionError,
  assert,
  assertDefined,
  assertEq,
  assertLe,
  assertLt,
  unreachable,
} from './assert.js';
export { BoundedQueue } from './bounded-queue.js';
export {
  type ByteString,
  EMPTY_BYTES,
  compareBytes,
  concatBytes,
  equalBytes,
  fromByteString,
  toByteString,
  toHex,
} from './bytes.js';
export { ConclaveError } from './conclave-error.js';
export { crc32c, joinCrc32c } from './crc32c.js';
export { editDistance } from './edit-distance.js';
export { Random } from './random.js';
export {
  type FlagFault,
  type ServiceFlag,
  type ServiceFlags,
  type ServiceFlagType,
  type ServiceSettings,
  flagFault,
  readServiceFlags,
  serviceUsage,
} from './service-flags.js';
export { type Index, NUMBER_MAX, type Revision, type Term, hexId } from './units.js';
export { decodeUtf8, encodeUtf8, utf8Length, writeUtf8 } from './utf8.js';
export type { BlobStore } from './ports/blob-store.js';
export {
  BACKUP_PLACE,
  type CallHandler,
  type CallHead,
  type Channel,
  type ClientCall,
  type ClientCallEvents,
  EMPTY_METADATA,
  type EndOrigin,
  type HttpOrigin,
  type Metadata,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from './ports/call.js';
export type { Current, DataDirectory } from './ports/data-directory.js';
export type { Clock, Scheduler } from './ports/clock.js';
export type { Engine, EngineOp, EngineReader, EngineRow, EngineSnapshot } from './ports/engine.js';
export type { DiskDone, DiskFailure, LogDisk } from './ports/log-disk.js';
export {
  type LogFields,
  type LogLevel,
  NO_PROBE,
  type Probe,
  type ProbeSeries,
  seriesOf,
} from './ports/probe.js';
export {
  SEQUENCE_BELOW_MARK,
  SESSION_CLOSE_METHOD,
  SESSION_OPEN_METHOD,
  SESSION_UNKNOWN,
  SESSION_WINDOW,
  SessionMetadata,
} from './ports/session.js';
export {
  TRACE_CONTEXT_BYTES,
  TraceMetadata,
  type Tracer,
  type TraceSpan,
  type TraceValue,
  tracedHead,
} from './ports/trace.js';
