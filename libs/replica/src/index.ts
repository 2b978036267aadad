/** The loop of one member. Start at README.md. */
export { AutoCompaction, type AutoCompactionPolicy, PERIOD_MS_MAX } from './auto-compaction.js';
export { type FoundingMember, foundingLog, soleVoterEntry } from './bootstrap.js';
export { Replica } from './replica.js';
export type {
  PeerTransport,
  ReceivedState,
  ReplicaOptions,
  ReplicaPorts,
  SnapshotTransfer,
} from './options.js';
export type {
  CallFailure,
  Cancel,
  Proposal,
  ProposalResult,
  ReplicaDone,
  ReplicaErrorCode,
  ReplicaView,
} from './types.js';
