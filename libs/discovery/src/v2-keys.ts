/**
 * The part of etcd's v2 keys API that its discovery client speaks (spec 5.1), below
 * `/TOKEN` and below `/v2/keys/_etcd/registry/TOKEN`.
 *
 * Different from a plain v2 store, for the good of the cluster that forms:
 *   - waits are answered from what is registered, not from a window of history, so a restart of the
 *     service in the middle of a bootstrap loses nobody an event;
 *   - the removal of a member is never an event, which etcd would count as one more member: who waits is
 *     sent back to look at the whole again (503, on which etcd's client does just that);
 *   - the size of a token cannot be changed.
 */
import type { ServerResponse } from 'node:http';
import type { HttpRequest } from './http-request.js';
import { isMemberId, isToken } from './names.js';
import type { MemberRecord, PutMode, RegistryStore, TokenView } from './registry-store.js';
import {
  type V2Event,
  beginV2,
  memberNode,
  memberPath,
  sendEvent,
  sendV2Error,
  sizeNode,
  sizePath,
  tokenNode,
  tokenPath,
} from './v2-answers.js';
import type { Waiting } from './waiting.js';

/** What a path below the registry names. */
export type V2Target =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'config'; readonly token: string }
  | { readonly type: 'size'; readonly token: string }
  | { readonly type: 'member'; readonly token: string; readonly id: string };

export interface V2Limits {
  readonly clusterSizeMax: number;
  readonly valueBytesMax: number;
  readonly waitMs: number;
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);
const BOOLEANS = ['recursive', 'sorted', 'quorum', 'wait', 'stream', 'dir', 'noValueOnSuccess'];

/** Null: no path of a registry. `path` is decoded and begins with a slash. */
export function v2Target(path: string): V2Target | null {
  const below = path.replace(/^\/v2\/keys\/_etcd\/registry(?=\/)/, '');
  const [token, first, second, ...rest] = below.replace(/\/+$/, '').slice(1).split('/');
  if (token === undefined || !isToken(token) || rest.length > 0) return null;
  if (first === undefined) return { type: 'token', token };
  if (first === '_config') {
    if (second === undefined) return { type: 'config', token };
    return second === 'size' ? { type: 'size', token } : null;
  }
  return second === undefined && isMemberId(first) ? { type: 'member', token, id: first } : null;
}

function pathOf(target: V2Target): string {
  switch (target.type) {
    case 'token':
      return tokenPath(target.token);
    case 'config':
      return `${tokenPath(target.token)}/_config`;
    case 'size':
      return sizePath(target.token);
    case 'member':
      return memberPath(target.token, target.id);
  }
}

function field(request: HttpRequest, name: string): string | null {
  return request.form?.get(name) ?? request.query.get(name);
}

/** Null: absent or false; a bad one was answered by `checkFields`. */
function isSet(request: HttpRequest, name: string): boolean {
  return TRUE.has(field(request, name) ?? '');
}

/** Answers a request whose parameters cannot be read; true if it did. */
function refuseFields(request: HttpRequest, response: ServerResponse): boolean {
  for (const name of BOOLEANS) {
    const text = field(request, name);
    if (text === null || TRUE.has(text) || FALSE.has(text)) continue;
    sendV2Error(response, 209, `invalid value for "${name}"`, 0);
    return true;
  }
  for (const name of ['waitIndex', 'prevIndex']) {
    const text = field(request, name);
    if (text === null || /^\d{1,16}$/.test(text)) continue;
    sendV2Error(response, 203, `invalid value for "${name}"`, 0);
    return true;
  }
  const prevExist = field(request, 'prevExist');
  if (prevExist !== null && !TRUE.has(prevExist) && !FALSE.has(prevExist)) {
    sendV2Error(response, 209, 'invalid value for prevExist', 0);
    return true;
  }
  if (isSet(request, 'wait') && request.method !== 'GET') {
    sendV2Error(response, 209, '"wait" can only be used with GET requests', 0);
    return true;
  }
  for (const name of ['prevValue', 'ttl', 'refresh', 'dir']) {
    if (request.method !== 'PUT' || field(request, name) === null) continue;
    sendV2Error(response, 209, `"${name}" is not part of the discovery protocol`, 0);
    return true;
  }
  return false;
}

export class V2Keys {
  readonly #store: RegistryStore;
  readonly #waiting: Waiting;
  readonly #limits: V2Limits;

