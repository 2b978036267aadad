/**
 * The two small files that say whose directory this is and which state counts.
 *
 *     member/identity   cluster id, member id, incarnation; written once
 *     member/current    number of the state directory, first segment of the log; replaced by one rename
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Current } from '@conclave/base';
import { storageError } from './disk-trouble.js';
import { sealText, unsealText } from './sealed-text.js';

const IDENTITY_FORMAT = 1;
const CURRENT_FORMAT = 1;

export interface Identity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** Random, drawn at birth; tells a wiped directory from the one that was there before. */
  readonly incarnation: bigint;
}

export function encodeIdentity(identity: Identity): Uint8Array {
  return sealText(IDENTITY_FORMAT, {
    clusterId: identity.clusterId.toString(16),
    memberId: identity.memberId.toString(16),
    incarnation: identity.incarnation.toString(16),
  });
}

/** Throws `corrupt` or `unknown-format`. */
export function decodeIdentity(bytes: Uint8Array, file: string): Identity {
  const fields = unsealText(bytes, IDENTITY_FORMAT, `identity ${file}`);
  const id = (name: keyof Identity): bigint => {
    const text = String(fields[name]);
    if (!/^[0-9a-f]{1,16}$/.test(text)) {
      throw storageError('corrupt', `identity ${file} is corrupt: ${name} is not an id`);
    }
    return BigInt(`0x${text}`);
  };
  return {
    clusterId: id('clusterId'),
    memberId: id('memberId'),
    incarnation: id('incarnation'),
  };
}

export function encodeCurrent(current: Current): Uint8Array {
  const { stateNumber, firstSegment } = current;
  return sealText(CURRENT_FORMAT, { stateNumber, firstSegment });
}

/** Throws `corrupt` or `unknown-format`. */
export function decodeCurrent(bytes: Uint8Array, file: string): Current {
  const fields = unsealText(bytes, CURRENT_FORMAT, `file ${file}`);
  const number = (name: keyof Current): number => {
    const value = fields[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
      throw storageError('corrupt', `file ${file} is corrupt: ${name} is not a number`);
    }
    return value;
  };
  return { stateNumber: number('stateNumber'), firstSegment: number('firstSegment') };
}

/** Both, of a member that runs or not: for tools that only look. Throws as the decoders do, and `missing`. */
export function readMemberFilesSync(dataDirectory: string): {
  readonly identity: Identity;
  readonly current: Current;
  /** Where the log's files are. */
  readonly logDirectory: string;
} {
  const member = path.join(dataDirectory, 'member');
  const read = (name: string): Uint8Array => {
    const file = path.join(member, name);
    try {
      return fs.readFileSync(file);
    } catch (error) {
      throw storageError('missing', `${file} cannot be read`, error);
    }
  };
  return {
    identity: decodeIdentity(read('identity'), path.join(member, 'identity')),
    current: decodeCurrent(read('current'), path.join(member, 'current')),
    logDirectory: path.join(member, 'log'),
  };
}
