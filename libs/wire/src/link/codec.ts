import { assert, assertLe, unreachable, utf8Length } from '@conclave/base';
import type { Metadata, StatusCode } from '@conclave/base';
import { ByteReader } from '../format/byte-reader.js';
import { ByteWriter } from '../format/byte-writer.js';
import {
  putSnapshotAck,
  putSnapshotBegin,
  putSnapshotChunk,
  putSnapshotEnd,
  readSnapshotAck,
  readSnapshotBegin,
  readSnapshotChunk,
  readSnapshotEnd,
} from './snapshot-codec.js';
import {
  type Hello,
  type HelloAnswer,
  LINK_BATCH_FRAMES_MAX,
  LINK_FRAGMENT_BYTES_MAX,
  type LinkFrame,
  type LinkMember,
  type LinkRole,
  type MembersFrame,
  type OpenFrame,
  type Refusal,
  type RefusalCode,
} from './frame.js';

/**
 * Link frames as bytes. One WebSocket message is a batch:
 *
 *     format (1 byte) | { type (1 byte) | fields } ...
 *
 * so that a turn's frames cost one message. The decoder refuses the whole batch on the first fault:
 * unknown format, type, code or flag, a length beyond its bound, bytes left over, a wrong checksum.
 */

export const LINK_FORMAT = 1;

const METHOD_BYTES_MAX = 1_024;
const METADATA_FIELDS_MAX = 100;
const METADATA_BYTES_MAX = 32 * 1024;
const NAME_BYTES_MAX = 1_024;
const HELLO_URLS_MAX = 8;
const TEXT_BYTES_MAX = 32 * 1024;
const MEMBERS_MAX = 1_024;
const URLS_MAX = 64;
const CALL_ID_MAX = 0xffff_ffff;
const CREDIT_BYTES_MAX = 0x7fff_ffff;
const STATUS_END = 17;

/** First byte of a frame. */
const FrameType = {
  HELLO: 1,
  HELLO_ANSWER: 2,
  REFUSAL: 3,
  OPEN: 4,
  DATA: 5,
  DATA_LAST: 6,
  HALF_CLOSE: 7,
  CANCEL: 8,
  END: 9,
  CREDIT: 10,
  PING: 11,
  PONG: 12,
  MEMBERS: 13,
  SNAPSHOT_BEGIN: 14,
  SNAPSHOT_CHUNK: 15,
  SNAPSHOT_END: 16,
  SNAPSHOT_ACK: 17,
  MEMBERS_DATED: 18,
} as const;

const ROLES: readonly LinkRole[] = ['member', 'gateway'];

/** Position is the number on the wire: append only. */
const REFUSALS: readonly RefusalCode[] = [
  'unknown-format',
  'other-cluster',
  'other-member',
  'other-incarnation',
  'removed',
  'unknown-member',
  'too-many-links',
  'bad-hello',
  'stopping',
  'feature-too-low',
];

/** Text cut to what the decoder takes. */
function bounded(text: string, bytesMax: number): string {
  if (utf8Length(text) <= bytesMax) return text;
  return text.slice(0, Math.floor(bytesMax / 3));
}

/** One WebSocket message with all frames in order. Copies fragments and chunks. */
export function encodeLinkFrames(frames: readonly LinkFrame[]): Uint8Array {
  assertLe(frames.length, LINK_BATCH_FRAMES_MAX, 'frames in a batch');
  let guess = 1;
  for (let i = 0; i < frames.length; i++) guess += sizeOfLinkFrame(frames[i] as LinkFrame);
  const w = new ByteWriter(guess);
  w.u8(LINK_FORMAT);
  for (let i = 0; i < frames.length; i++) putFrame(frames[i] as LinkFrame, w);
  return w.finish();
}

/** About how many bytes a frame takes in a batch, for scheduling: rather a few more. */
export function sizeOfLinkFrame(frame: LinkFrame): number {
  switch (frame.type) {
    case 'data':
      return 12 + frame.fragment.length;
    case 'snapshot-chunk':
      return 32 + frame.data.length;
    case 'open': {
      let n = 24 + frame.method.length;
      for (const [name, value] of frame.metadata) n += 8 + name.length + value.length;
      return n;
    }
    case 'end':
      return 16 + frame.message.length;
    case 'members':
      return 32 + frame.members.length * 96;
    default:
      return 64;
  }
}

