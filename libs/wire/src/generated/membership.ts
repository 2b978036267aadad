// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeNumber, sizeString, sizeUint32, writeBigint, writeNumber, writeString, writeUint32 } from '../protobuf/writer.js';

/** `membershippb.RaftAttributes` */
export interface RaftAttributes {
  peerUrls: string[];
  isLearner: boolean;
}

const RaftAttributesFields: FieldNames = new Map([
  [1, 'PeerUrls'],
  [2, 'IsLearner'],
]);

export function newRaftAttributes(): RaftAttributes {
  return {
    peerUrls: [],
    isLearner: false,
  };
}

export function sizeRaftAttributes(m: RaftAttributes): number {
  let n = 0;
  for (let i = 0, peerUrls = m.peerUrls; i < peerUrls.length; i++) {
    n += 1 + sizeString(peerUrls[i] as string);
  }
  if (m.isLearner) {
    n += 2;
  }
  return n;
}

export function writeRaftAttributes(
  m: RaftAttributes,
  out: Uint8Array,
  at: number,
): number {
  for (let i = 0, peerUrls = m.peerUrls; i < peerUrls.length; i++) {
    out[at++] = 10;
    at = writeString(peerUrls[i] as string, out, at);
  }
  if (m.isLearner) {
    out[at++] = 16;
    out[at++] = 1;
  }
  return at;
}

export function mergeRaftAttributes(r: Reader, m: RaftAttributes): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.peerUrls.push(r.string());
        break;
      }
      case 16: {
        m.isLearner = r.bool();
        break;
      }
      default:
        r.other(tag, 'RaftAttributes', RaftAttributesFields);
    }
  }
}

export const RaftAttributes: Codec<RaftAttributes> = {
  typeName: 'membershippb.RaftAttributes',
  create(fields) {
    const m = newRaftAttributes();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRaftAttributes(m);
  },
  write(m, out, at) {
    return writeRaftAttributes(m, out, at);
  },
  encode(m) {
    const size = sizeRaftAttributes(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRaftAttributes(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRaftAttributes();
    mergeRaftAttributes(r, m);
    return m;
  },
};

/** `membershippb.Attributes` */
export interface Attributes {
  name: string;
  clientUrls: string[];
}

const AttributesFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'ClientUrls'],
]);

export function newAttributes(): Attributes {
  return {
    name: '',
    clientUrls: [],
  };
}

export function sizeAttributes(m: Attributes): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  for (let i = 0, clientUrls = m.clientUrls; i < clientUrls.length; i++) {
    n += 1 + sizeString(clientUrls[i] as string);
  }
  return n;
}

export function writeAttributes(
  m: Attributes,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  for (let i = 0, clientUrls = m.clientUrls; i < clientUrls.length; i++) {
    out[at++] = 18;
    at = writeString(clientUrls[i] as string, out, at);
  }
  return at;
}

export function mergeAttributes(r: Reader, m: Attributes): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.clientUrls.push(r.string());
        break;
      }
      default:
        r.other(tag, 'Attributes', AttributesFields);
    }
  }
}

export const Attributes: Codec<Attributes> = {
  typeName: 'membershippb.Attributes',
  create(fields) {
    const m = newAttributes();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAttributes(m);
  },
  write(m, out, at) {
    return writeAttributes(m, out, at);
  },
  encode(m) {
    const size = sizeAttributes(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAttributes(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAttributes();
    mergeAttributes(r, m);
    return m;
  },
};

/** `membershippb.Member` */
export interface Member {
  ID: bigint;
  raftAttributes: RaftAttributes | null;
  memberAttributes: Attributes | null;
}

const MemberFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'RaftAttributes'],
  [3, 'MemberAttributes'],
]);

export function newMember(): Member {
  return {
    ID: 0n,
    raftAttributes: null,
    memberAttributes: null,
  };
}

export function sizeMember(m: Member, sizes: Sizes): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.raftAttributes !== null) {
    const size = sizeRaftAttributes(m.raftAttributes);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.memberAttributes !== null) {
    const size = sizeAttributes(m.memberAttributes);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMember(
  m: Member,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.raftAttributes !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeRaftAttributes(m.raftAttributes, out, at);
  }
  if (m.memberAttributes !== null) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeAttributes(m.memberAttributes, out, at);
  }
  return at;
}

export function mergeMember(r: Reader, m: Member): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      case 18: {
        const v = (m.raftAttributes ??= newRaftAttributes());
        const outer = r.enter();
        mergeRaftAttributes(r, v);
        r.leave(outer);
        break;
      }
      case 26: {
        const v = (m.memberAttributes ??= newAttributes());
        const outer = r.enter();
        mergeAttributes(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'Member', MemberFields);
    }
  }
}

export const Member: Codec<Member> = {
  typeName: 'membershippb.Member',
  create(fields) {
    const m = newMember();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMember(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMember(m, sizes);
    return writeMember(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMember(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMember(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMember();
    mergeMember(r, m);
    return m;
  },
};

/** `membershippb.ClusterVersionSetRequest` */
export interface ClusterVersionSetRequest {
  ver: string;
}

const ClusterVersionSetRequestFields: FieldNames = new Map([
  [1, 'Ver'],
]);

export function newClusterVersionSetRequest(): ClusterVersionSetRequest {
  return {
    ver: '',
  };
}

export function sizeClusterVersionSetRequest(m: ClusterVersionSetRequest): number {
  let n = 0;
  if (m.ver !== '') {
    n += 1 + sizeString(m.ver);
  }
  return n;
}

export function writeClusterVersionSetRequest(
  m: ClusterVersionSetRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ver !== '') {
    out[at++] = 10;
    at = writeString(m.ver, out, at);
  }
  return at;
}

export function mergeClusterVersionSetRequest(r: Reader, m: ClusterVersionSetRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.ver = r.string();
        break;
      }
      default:
        r.other(tag, 'ClusterVersionSetRequest', ClusterVersionSetRequestFields);
    }
  }
}

