/**
 * The messages Raft sends, one constructor for each type that differs. All build the same object
 * shape with the same order of fields. A message is never changed once made.
 */
import type { Index, Term } from '@conclave/base';
import { type Entry, MessageType, type RaftMessage, type SnapshotMeta } from '@conclave/wire';
import type { Slot } from './ready.js';

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/** Any message that has no more than a context. */
export function plainMessage(
  type: MessageType,
  to: Slot,
  from: Slot,
  term: Term,
  context: number,
): RaftMessage {
  return {
    type,
    to,
    from,
    term,
    logTerm: 0,
    index: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

export function appendMessage(
  to: Slot,
  from: Slot,
  term: Term,
  prevIndex: Index,
  prevTerm: Term,
  commit: Index,
  entries: readonly Entry[],
): RaftMessage {
  return {
    type: MessageType.APPEND,
    to,
    from,
    term,
    logTerm: prevTerm,
    index: prevIndex,
    commit,
    reject: false,
    rejectHint: 0,
    context: 0,
    entries,
    snapshot: null,
  };
}

/** `index` acknowledged, or refused with a hint at where the logs may agree. */
export function appendResponse(
  to: Slot,
  from: Slot,
  term: Term,
  index: Index,
  reject: boolean,
  rejectHint: Index,
  hintTerm: Term,
): RaftMessage {
  return {
    type: MessageType.APPEND_RESPONSE,
    to,
    from,
    term,
    logTerm: hintTerm,
    index,
    commit: 0,
    reject,
    rejectHint,
    context: 0,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

export function heartbeatMessage(
  to: Slot,
  from: Slot,
  term: Term,
  commit: Index,
  context: number,
): RaftMessage {
  return {
    type: MessageType.HEARTBEAT,
    to,
    from,
    term,
    logTerm: 0,
    index: 0,
    commit,
    reject: false,
    rejectHint: 0,
    context,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

export function voteMessage(
  type: typeof MessageType.VOTE | typeof MessageType.PRE_VOTE,
  to: Slot,
  from: Slot,
  term: Term,
  lastIndex: Index,
  lastTerm: Term,
  forced: boolean,
): RaftMessage {
  return {
    type,
    to,
    from,
    term,
    logTerm: lastTerm,
    index: lastIndex,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: forced ? 1 : 0,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

/** A refusal tells how far the refuser knows the log to be committed; a grant leaves both 0. */
export function voteResponse(
  type: typeof MessageType.VOTE_RESPONSE | typeof MessageType.PRE_VOTE_RESPONSE,
  to: Slot,
  from: Slot,
  term: Term,
  reject: boolean,
  commit: Index,
  commitTerm: Term,
): RaftMessage {
  return {
    type,
    to,
    from,
    term,
    logTerm: commitTerm,
    index: 0,
    commit,
    reject,
    rejectHint: 0,
    context: 0,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

export function readIndexResponse(
  to: Slot,
  from: Slot,
  term: Term,
  index: Index,
  context: number,
): RaftMessage {
  return {
    type: MessageType.READ_INDEX_RESPONSE,
    to,
    from,
    term,
    logTerm: 0,
    index,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context,
    entries: NO_ENTRIES,
    snapshot: null,
  };
}

export function proposeMessage(
  to: Slot,
  from: Slot,
  term: Term,
  entries: readonly Entry[],
): RaftMessage {
  return {
    type: MessageType.PROPOSE,
    to,
    from,
    term,
    logTerm: 0,
    index: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    entries,
    snapshot: null,
  };
}

export function snapshotMessage(
  to: Slot,
  from: Slot,
  term: Term,
  snapshot: SnapshotMeta,
): RaftMessage {
  return {
    type: MessageType.SNAPSHOT,
    to,
    from,
    term,
    logTerm: 0,
    index: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    entries: NO_ENTRIES,
    snapshot,
  };
}