function putFrame(frame: LinkFrame, w: ByteWriter): void {
  switch (frame.type) {
    case 'data':
      assertLe(frame.fragment.length, LINK_FRAGMENT_BYTES_MAX, 'fragment bytes');
      putCall(frame.last ? FrameType.DATA_LAST : FrameType.DATA, frame.callId, w);
      return w.bytes(frame.fragment);
    case 'open':
      return putOpen(frame, w);
    case 'end':
      putCall(FrameType.END, frame.callId, w);
      w.u8(frame.status);
      return w.string(bounded(frame.message, TEXT_BYTES_MAX));
    case 'credit':
      putCall(FrameType.CREDIT, frame.callId, w);
      return w.number(frame.bytes);
    case 'half-close':
      return putCall(FrameType.HALF_CLOSE, frame.callId, w);
    case 'cancel':
      return putCall(FrameType.CANCEL, frame.callId, w);
    case 'ping':
      w.u8(FrameType.PING);
      return w.number(frame.token);
    case 'pong':
      w.u8(FrameType.PONG);
      return w.number(frame.token);
    case 'members':
      return putMembers(frame, w);
    case 'hello':
    case 'hello-answer':
    case 'refusal':
      return putHandshake(frame, w);
    case 'snapshot-begin':
      w.u8(FrameType.SNAPSHOT_BEGIN);
      return putSnapshotBegin(frame, w);
    case 'snapshot-chunk':
      w.u8(FrameType.SNAPSHOT_CHUNK);
      return putSnapshotChunk(frame, w);
    case 'snapshot-end':
      w.u8(FrameType.SNAPSHOT_END);
      return putSnapshotEnd(frame, w);
    case 'snapshot-ack':
      w.u8(FrameType.SNAPSHOT_ACK);
      return putSnapshotAck(frame, w);
    default:
      return unreachable(frame);
  }
}

function putCall(type: number, callId: number, w: ByteWriter): void {
  assert(callId >= 1 && callId <= CALL_ID_MAX, 'a call id is in [1, 2^32 - 1]');
  w.u8(type);
  w.number(callId);
}

function putHandshake(frame: Hello | HelloAnswer | Refusal, w: ByteWriter): void {
  if (frame.type === 'refusal') {
    w.u8(FrameType.REFUSAL);
    w.u8(REFUSALS.indexOf(frame.code));
    return w.string(bounded(frame.text, TEXT_BYTES_MAX));
  }
  if (frame.type === 'hello') {
    w.u8(FrameType.HELLO);
    w.u8(ROLES.indexOf(frame.role));
    w.u64(frame.clusterId);
    w.u64(frame.from);
    w.u64(frame.to);
    w.u64(frame.incarnation);
    w.u64(frame.session);
  } else {
    w.u8(FrameType.HELLO_ANSWER);
    w.u64(frame.clusterId);
    w.u64(frame.memberId);
    w.u64(frame.incarnation);
  }
  w.number(frame.feature);
  w.string(bounded(frame.name, NAME_BYTES_MAX));
  if (frame.type === 'hello-answer') return;
  putUrls(frame.peerURLs, HELLO_URLS_MAX, w);
}

/** Clients may give a member more URLs, and longer ones, than a frame takes: the first that fit do. */
function putUrls(all: readonly string[], max: number, w: ByteWriter): void {
  const urls = all.filter((url) => utf8Length(url) <= NAME_BYTES_MAX).slice(0, max);
  w.number(urls.length);
  for (const url of urls) w.string(url);
}

function putOpen(frame: OpenFrame, w: ByteWriter): void {
  putCall(FrameType.OPEN, frame.callId, w);
  w.string(frame.method);
  w.number(frame.timeoutMs === null ? 0 : Math.max(0, Math.ceil(frame.timeoutMs)) + 1);
  w.number(frame.metadata.size);
  for (const [name, value] of frame.metadata) {
    w.string(name);
    w.string(value);
  }
}

function putMembers(frame: MembersFrame, w: ByteWriter): void {
  assertLe(frame.members.length, MEMBERS_MAX, 'members in a frame');
  w.u8(frame.appliedIndex === 0 ? FrameType.MEMBERS : FrameType.MEMBERS_DATED);
  w.number(frame.term);
  w.u64(frame.leaderId);
  if (frame.appliedIndex > 0) {
    w.number(frame.appliedTerm);
    w.number(frame.appliedIndex);
  }
  w.number(frame.members.length);
  for (const member of frame.members) {
    w.u64(member.id);
    w.bool(member.learner);
    w.string(bounded(member.name, NAME_BYTES_MAX));
    putUrls(member.linkUrls, URLS_MAX, w);
  }
}

/**
 * Whether the head of a Call can go over a link; a Call that cannot is answered RESOURCE_EXHAUSTED
 * by the one who would open it.
 */
export function fitsOpenFrame(method: string, metadata: Metadata): boolean {
  if (utf8Length(method) > METHOD_BYTES_MAX || metadata.size > METADATA_FIELDS_MAX) return false;
  let bytes = 0;
  for (const [name, value] of metadata) bytes += utf8Length(name) + utf8Length(value);
  return bytes <= METADATA_BYTES_MAX;
}

/** The frames of one WebSocket message. Fragments and chunks are views. Throws `DecodeError`. */
export function decodeLinkFrames(bytes: Uint8Array): LinkFrame[] {
  const r = new ByteReader(bytes, 'link frame');
  r.format(LINK_FORMAT);
  const frames: LinkFrame[] = [];
  while (r.left > 0) {
    if (frames.length === LINK_BATCH_FRAMES_MAX) r.fail('too many frames');
    frames.push(readFrame(r));
  }
  return frames;
}