  constructor(store: RegistryStore, waiting: Waiting, limits: V2Limits) {
    this.#store = store;
    this.#waiting = waiting;
    this.#limits = limits;
  }

  /** Rejects with a `StoreError` when the store is not there. */
  async answer(target: V2Target, request: HttpRequest, response: ServerResponse): Promise<void> {
    if (refuseFields(request, response)) return;
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        if (isSet(request, 'wait')) await this.#wait(target, request, response);
        else this.#get(target, await this.#store.read(target.token), response);
        return;
      case 'PUT':
        await this.#put(target, request, response);
        return;
      case 'DELETE':
        await this.#delete(target, request, response);
        return;
      default:
        response.writeHead(405, { Allow: 'GET,HEAD,PUT,DELETE', 'Content-Type': 'text/plain' });
        response.end('Method Not Allowed\n');
    }
  }

  #get(target: V2Target, view: TokenView, response: ServerResponse): void {
    const node = nodeOf(target, view);
    if (node === null) sendV2Error(response, 100, missing(target, view), view.index);
    else sendEvent(response, view.index, { action: 'get', node });
  }

  async #wait(target: V2Target, request: HttpRequest, response: ServerResponse): Promise<void> {
    const { index, record } = await this.#store.read(target.token);
    if (record === null) {
      sendV2Error(response, 100, tokenPath(target.token), index);
      return;
    }
    if (this.#waiting.isFull) {
      sendV2Error(response, 300, 'too many requests are waiting', index);
      return;
    }
    const asked = Number(field(request, 'waitIndex') ?? 0);
    const from = asked === 0 ? index + 1 : asked;
    const isRecursive = isSet(request, 'recursive');
    let isBegun = false;
    const begin = (at: number): void => {
      if (!isBegun) beginV2(response, 200, at);
      isBegun = true;
    };
    this.#waiting.begin(response, {
      token: target.token,
      timeoutMs: this.#limits.waitMs,
      look: async () => {
        const view = await this.#store.read(target.token);
        if (response.destroyed || response.writableEnded) return true;
        const found = eventFrom(target, view, from, isRecursive);
        if (found === 'again' || found === 'gone') {
          // Once the head is out, an empty body makes the client ask again, and be told then.
          if (isBegun) response.end();
          else if (found === 'gone') sendV2Error(response, 100, missing(target, view), view.index);
          else sendV2Error(response, 300, 'a member was removed; look again', view.index);
          return true;
        }
        begin(view.index);
        if (found === null) {
          response.flushHeaders();
          return false;
        }
        response.end(`${JSON.stringify(found)}\n`);
        return true;
      },
      giveUp: () => {
        begin(index);
        response.end();
      },
    });
  }

  async #put(target: V2Target, request: HttpRequest, response: ServerResponse): Promise<void> {
    const value = field(request, 'value') ?? '';
    const prevExist = field(request, 'prevExist');
    const mode: PutMode = prevExist === null ? 'set' : TRUE.has(prevExist) ? 'update' : 'create';
    if (target.type === 'size') {
      await this.#putSize(target.token, value, mode, response);
      return;
    }
    if (target.type !== 'member') {
      const { index } = await this.#store.read(target.token);
      sendV2Error(response, 102, pathOf(target), index);
      return;
    }
    if (Buffer.byteLength(value) > this.#limits.valueBytesMax) {
      sendV2Error(response, 209, `value is above ${this.#limits.valueBytesMax} bytes`, 0);
      return;
    }
    const { token, id } = target;
    const changed = await this.#store.putMember(token, id, value, mode);
    if (changed.ok) {
      const { member, before, index } = changed;
      if (member === null) throw new Error('a registration that was made is told');
      const action = mode;
      const prevNode = before === null ? {} : { prevNode: memberNode(token, before) };
      const event: V2Event = { action, node: memberNode(token, member), ...prevNode };
      sendEvent(response, index, event, before === null ? 201 : 200);
      return;
    }
    switch (changed.code) {
      case 'no-token':
        sendV2Error(response, 100, tokenPath(token), changed.index);
        return;
      case 'no-member':
        sendV2Error(response, 100, pathOf(target), changed.index);
        return;
      case 'member-exists':
        sendV2Error(response, 105, pathOf(target), changed.index);
        return;
      default:
        sendV2Error(response, 103, `${tokenPath(token)}: ${changed.code}`, changed.index);
    }
  }

  /** An operator's own token: `PUT …/TOKEN/_config/size value=3`. */
  async #putSize(
    token: string,
    value: string,
    mode: PutMode,
    response: ServerResponse,
  ): Promise<void> {
    const size = /^\d{1,4}$/.test(value) ? Number(value) : 0;
    if (size < 1 || size > this.#limits.clusterSizeMax) {
      const cause = `size is a number from 1 to ${this.#limits.clusterSizeMax}`;
      sendV2Error(response, 209, cause, 0);
      return;
    }
    if (mode === 'update') {
      sendV2Error(response, 209, 'the size of a token cannot be changed', 0);
      return;
    }
    const changed = await this.#store.createToken(token, size);
    if (changed.ok) {
      const node = {
        key: sizePath(token),
        value,
        modifiedIndex: changed.index,
        createdIndex: changed.index,
      };
      sendEvent(response, changed.index, { action: mode, node }, 201);
    } else if (changed.code === 'token-exists') {
      sendV2Error(response, 105, sizePath(token), changed.index);
    } else sendV2Error(response, 300, `no room: ${changed.code}`, changed.index);
  }

  async #delete(target: V2Target, request: HttpRequest, response: ServerResponse): Promise<void> {
    const { token } = target;
    if (target.type === 'size' || target.type === 'config') {
      const { index } = await this.#store.read(token);
      sendV2Error(response, 107, pathOf(target), index);
      return;
    }
    if (target.type === 'token' && !isSet(request, 'recursive')) {
      const { index } = await this.#store.read(token);
      sendV2Error(response, 102, pathOf(target), index);
      return;
    }
    const changed =
      target.type === 'token'
        ? await this.#store.removeToken(token)
        : await this.#store.removeMember(token, target.id);
    if (!changed.ok) {
      const cause = changed.code === 'no-token' ? tokenPath(token) : pathOf(target);
      sendV2Error(response, 100, cause, changed.index);
      return;
    }
    const { index, before } = changed;
    const node = {
      key: pathOf(target),
      ...(target.type === 'token' ? { dir: true as const } : {}),
      modifiedIndex: index,
      createdIndex: before?.createdIndex ?? index,
    };
    const prevNode = before === null ? {} : { prevNode: memberNode(token, before) };
    sendEvent(response, index, { action: 'delete', node, ...prevNode });
  }
}

