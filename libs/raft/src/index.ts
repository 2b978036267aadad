export {
  changeConf,
  type ConfChangeRefusal,
  type ConfChangeResult,
  EMPTY_CONF_STATE,
  isJoint,
  type SlotChange,
  type SlotConfChange,
} from './conf-change.js';
export {
  type CampaignRefusal,
  type IgnoreReason,
  NO_RAFT_PROBE,
  type RaftEvent,
  type RaftProbe,
} from './event.js';
export { RawNode } from './raw-node.js';
export {
  type Append,
  type EntriesRequest,
  type PeerProgress,
  type ProposedEntry,
  type ProposeResult,
  type RaftConfig,
  type RaftInitialState,
  type RaftStatus,
  type ReadState,
  type Ready,
  Role,
  type Slot,
  type SlotConfState,
  type SlotHardState,
  type SlotSnapshotMeta,
  type SoftState,
} from './ready.js';
export type { TransferResult } from './transfer.js';
