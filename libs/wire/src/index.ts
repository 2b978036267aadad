/** Every byte that leaves a process. */
export {
  type ConfChange,
  ConfChangeTransition,
  ConfChangeType,
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  MessageType,
  type RaftMessage,
  type SnapshotMeta,
} from './raft/message.js';
