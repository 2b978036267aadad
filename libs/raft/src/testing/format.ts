/** How transcripts write entries, messages, events and configurations: one line each, no ids. */
import { decodeUtf8 } from '@conclave/base';
import {
  ConfChangeType,
  decodeConfChange,
  type Entry,
  EntryType,
  MessageType,
  type RaftMessage,
} from '@conclave/wire';
import type { RaftEvent } from '../event.js';
import type { PeerProgress, RaftStatus, SlotConfState } from '../ready.js';

const NAMES = new Map<MessageType, string>();
for (const [name, type] of Object.entries(MessageType)) NAMES.set(type, name);

export function typeName(type: MessageType): string {
  return NAMES.get(type) ?? String(type);
}

function text(data: Uint8Array): string {
  const full = decodeUtf8(data);
  return full.length <= 24 ? full : `${full.slice(0, 8)}...(${data.length} bytes)`;
}

/** `term/index "data"`, as raft's papers number entries. */
export function formatEntry(entry: Entry): string {
  const at = `${entry.term}/${entry.index}`;
  if (entry.type === EntryType.NORMAL) {
    return entry.data.length === 0 ? at : `${at} "${text(entry.data)}"`;
  }
  return `${at} ${formatChange(entry.data)}`;
}

const LETTERS: Readonly<Record<number, string>> = {
  [ConfChangeType.ADD_VOTER]: 'v',
  [ConfChangeType.REMOVE]: 'r',
  [ConfChangeType.ADD_LEARNER]: 'l',
};

function formatChange(data: Uint8Array): string {
  if (data.length === 0) return 'leave-joint';
  const { transition, changes } = decodeConfChange(data);
  if (changes.length === 0) return 'leave-joint';
  const how = ['', 'implicit ', 'explicit '][transition] ?? '?';
  return how + changes.map((c) => `${LETTERS[c.type]}${c.id}`).join(' ');
}

export function formatEntries(entries: readonly Entry[]): string {
  return `[${entries.map(formatEntry).join(', ')}]`;
}

export function formatMessage(m: RaftMessage): string {
  let out = `${m.from}->${m.to} ${typeName(m.type)} term=${m.term}`;
  switch (m.type) {
    case MessageType.APPEND:
      out += ` prev=${m.logTerm}/${m.index} commit=${m.commit}`;
      if (m.entries.length > 0) out += ` ${formatEntries(m.entries)}`;
      break;
    case MessageType.APPEND_RESPONSE:
      out += m.reject
        ? ` rejected=${m.index} hint=${m.logTerm}/${m.rejectHint}`
        : ` index=${m.index}`;
      break;
    case MessageType.HEARTBEAT:
      out += ` commit=${m.commit}`;
      break;
    case MessageType.VOTE:
    case MessageType.PRE_VOTE:
      out += ` last=${m.logTerm}/${m.index}${m.context === 1 ? ' forced' : ''}`;
      break;
    case MessageType.VOTE_RESPONSE:
    case MessageType.PRE_VOTE_RESPONSE:
      out += m.reject ? ` refused commit=${m.logTerm}/${m.commit}` : ' granted';
      break;
    case MessageType.SNAPSHOT:
      if (m.snapshot !== null) out += ` at=${m.snapshot.term}/${m.snapshot.index}`;
      break;
    case MessageType.READ_INDEX_RESPONSE:
      out += ` index=${m.index}`;
      break;
    case MessageType.PROPOSE:
      out += ` [${m.entries.map((e) => formatEntry(e).replace('0/0 ', '')).join(', ')}]`;
      break;
    default:
      break;
  }
  const isRead = m.type === MessageType.READ_INDEX || m.type === MessageType.READ_INDEX_RESPONSE;
  const beats = m.type === MessageType.HEARTBEAT || m.type === MessageType.HEARTBEAT_RESPONSE;
  if (beats && m.context !== 0) out += ` context=${m.context}`;
  if (isRead) out += ' context=(own)';
  return out;
}

export function formatConf(conf: SlotConfState): string {
  let out = `voters=(${conf.voters.join(' ')})`;
  if (conf.votersOutgoing.length > 0) out += `&&(${conf.votersOutgoing.join(' ')})`;
  if (conf.learners.length > 0) out += ` learners=(${conf.learners.join(' ')})`;
  if (conf.learnersNext.length > 0) out += ` learners-next=(${conf.learnersNext.join(' ')})`;
  return conf.autoLeave ? `${out} auto-leave` : out;
}

export function formatEvent(e: RaftEvent): string {
  switch (e.kind) {
    case 'role':
      return `becomes ${e.role} term=${e.term}${e.leader === 0 ? '' : ` leader=${e.leader}`}`;
    case 'vote-cast':
      return `${e.granted ? 'grants' : 'refuses'} ${e.pre ? 'pre-vote' : 'vote'} to ${e.to} for term ${e.term}`;
    case 'vote-ignored':
      return `ignores vote of ${e.from} for term ${e.term}: ${e.reason}`;
    case 'campaign-refused':
      return `does not campaign: ${e.reason}`;
    case 'message-ignored':
      return `ignores ${typeName(e.type)} from ${e.from}: ${e.reason}`;
    case 'append-rejected':
      return `rejects append of ${e.from} after ${e.term}/${e.index}`;
    case 'log-truncated':
      return `truncates its log at ${e.index}`;
    case 'commit-beyond-log':
      return `is told commit ${e.commit} by ${e.from} beyond its last entry ${e.last}`;
    case 'quorum-lost':
      return `lost its quorum in term ${e.term}`;
    case 'disk-stalled':
      return `has a stalled disk in term ${e.term}`;
    case 'proposal-dropped':
      return `drops a proposal of ${e.from}: ${e.code}`;
    case 'transfer':
      return `transfer to ${e.to} ${e.step}`;
    case 'conf-changed':
      return 'changes its configuration';
    case 'snapshot':
      return `snapshot ${e.step} index=${e.index}${e.peer === 0 ? '' : ` peer=${e.peer}`}`;
  }
}

export function formatStatus(s: RaftStatus): string {
  const parts = [
    `${s.slot}: ${s.role} term=${s.term} vote=${s.vote} leader=${s.leader}`,
    `commit=${s.commit} applied=${s.applied} log=[${s.firstIndex},${s.lastIndex}] durable=${s.durableIndex}`,
    formatConf(s.confState),
  ];
  if (s.leadTransferee !== 0) parts.push(`transfer=${s.leadTransferee}`);
  return parts.join(' ');
}

export function formatProgress(p: PeerProgress): string {
  const flags = `${p.recentActive ? ' active' : ''}${p.learner ? ' learner' : ''}`;
  return `  ${p.slot}: ${p.state} match=${p.match} next=${p.next}${flags}`;
}
