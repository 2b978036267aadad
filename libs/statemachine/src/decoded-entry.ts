/**
 * A NORMAL entry, decoded. A committed entry that does not decode was not written by any of us: the
 * process stops before the entry has changed anything (reliability rule 32).
 */
import { AssertionError } from '@conclave/base';
import {
  DecodeError,
  type Entry,
  type RequestHeader,
  decodeInternalRaftRequest,
} from '@conclave/wire';
import { type Command, decodeCommand, operationOf } from './command.js';

export interface DecodedEntry {
  readonly entry: Entry;
  readonly header: RequestHeader;
  readonly command: Command;
  /** Its name in metrics. */
  readonly operation: string;
}

export function decodeEntryRequest(entry: Entry): DecodedEntry {
  return requireDecodable(entry, () => {
    const { header, field, body } = decodeInternalRaftRequest(entry.data);
    const operation = operationOf(field);
    return { entry, header, command: decodeCommand(field, body), operation };
  });
}

/** What `decode` gives; a DecodeError becomes a broken invariant. */
export function requireDecodable<T>(entry: Entry, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new AssertionError(`committed entry ${entry.index} does not decode: ${error.message}`);
  }
}
