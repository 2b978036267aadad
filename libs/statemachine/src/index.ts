/** Apply: committed entry in; result, events and one write batch out. Start at README.md. */
export { FEATURE_SUPPORTED, Feature, featureTooLow } from './features.js';
export { restoredRows, survivesRestore } from './restored-state.js';
export { STATE_FORMAT, readSnapshotHead } from './rows.js';
export { SESSION_LIMITS, type SessionLimits } from './sessions.js';
export { StateMachine, type StateMachineOptions, type StateMachinePorts } from './state-machine.js';
export type {
  Alarm,
  Applied,
  ApplyErrorCode,
  ApplyResult,
  Machine,
  MemberRecord,
} from './types.js';
