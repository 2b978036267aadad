// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeNumber, sizeString, sizeUint32, writeBigint, writeBytes, writeNumber, writeString, writeUint32 } from '../protobuf/writer.js';
import {
  mergeMember,
  newMember,
  sizeMember,
  type Member,
  writeMember,
} from './membership.js';

/** `conclave.MemberChange` */
export interface MemberChange {
  requestID: bigint;
  members: Member[];
  learnersMax: number;
  leaving: boolean;
}

const MemberChangeFields: FieldNames = new Map([
  [1, 'Request_ID'],
  [2, 'Members'],
  [3, 'LearnersMax'],
  [4, 'Leaving'],
]);

export function newMemberChange(): MemberChange {
  return {
    requestID: 0n,
    members: [],
    learnersMax: 0,
    leaving: false,
  };
}

export function sizeMemberChange(m: MemberChange, sizes: Sizes): number {
  let n = 0;
  if (m.requestID !== 0n) {
    n += 1 + sizeBigint(m.requestID);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const place = sizes.reserve();
    const size = sizeMember(members[i] as Member, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.learnersMax !== 0) {
    n += 1 + sizeNumber(m.learnersMax);
  }
  if (m.leaving) {
    n += 2;
  }
  return n;
}

export function writeMemberChange(
  m: MemberChange,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.requestID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.requestID, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at, sizes);
  }
  if (m.learnersMax !== 0) {
    out[at++] = 24;
    at = writeNumber(m.learnersMax, out, at);
  }
  if (m.leaving) {
    out[at++] = 32;
    out[at++] = 1;
  }
  return at;
}

export function mergeMemberChange(r: Reader, m: MemberChange): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.requestID = r.uint64();
        break;
      }
      case 18: {
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      case 24: {
        m.learnersMax = r.uint64Number();
        break;
      }
      case 32: {
        m.leaving = r.bool();
        break;
      }
      default:
        r.other(tag, 'MemberChange', MemberChangeFields);
    }
  }
}

export const MemberChange: Codec<MemberChange> = {
  typeName: 'conclave.MemberChange',
  create(fields) {
    const m = newMemberChange();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberChange(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberChange(m, sizes);
    return writeMemberChange(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberChange(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberChange(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberChange();
    mergeMemberChange(r, m);
    return m;
  },
};

/** `conclave.MemberUpdate` */
export interface MemberUpdate {
  memberID: bigint;
  peerUrls: string[];
}

const MemberUpdateFields: FieldNames = new Map([
  [1, 'Member_ID'],
  [2, 'PeerUrls'],
]);

export function newMemberUpdate(): MemberUpdate {
  return {
    memberID: 0n,
    peerUrls: [],
  };
}

export function sizeMemberUpdate(m: MemberUpdate): number {
  let n = 0;
  if (m.memberID !== 0n) {
    n += 1 + sizeBigint(m.memberID);
  }
  for (let i = 0, peerUrls = m.peerUrls; i < peerUrls.length; i++) {
    n += 1 + sizeString(peerUrls[i] as string);
  }
  return n;
}

export function writeMemberUpdate(
  m: MemberUpdate,
  out: Uint8Array,
  at: number,
): number {
  if (m.memberID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.memberID, out, at);
  }
  for (let i = 0, peerUrls = m.peerUrls; i < peerUrls.length; i++) {
    out[at++] = 18;
    at = writeString(peerUrls[i] as string, out, at);
  }
  return at;
}

export function mergeMemberUpdate(r: Reader, m: MemberUpdate): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.memberID = r.uint64();
        break;
      }
      case 18: {
        m.peerUrls.push(r.string());
        break;
      }
      default:
        r.other(tag, 'MemberUpdate', MemberUpdateFields);
    }
  }
}

export const MemberUpdate: Codec<MemberUpdate> = {
  typeName: 'conclave.MemberUpdate',
  create(fields) {
    const m = newMemberUpdate();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberUpdate(m);
  },
  write(m, out, at) {
    return writeMemberUpdate(m, out, at);
  },
  encode(m) {
    const size = sizeMemberUpdate(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberUpdate(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberUpdate();
    mergeMemberUpdate(r, m);
    return m;
  },
};

/** `conclave.MemberRow` */
export interface MemberRow {
  member: Member | null;
  incarnation: bigint;
  feature: number;
  leaving: boolean;
}

const MemberRowFields: FieldNames = new Map([
  [1, 'Member'],
  [2, 'Incarnation'],
  [3, 'Feature'],
  [4, 'Leaving'],
]);

export function newMemberRow(): MemberRow {
  return {
    member: null,
    incarnation: 0n,
    feature: 0,
    leaving: false,
  };
}

export function sizeMemberRow(m: MemberRow, sizes: Sizes): number {
  let n = 0;
  if (m.member !== null) {
    const place = sizes.reserve();
    const size = sizeMember(m.member, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.incarnation !== 0n) {
    n += 1 + sizeBigint(m.incarnation);
  }
  if (m.feature !== 0) {
    n += 1 + sizeNumber(m.feature);
  }
  if (m.leaving) {
    n += 2;
  }
  return n;
}

export function writeMemberRow(
  m: MemberRow,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.member !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(m.member, out, at, sizes);
  }
  if (m.incarnation !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.incarnation, out, at);
  }
  if (m.feature !== 0) {
    out[at++] = 24;
    at = writeNumber(m.feature, out, at);
  }
  if (m.leaving) {
    out[at++] = 32;
    out[at++] = 1;
  }
  return at;
}

export function mergeMemberRow(r: Reader, m: MemberRow): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.member ??= newMember());
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        break;
      }
      case 16: {
        m.incarnation = r.uint64();
        break;
      }
      case 24: {
        m.feature = r.uint64Number();
        break;
      }
      case 32: {
        m.leaving = r.bool();
        break;
      }
      default:
        r.other(tag, 'MemberRow', MemberRowFields);
    }
  }
}

