import { assert } from '@conclave/base';
import { ByteReader } from '../format/byte-reader.js';
import { ByteWriter } from '../format/byte-writer.js';
import { ENTRY_BYTES_MIN, readEntry, sizeOfEntry, writeEntry } from './entry.js';
import { type Entry, MessageType, type RaftMessage } from './message.js';
import { putSnapshotMeta, readSnapshotMeta } from './state.js';

/**
 * Peer frames: what one member sends another in one turn.
 *
 *     format (1 byte) | cluster id | from | to (8 bytes each) | count | count x message
 *     message: type (1) | flags (1) | term logTerm index commit rejectHint context (varints)
 *              [entry count, entries] [snapshot meta]
 *
 * Ids stand once, in the head; inside `raft` members are slots, so the decoder is handed the two
 * slots and fills them in. A slot within `context` (TRANSFER_LEADER) is not translated here: sender
 * and receiver number their members apart, so the caller puts the id's slot in before it steps.
 *
 * Entries are copied into the frame: nothing that is sent changes afterwards. Decoded entries are
 * views of the frame. What a frame may not hold is refused whole: gaps between entries, terms that
 * fall, entries or a snapshot on a message that has none, numbers above 2^53 - 1.
 */

/** A frame is closed before it exceeds this, unless its first message alone is larger. */
export const RAFT_FRAME_BYTES_MAX = 4 * 1024 * 1024;
export const RAFT_FRAME_MESSAGES_MAX = 65_536;
const RAFT_MESSAGE_ENTRIES_MAX = 1_048_576;

const RAFT_FRAME_FORMAT = 1;
const HEAD_BYTES = 25 + 3;
/** Type, flags, six varints of eight bytes, entry count. */
const MESSAGE_BYTES_MAX = 2 + 6 * 8 + 4;
const MESSAGE_BYTES_MIN = 8;

const HAS_REJECT = 1;
const HAS_ENTRIES = 2;
const HAS_SNAPSHOT = 4;
const FLAGS_END = 8;

export interface RaftFrameHead {
  readonly clusterId: bigint;
  /** Member ids. */
  readonly from: bigint;
  readonly to: bigint;
}

/** An upper bound, close for messages with entries. */
function boundOf(m: RaftMessage): number {
  let n = MESSAGE_BYTES_MAX;
  for (let i = 0; i < m.entries.length; i++) n += sizeOfEntry(m.entries[i] as Entry);
  if (m.snapshot !== null) {
    const { voters, learners, votersOutgoing, learnersNext } = m.snapshot.confState;
    const ids = voters.length + learners.length + votersOutgoing.length + learnersNext.length;
    n += 32 + ids * 8;
  }
  return n;
}

/** All messages in order, in as many frames as the size limit asks for; none for no messages. */
export function encodeRaftFrames(
  head: RaftFrameHead,
  messages: readonly RaftMessage[],
  frameBytesMax: number = RAFT_FRAME_BYTES_MAX,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let first = 0;
  let bytes = HEAD_BYTES;
  for (let i = 0; i < messages.length; i++) {
    const size = boundOf(messages[i] as RaftMessage);
    const full = bytes + size > frameBytesMax || i - first === RAFT_FRAME_MESSAGES_MAX;
    if (full && i > first) {
      frames.push(encodeFrame(head, messages, first, i, bytes));
      first = i;
      bytes = HEAD_BYTES;
    }
    bytes += size;
  }
  if (first < messages.length) {
    frames.push(encodeFrame(head, messages, first, messages.length, bytes));
  }
  return frames;
}

function encodeFrame(
  head: RaftFrameHead,
  messages: readonly RaftMessage[],
  lo: number,
  hi: number,
  bytes: number,
): Uint8Array {
  const w = new ByteWriter(bytes);
  w.u8(RAFT_FRAME_FORMAT);
  w.u64(head.clusterId);
  w.u64(head.from);
  w.u64(head.to);
  w.number(hi - lo);
  for (let i = lo; i < hi; i++) putMessage(messages[i] as RaftMessage, w);
  return w.finish();
}

