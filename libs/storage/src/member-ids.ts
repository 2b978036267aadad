/** Ids as etcd derives them (spec 2.9), so that the same configuration gives the same cluster. */
import { createHash } from 'node:crypto';

/** First 8 bytes (big endian) of SHA-1 over the sorted peer URLs, one behind the other, and the salt:
 *  the cluster token for a member of the initial cluster, the Unix time in seconds for an added one. */
export function memberId(peerURLs: readonly string[], salt: string): bigint {
  return first8(Buffer.from([...peerURLs].sort().join('') + salt));
}

/** First 8 bytes of SHA-1 over the sorted ids of the initial members, 8 bytes each. */
export function clusterId(memberIds: readonly bigint[]): bigint {
  const bytes = Buffer.alloc(8 * memberIds.length);
  [...memberIds]
    .sort((a, b) => (a < b ? -1 : 1))
    .forEach((id, i) => bytes.writeBigUInt64BE(id, 8 * i));
  return first8(bytes);
}

function first8(bytes: Buffer): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}