export const MemberRow: Codec<MemberRow> = {
  typeName: 'conclave.MemberRow',
  create(fields) {
    const m = newMemberRow();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberRow(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberRow(m, sizes);
    return writeMemberRow(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberRow(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberRow(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberRow();
    mergeMemberRow(r, m);
    return m;
  },
};

/** `conclave.SessionAnswer` */
export interface SessionAnswer {
  sequence: number;
  index: number;
  revision: number;
  error: string;
  dropped: boolean;
  body: Uint8Array;
}

const SessionAnswerFields: FieldNames = new Map([
  [1, 'Sequence'],
  [2, 'Index'],
  [3, 'Revision'],
  [4, 'Error'],
  [5, 'Dropped'],
  [6, 'Body'],
]);

export function newSessionAnswer(): SessionAnswer {
  return {
    sequence: 0,
    index: 0,
    revision: 0,
    error: '',
    dropped: false,
    body: EMPTY_BYTES,
  };
}

export function sizeSessionAnswer(m: SessionAnswer): number {
  let n = 0;
  if (m.sequence !== 0) {
    n += 1 + sizeNumber(m.sequence);
  }
  if (m.index !== 0) {
    n += 1 + sizeNumber(m.index);
  }
  if (m.revision !== 0) {
    n += 1 + sizeNumber(m.revision);
  }
  if (m.error !== '') {
    n += 1 + sizeString(m.error);
  }
  if (m.dropped) {
    n += 2;
  }
  if (m.body.length !== 0) {
    n += 1 + sizeBytes(m.body);
  }
  return n;
}

export function writeSessionAnswer(
  m: SessionAnswer,
  out: Uint8Array,
  at: number,
): number {
  if (m.sequence !== 0) {
    out[at++] = 8;
    at = writeNumber(m.sequence, out, at);
  }
  if (m.index !== 0) {
    out[at++] = 16;
    at = writeNumber(m.index, out, at);
  }
  if (m.revision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.revision, out, at);
  }
  if (m.error !== '') {
    out[at++] = 34;
    at = writeString(m.error, out, at);
  }
  if (m.dropped) {
    out[at++] = 40;
    out[at++] = 1;
  }
  if (m.body.length !== 0) {
    out[at++] = 50;
    at = writeBytes(m.body, out, at);
  }
  return at;
}

export function mergeSessionAnswer(r: Reader, m: SessionAnswer): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.sequence = r.uint64Number();
        break;
      }
      case 16: {
        m.index = r.uint64Number();
        break;
      }
      case 24: {
        m.revision = r.uint64Number();
        break;
      }
      case 34: {
        m.error = r.string();
        break;
      }
      case 40: {
        m.dropped = r.bool();
        break;
      }
      case 50: {
        m.body = r.view();
        break;
      }
      default:
        r.other(tag, 'SessionAnswer', SessionAnswerFields);
    }
  }
}

export const SessionAnswer: Codec<SessionAnswer> = {
  typeName: 'conclave.SessionAnswer',
  create(fields) {
    const m = newSessionAnswer();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionAnswer(m);
  },
  write(m, out, at) {
    return writeSessionAnswer(m, out, at);
  },
  encode(m) {
    const size = sizeSessionAnswer(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionAnswer(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionAnswer();
    mergeSessionAnswer(r, m);
    return m;
  },
};

/** `conclave.SessionRow` */
export interface SessionRow {
  mark: number;
  lastIndex: number;
  answers: SessionAnswer[];
}

const SessionRowFields: FieldNames = new Map([
  [1, 'Mark'],
  [2, 'LastIndex'],
  [3, 'Answers'],
]);

export function newSessionRow(): SessionRow {
  return {
    mark: 0,
    lastIndex: 0,
    answers: [],
  };
}

export function sizeSessionRow(m: SessionRow, sizes: Sizes): number {
  let n = 0;
  if (m.mark !== 0) {
    n += 1 + sizeNumber(m.mark);
  }
  if (m.lastIndex !== 0) {
    n += 1 + sizeNumber(m.lastIndex);
  }
  for (let i = 0, answers = m.answers; i < answers.length; i++) {
    const size = sizeSessionAnswer(answers[i] as SessionAnswer);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeSessionRow(
  m: SessionRow,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.mark !== 0) {
    out[at++] = 8;
    at = writeNumber(m.mark, out, at);
  }
  if (m.lastIndex !== 0) {
    out[at++] = 16;
    at = writeNumber(m.lastIndex, out, at);
  }
  for (let i = 0, answers = m.answers; i < answers.length; i++) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeSessionAnswer(answers[i] as SessionAnswer, out, at);
  }
  return at;
}

export function mergeSessionRow(r: Reader, m: SessionRow): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.mark = r.uint64Number();
        break;
      }
      case 16: {
        m.lastIndex = r.uint64Number();
        break;
      }
      case 26: {
        const v = newSessionAnswer();
        const outer = r.enter();
        mergeSessionAnswer(r, v);
        r.leave(outer);
        m.answers.push(v);
        break;
      }
      default:
        r.other(tag, 'SessionRow', SessionRowFields);
    }
  }
}

export const SessionRow: Codec<SessionRow> = {
  typeName: 'conclave.SessionRow',
  create(fields) {
    const m = newSessionRow();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionRow(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeSessionRow(m, sizes);
    return writeSessionRow(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeSessionRow(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionRow(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionRow();
    mergeSessionRow(r, m);
    return m;
  },
};