function putMessage(m: RaftMessage, w: ByteWriter): void {
  const { entries, snapshot } = m;
  assert((snapshot !== null) === (m.type === MessageType.SNAPSHOT), 'a snapshot iff SNAPSHOT');
  w.u8(m.type);
  w.u8(
    (m.reject ? HAS_REJECT : 0) |
      (entries.length > 0 ? HAS_ENTRIES : 0) |
      (snapshot === null ? 0 : HAS_SNAPSHOT),
  );
  w.number(m.term);
  w.number(m.logTerm);
  w.number(m.index);
  w.number(m.commit);
  w.number(m.rejectHint);
  w.number(m.context);
  if (entries.length > 0) {
    w.number(entries.length);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      w.advance(writeEntry(entry, w.reserve(sizeOfEntry(entry)), w.length));
    }
  }
  if (snapshot !== null) putSnapshotMeta(snapshot, w);
}

function readHead(r: ByteReader): RaftFrameHead {
  r.format(RAFT_FRAME_FORMAT);
  const clusterId = r.u64();
  const from = r.u64();
  return { clusterId, from, to: r.u64() };
}

/** Whom a frame is from and for: one for somebody else is refused before its messages are read. */
export function decodeRaftFrameHead(bytes: Uint8Array): RaftFrameHead {
  return readHead(new ByteReader(bytes, 'raft frame'));
}

/** The messages of a frame, `from` and `to` being the slots of the head's members here. */
export function decodeRaftFrame(bytes: Uint8Array, from: number, to: number): RaftMessage[] {
  const r = new ByteReader(bytes, 'raft frame');
  readHead(r);
  const count = r.count(RAFT_FRAME_MESSAGES_MAX, MESSAGE_BYTES_MIN);
  const messages: RaftMessage[] = [];
  for (let i = 0; i < count; i++) messages.push(readMessage(r, from, to));
  r.finish();
  return messages;
}

const NO_ENTRIES: readonly Entry[] = [];

function readMessage(r: ByteReader, from: number, to: number): RaftMessage {
  const type = r.u8Below(MessageType.TRANSFER_LEADER + 1, 'message type') as MessageType;
  if ((type as number) === 0) r.fail('unknown message type 0');
  const flags = r.u8Below(FLAGS_END, 'message flags');
  const term = r.number();
  const logTerm = r.number();
  const index = r.number();
  const commit = r.number();
  const rejectHint = r.number();
  const context = r.number();
  const entries = (flags & HAS_ENTRIES) === 0 ? NO_ENTRIES : readEntries(r, type, term, index);
  const hasSnapshot = (flags & HAS_SNAPSHOT) !== 0;
  if (hasSnapshot !== (type === MessageType.SNAPSHOT)) r.fail('a snapshot iff SNAPSHOT');
  const snapshot = hasSnapshot ? readSnapshotMeta(r) : null;
  const reject = (flags & HAS_REJECT) !== 0;
  return {
    type,
    to,
    from,
    term,
    logTerm,
    index,
    commit,
    reject,
    rejectHint,
    context,
    entries,
    snapshot,
  };
}

function readEntries(r: ByteReader, type: MessageType, term: number, index: number): Entry[] {
  const isAppend = type === MessageType.APPEND;
  if (!isAppend && type !== MessageType.PROPOSE) r.fail(`entries on message type ${type}`);
  const count = r.count(RAFT_MESSAGE_ENTRIES_MAX, ENTRY_BYTES_MIN);
  if (count === 0) r.fail('no entries announced as some');
  const entries: Entry[] = [];
  let lastTerm = 0;
  for (let i = 0; i < count; i++) {
    const entry = readEntry(r);
    if (isAppend) {
      if (entry.index !== index + 1 + i) r.fail('entries with a gap');
      if (entry.term < lastTerm || entry.term > term) r.fail('entry terms out of order');
      lastTerm = entry.term;
    } else if (entry.index !== 0 || entry.term !== 0) r.fail('a proposal with index or term');
    entries.push(entry);
  }
  return entries;
}
