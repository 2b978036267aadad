/**
 * `conclavectl log dump`: the entries of a log on disk, without changing a byte of it.
 */
import { type Index, type LogDisk, type Term } from '@conclave/base';
import { EntryType } from '@conclave/wire';
import { refusal } from './open.js';
import { verifyLog } from './recovery.js';
import type { LogIdentity } from './segment-head.js';
import type { LogFault } from './types.js';

export interface DumpedEntry {
  readonly index: Index;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

export type DumpResult =
  | { readonly ok: true; readonly tornBytes: number }
  | { readonly ok: false; readonly code: LogFault; readonly message: string };

/**
 * Verifies the log and hands out every entry record in the order written, so an index that was
 * overwritten appears again, lower. Entries before trouble have been handed out when it is answered.
 * `data` is valid during the call only.
 */
export function dumpLog(
  disk: LogDisk,
  identity: LogIdentity,
  firstSegment: number,
  entry: (entry: DumpedEntry) => void,
): DumpResult {
  try {
    const { recovered } = verifyLog(disk, identity, firstSegment, {
      entry: (term, index, type, data) => entry({ index, term, type: type as EntryType, data }),
    });
    return { ok: true, tornBytes: recovered.tornBytes };
  } catch (error) {
    return { ok: false, ...refusal(error) };
  }
}

/** One line of the dump: `index term kind base64`. */
export function dumpLine(entry: DumpedEntry): string {
  const kind = entry.type === EntryType.CONF_CHANGE ? 'conf' : 'norm';
  return `${entry.index} ${entry.term} ${kind} ${toBase64(entry.data)}`;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const a = bytes[i] as number;
    const b = left > 1 ? (bytes[i + 1] as number) : 0;
    const c = left > 2 ? (bytes[i + 2] as number) : 0;
    out += (DIGITS[a >> 2] as string) + (DIGITS[((a & 3) << 4) | (b >> 4)] as string);
    out += left > 1 ? (DIGITS[((b & 15) << 2) | (c >> 6)] as string) : '=';
    out += left > 2 ? (DIGITS[c & 63] as string) : '=';
  }
  return out;
}
