import { type ByteString, toByteString } from '@conclave/base';

/**
 * The keys a create request asks for, by etcd's rules: no key means the lowest key, no end just the key, an
 * end of one zero byte everything from the key on. Null: empty range.
 */
export interface WatchRange {
  readonly key: ByteString;
  /** Half-open; null to the end of all keys; '' for just `key`. */
  readonly end: ByteString | null;
}

export function watchRange(keyBytes: Uint8Array, rangeEnd: Uint8Array): WatchRange | null {
  const key = keyBytes.length === 0 ? '\0' : toByteString(keyBytes);
  if (rangeEnd.length === 0) return { key, end: '' };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { key, end: null };
  const end = toByteString(rangeEnd);
  return end <= key ? null : { key, end };
}
