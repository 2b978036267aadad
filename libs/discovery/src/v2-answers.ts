/**
 * Answers in the form of etcd's v2 keys API (spec 4.5, 4.6): JSON events, and errors with their numbers.
 */
import type { ServerResponse } from 'node:http';
import type { MemberRecord, TokenRecord } from './registry-store.js';

const REGISTRY = '/_etcd/registry';

export interface V2Node {
  readonly key: string;
  readonly value?: string;
  readonly dir?: true;
  readonly nodes?: readonly V2Node[];
  readonly modifiedIndex: number;
  readonly createdIndex: number;
}

export interface V2Event {
  readonly action: 'get' | 'set' | 'create' | 'update' | 'delete';
  readonly node: V2Node;
  readonly prevNode?: V2Node;
}

interface ErrorRow {
  readonly status: number;
  readonly message: string;
}

/** Only those that a discovery service can give. */
const ERRORS = {
  100: { status: 404, message: 'Key not found' },
  102: { status: 403, message: 'Not a file' },
  103: { status: 400, message: 'Reached the max number of peers in the cluster' },
  105: { status: 412, message: 'Key already exists' },
  107: { status: 400, message: 'Root is read only' },
  203: { status: 400, message: 'The given index in POST form is not a number' },
  209: { status: 400, message: 'Invalid field' },
  210: { status: 400, message: 'Invalid POST form' },
  300: { status: 503, message: 'Raft Internal Error' },
} as const satisfies Readonly<Record<number, ErrorRow>>;

export type V2ErrorCode = keyof typeof ERRORS;

export function tokenPath(token: string): string {
  return `${REGISTRY}/${token}`;
}

export function memberPath(token: string, id: string): string {
  return `${REGISTRY}/${token}/${id}`;
}

export function sizePath(token: string): string {
  return `${REGISTRY}/${token}/_config/size`;
}

export function memberNode(token: string, member: MemberRecord): V2Node {
  const { value, createdIndex, modifiedIndex } = member;
  return { key: memberPath(token, member.id), value, modifiedIndex, createdIndex };
}

/** The token's directory; `_config` is hidden, as every name that begins with `_`. */
export function tokenNode(record: TokenRecord): V2Node {
  const nodes = record.members.map((member) => memberNode(record.token, member));
  return {
    key: tokenPath(record.token),
    dir: true,
    ...(nodes.length > 0 ? { nodes } : {}),
    modifiedIndex: record.sizeIndex,
    createdIndex: record.sizeIndex,
  };
}

export function sizeNode(record: TokenRecord): V2Node {
  const value = String(record.size);
  const index = record.sizeIndex;
  return { key: sizePath(record.token), value, modifiedIndex: index, createdIndex: index };
}

/** Sends headers; the body comes later (a wait) or at once. */
export function beginV2(response: ServerResponse, status: number, index: number): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'X-Etcd-Index': String(index),
    'Cache-Control': 'no-store',
  });
}

export function sendEvent(
  response: ServerResponse,
  index: number,
  event: V2Event,
  status = 200,
): void {
  beginV2(response, status, index);
  response.end(`${JSON.stringify(event)}\n`);
}

export function sendV2Error(
  response: ServerResponse,
  code: V2ErrorCode,
  cause: string,
  index: number,
): void {
  const { status, message } = ERRORS[code];
  beginV2(response, status, index);
  response.end(`${JSON.stringify({ errorCode: code, message, cause, index })}\n`);
}
