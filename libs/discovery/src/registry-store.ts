/**
 * What a discovery service keeps: tokens, each with the size of the cluster to be and the members that
 * have registered. Two stores keep it: `LocalStore` (an engine of its own) and `ClusterStore` (any etcd
 * v3 cluster, so that several services share one registry).
 *
 * Invariants of both: an answer is given only once the change is durable; an index is never reused and
 * grows with each change, so the order of `createdIndex` is the order in which members registered.
 */
export interface MemberRecord {
  /** The member's id as it wrote it: hex, unpadded. */
  readonly id: string;
  /** `name=url[,name=url]`, as registered; never interpreted here. */
  readonly value: string;
  readonly createdIndex: number;
  readonly modifiedIndex: number;
}

export interface TokenRecord {
  readonly token: string;
  /** Members that the cluster begins with. */
  readonly size: number;
  readonly sizeIndex: number;
  /** Null where the store does not know it (a token that an operator put there by hand). */
  readonly createdMs: number | null;
  /** Null: never. */
  readonly expiresMs: number | null;
  /** Index of the last removal of a member; 0: none was removed. */
  readonly removedIndex: number;
  /** In the order of `createdIndex`. */
  readonly members: readonly MemberRecord[];
}

/** One consistent look at a token, at the store's `index`. */
export interface TokenView {
  readonly index: number;
  readonly record: TokenRecord | null;
}

/** `create`: only if it is new; `update`: only if it is there; `set`: either. */
export type PutMode = 'create' | 'update' | 'set';

export type StoreRefusal =
  | 'token-exists'
  | 'no-token'
  | 'too-many-tokens'
  | 'member-exists'
  | 'no-member'
  | 'too-many-members'
  | 'registry-full';

export type Changed =
  | {
      readonly ok: true;
      readonly index: number;
      readonly member: MemberRecord | null;
      readonly before: MemberRecord | null;
    }
  | { readonly ok: false; readonly code: StoreRefusal; readonly index: number };

export interface StoreLimits {
  readonly tokensMax: number;
  readonly membersPerTokenMax: number;
  /** Bytes of ids and values of all tokens; only a `LocalStore` bounds them itself. */
  readonly bytesMax: number;
  /** Life of a token; 0: for ever. */
  readonly tokenTtlMs: number;
}

export const DEFAULT_STORE_LIMITS: StoreLimits = Object.freeze({
  tokensMax: 10_000,
  membersPerTokenMax: 64,
  bytesMax: 64 * 1024 * 1024,
  tokenTtlMs: 168 * 3_600_000,
});

/** Rejects with a `StoreError` when the store is not there: nothing is known about the change then. */
export interface RegistryStore {
  createToken(token: string, size: number): Promise<Changed>;
  read(token: string): Promise<TokenView>;
  putMember(token: string, id: string, value: string, mode: PutMode): Promise<Changed>;
  removeMember(token: string, id: string): Promise<Changed>;
  removeToken(token: string): Promise<Changed>;
  /** Calls `changed` after each change of the token (and sometimes without one); answers how to stop. */
  watch(token: string, changed: () => void): () => void;
  /** Whether a change could be made now. */
  isHealthy(): Promise<boolean>;
  /** For metrics; -1 where counting would cost a request. */
  readonly tokenCount: number;
  close(): Promise<void>;
}

/** The store cannot be reached, or does not know whether a change was made. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
