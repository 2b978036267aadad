/**
 * The failpoints of a member, under etcd's names; docs/TESTING.md says where each one stands in our code.
 * Beyond etcd: `raftDropPeer`, whose value names members (hex ids, with commas) that links are cut to.
 */
export const FAILPOINT_NAMES = [
  'applyAfterOpenSnapshot',
  'applyBeforeOpenSnapshot',
  'afterCommit',
  'beforeApplyOneConfChange',
  'beforeApplyOneEntryNormal',
  'beforeCommit',
  'beforeSendWatchResponse',
  'commitAfterPreCommitHook',
  'commitBeforePreCommitHook',
  'compactAfterCommitBatch',
  'compactAfterCommitScheduledCompact',
  'compactAfterSetFinishedCompact',
  'compactBeforeCommitBatch',
  'compactBeforeCommitScheduledCompact',
  'compactBeforeSetFinishedCompact',
  'raftAfterApplySnap',
  'raftAfterSave',
  'raftAfterSaveSnap',
  'raftAfterWALRelease',
  'raftBeforeAdvance',
  'raftBeforeApplySnap',
  'raftBeforeFollowerSend',
  'raftBeforeLeaderSend',
  'raftBeforeSave',
  'raftBeforeSaveSnap',
  'raftDropPeer',
  'walAfterSync',
  'walBeforeSync',
] as const;

export type FailpointName = (typeof FAILPOINT_NAMES)[number];