export const ClusterVersionSetRequest: Codec<ClusterVersionSetRequest> = {
  typeName: 'membershippb.ClusterVersionSetRequest',
  create(fields) {
    const m = newClusterVersionSetRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeClusterVersionSetRequest(m);
  },
  write(m, out, at) {
    return writeClusterVersionSetRequest(m, out, at);
  },
  encode(m) {
    const size = sizeClusterVersionSetRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeClusterVersionSetRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newClusterVersionSetRequest();
    mergeClusterVersionSetRequest(r, m);
    return m;
  },
};

/** `membershippb.ClusterMemberAttrSetRequest` */
export interface ClusterMemberAttrSetRequest {
  memberID: bigint;
  memberAttributes: Attributes | null;
  incarnation: bigint;
  feature: number;
}

const ClusterMemberAttrSetRequestFields: FieldNames = new Map([
  [1, 'Member_ID'],
  [2, 'MemberAttributes'],
  [1000, 'Incarnation'],
  [1001, 'Feature'],
]);

export function newClusterMemberAttrSetRequest(): ClusterMemberAttrSetRequest {
  return {
    memberID: 0n,
    memberAttributes: null,
    incarnation: 0n,
    feature: 0,
  };
}

export function sizeClusterMemberAttrSetRequest(m: ClusterMemberAttrSetRequest, sizes: Sizes): number {
  let n = 0;
  if (m.memberID !== 0n) {
    n += 1 + sizeBigint(m.memberID);
  }
  if (m.memberAttributes !== null) {
    const size = sizeAttributes(m.memberAttributes);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.incarnation !== 0n) {
    n += 2 + sizeBigint(m.incarnation);
  }
  if (m.feature !== 0) {
    n += 2 + sizeNumber(m.feature);
  }
  return n;
}

export function writeClusterMemberAttrSetRequest(
  m: ClusterMemberAttrSetRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.memberID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.memberID, out, at);
  }
  if (m.memberAttributes !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeAttributes(m.memberAttributes, out, at);
  }
  if (m.incarnation !== 0n) {
    out[at++] = 192;
    out[at++] = 62;
    at = writeBigint(m.incarnation, out, at);
  }
  if (m.feature !== 0) {
    out[at++] = 200;
    out[at++] = 62;
    at = writeNumber(m.feature, out, at);
  }
  return at;
}

export function mergeClusterMemberAttrSetRequest(r: Reader, m: ClusterMemberAttrSetRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.memberID = r.uint64();
        break;
      }
      case 18: {
        const v = (m.memberAttributes ??= newAttributes());
        const outer = r.enter();
        mergeAttributes(r, v);
        r.leave(outer);
        break;
      }
      case 8000: {
        m.incarnation = r.uint64();
        break;
      }
      case 8008: {
        m.feature = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'ClusterMemberAttrSetRequest', ClusterMemberAttrSetRequestFields);
    }
  }
}

export const ClusterMemberAttrSetRequest: Codec<ClusterMemberAttrSetRequest> = {
  typeName: 'membershippb.ClusterMemberAttrSetRequest',
  create(fields) {
    const m = newClusterMemberAttrSetRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeClusterMemberAttrSetRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeClusterMemberAttrSetRequest(m, sizes);
    return writeClusterMemberAttrSetRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeClusterMemberAttrSetRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeClusterMemberAttrSetRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newClusterMemberAttrSetRequest();
    mergeClusterMemberAttrSetRequest(r, m);
    return m;
  },
};

/** `membershippb.DowngradeInfoSetRequest` */
export interface DowngradeInfoSetRequest {
  enabled: boolean;
  ver: string;
}

const DowngradeInfoSetRequestFields: FieldNames = new Map([
  [1, 'Enabled'],
  [2, 'Ver'],
]);

export function newDowngradeInfoSetRequest(): DowngradeInfoSetRequest {
  return {
    enabled: false,
    ver: '',
  };
}

export function sizeDowngradeInfoSetRequest(m: DowngradeInfoSetRequest): number {
  let n = 0;
  if (m.enabled) {
    n += 2;
  }
  if (m.ver !== '') {
    n += 1 + sizeString(m.ver);
  }
  return n;
}

export function writeDowngradeInfoSetRequest(
  m: DowngradeInfoSetRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.enabled) {
    out[at++] = 8;
    out[at++] = 1;
  }
  if (m.ver !== '') {
    out[at++] = 18;
    at = writeString(m.ver, out, at);
  }
  return at;
}

export function mergeDowngradeInfoSetRequest(r: Reader, m: DowngradeInfoSetRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.enabled = r.bool();
        break;
      }
      case 18: {
        m.ver = r.string();
        break;
      }
      default:
        r.other(tag, 'DowngradeInfoSetRequest', DowngradeInfoSetRequestFields);
    }
  }
}

export const DowngradeInfoSetRequest: Codec<DowngradeInfoSetRequest> = {
  typeName: 'membershippb.DowngradeInfoSetRequest',
  create(fields) {
    const m = newDowngradeInfoSetRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDowngradeInfoSetRequest(m);
  },
  write(m, out, at) {
    return writeDowngradeInfoSetRequest(m, out, at);
  },
  encode(m) {
    const size = sizeDowngradeInfoSetRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDowngradeInfoSetRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDowngradeInfoSetRequest();
    mergeDowngradeInfoSetRequest(r, m);
    return m;
  },
};