/** etcd names the first part of a path that is not there. */
function missing(target: V2Target, { record }: TokenView): string {
  return record === null ? tokenPath(target.token) : pathOf(target);
}

function nodeOf(target: V2Target, { record }: TokenView): V2Event['node'] | null {
  if (record === null) return null;
  switch (target.type) {
    case 'token':
      return tokenNode(record);
    case 'size':
      return sizeNode(record);
    case 'config': {
      const index = record.sizeIndex;
      const key = pathOf(target);
      const nodes = [sizeNode(record)];
      return { key, dir: true, nodes, modifiedIndex: index, createdIndex: index };
    }
    case 'member': {
      const member = record.members.find((m) => m.id === target.id);
      return member === undefined ? null : memberNode(record.token, member);
    }
  }
}

/** What a wait from index `from` is answered with; null: nothing yet. */
function eventFrom(
  target: V2Target,
  { record }: TokenView,
  from: number,
  isRecursive: boolean,
): V2Event | 'again' | 'gone' | null {
  if (record === null) return 'gone';
  const { token, members, sizeIndex, removedIndex } = record;
  switch (target.type) {
    case 'token': {
      // A wait on a directory that is not recursive is for the directory itself, which never changes.
      if (!isRecursive) return null;
      if (removedIndex >= from) return 'again';
      return earliest(token, members, from);
    }
    case 'member': {
      const own = members.filter((m) => m.id === target.id);
      if (own.length > 0) return earliest(token, own, from);
      if (removedIndex < from) return null;
      const key = memberPath(token, target.id);
      const node = { key, modifiedIndex: removedIndex, createdIndex: removedIndex };
      return { action: 'delete', node };
    }
    case 'config':
    case 'size':
      return sizeIndex >= from ? { action: 'create', node: sizeNode(record) } : null;
  }
}

function earliest(token: string, members: readonly MemberRecord[], from: number): V2Event | null {
  let first: MemberRecord | null = null;
  for (const member of members) {
    if (member.modifiedIndex < from) continue;
    if (first === null || member.modifiedIndex < first.modifiedIndex) first = member;
  }
  if (first === null) return null;
  const action = first.createdIndex === first.modifiedIndex ? 'create' : 'update';
  return { action, node: memberNode(token, first) };
}