function readFrame(r: ByteReader): LinkFrame {
  const type = r.u8();
  switch (type) {
    case FrameType.DATA:
    case FrameType.DATA_LAST: {
      const callId = readCallId(r);
      const fragment = r.view(LINK_FRAGMENT_BYTES_MAX);
      return { type: 'data', callId, fragment, last: type === FrameType.DATA_LAST };
    }
    case FrameType.OPEN:
      return readOpen(r);
    case FrameType.END: {
      const callId = readCallId(r);
      const status = r.u8Below(STATUS_END, 'status') as StatusCode;
      return { type: 'end', callId, status, message: r.string(TEXT_BYTES_MAX) };
    }
    case FrameType.CREDIT: {
      const callId = readCallId(r);
      const credit = r.number(CREDIT_BYTES_MAX);
      if (credit === 0) r.fail('credit of nothing');
      return { type: 'credit', callId, bytes: credit };
    }
    case FrameType.HALF_CLOSE:
      return { type: 'half-close', callId: readCallId(r) };
    case FrameType.CANCEL:
      return { type: 'cancel', callId: readCallId(r) };
    case FrameType.PING:
      return { type: 'ping', token: r.number() };
    case FrameType.PONG:
      return { type: 'pong', token: r.number() };
    case FrameType.MEMBERS:
      return readMembers(r, false);
    case FrameType.MEMBERS_DATED:
      return readMembers(r, true);
    case FrameType.SNAPSHOT_BEGIN:
      return readSnapshotBegin(r);
    case FrameType.SNAPSHOT_CHUNK:
      return readSnapshotChunk(r);
    case FrameType.SNAPSHOT_END:
      return readSnapshotEnd(r);
    case FrameType.SNAPSHOT_ACK:
      return readSnapshotAck(r);
    default:
      return readHandshake(r, type);
  }
}

function readHandshake(r: ByteReader, type: number): Hello | HelloAnswer | Refusal {
  if (type === FrameType.REFUSAL) {
    const code = REFUSALS[r.u8Below(REFUSALS.length, 'refusal')] as RefusalCode;
    return { type: 'refusal', code, text: r.string(TEXT_BYTES_MAX) };
  }
  if (type === FrameType.HELLO) {
    const role = ROLES[r.u8Below(ROLES.length, 'role')] as LinkRole;
    const clusterId = r.u64();
    const from = r.u64();
    const to = r.u64();
    const incarnation = r.u64();
    const session = r.u64();
    const feature = r.number();
    const name = r.string(NAME_BYTES_MAX);
    const peerURLs: string[] = [];
    for (let n = r.count(HELLO_URLS_MAX, 1); n > 0; n--) peerURLs.push(r.string(NAME_BYTES_MAX));
    if ((role === 'member') === (from === 0n)) r.fail('a role that does not go with the id');
    const ids = { clusterId, from, to, incarnation, session };
    return { type: 'hello', role, ...ids, feature, name, peerURLs };
  }
  if (type !== FrameType.HELLO_ANSWER) r.fail(`unknown frame type ${type}`);
  const clusterId = r.u64();
  const memberId = r.u64();
  const incarnation = r.u64();
  const feature = r.number();
  const name = r.string(NAME_BYTES_MAX);
  return { type: 'hello-answer', clusterId, memberId, incarnation, feature, name };
}

function readCallId(r: ByteReader): number {
  const callId = r.number(CALL_ID_MAX);
  if (callId === 0) r.fail('call id 0');
  return callId;
}

function readOpen(r: ByteReader): OpenFrame {
  const callId = readCallId(r);
  const method = r.string(METHOD_BYTES_MAX);
  const timeout = r.number();
  const count = r.count(METADATA_FIELDS_MAX, 2);
  const metadata = new Map<string, string>();
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const name = r.string(METADATA_BYTES_MAX);
    if (metadata.has(name)) r.fail('metadata with a name twice');
    const value = r.string(METADATA_BYTES_MAX);
    bytes += utf8Length(name) + utf8Length(value);
    metadata.set(name, value);
  }
  if (bytes > METADATA_BYTES_MAX) r.fail('metadata too large');
  return { type: 'open', callId, method, metadata, timeoutMs: timeout === 0 ? null : timeout - 1 };
}

function readMembers(r: ByteReader, dated: boolean): MembersFrame {
  const term = r.number();
  const leaderId = r.u64();
  const appliedTerm = dated ? r.number() : 0;
  const appliedIndex = dated ? r.number() : 0;
  if (dated && appliedIndex === 0) r.fail('members as of index 0');
  const count = r.count(MEMBERS_MAX, 11);
  const members: LinkMember[] = [];
  for (let i = 0; i < count; i++) {
    const id = r.u64();
    if (id === 0n) r.fail('member id 0');
    const learner = r.bool();
    const name = r.string(NAME_BYTES_MAX);
    const urls = r.count(URLS_MAX, 1);
    const linkUrls: string[] = [];
    for (let k = 0; k < urls; k++) linkUrls.push(r.string(NAME_BYTES_MAX));
    members.push({ id, name, linkUrls, learner });
  }
  return { type: 'members', term, leaderId, appliedTerm, appliedIndex, members };
}
