/**
 * JSON as etcdctl prints messages (spec 7.3): 64-bit numbers stay numbers, bytes are base64, what has its
 * zero value is left out, names are those of the protocol.
 */
import type { Member, ResponseHeader } from '@conclave/wire';

type Json = bigint | number | string | boolean | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | null;
}

function isZero(value: Json | null): boolean {
  if (value === null || value === 0 || value === 0n || value === '' || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

/** One line, without the fields that have nothing in them. */
export function goJson(value: Json): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(goJson).join(',')}]`;
  const fields = Object.entries(value as JsonObject).flatMap(([name, field]) =>
    isZero(field) ? [] : [`${JSON.stringify(name)}:${goJson(field as Json)}`],
  );
  return `{${fields.join(',')}}`;
}

export function headerJson(header: ResponseHeader | null): JsonObject {
  return {
    cluster_id: header?.clusterId ?? 0n,
    member_id: header?.memberId ?? 0n,
    revision: header?.revision ?? 0,
    raft_term: header?.raftTerm ?? 0,
  };
}

export function memberJson(member: Member): JsonObject {
  const { ID, name, peerURLs, clientURLs, isLearner } = member;
  return { ID, name, peerURLs, clientURLs, isLearner };
}
