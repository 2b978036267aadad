/**
 * The numbers of the field, told apart by the compiler.
 *
 * Each is a safe integer (at most 2^53 - 1). The flavour is optional, so a plain number may be given
 * where a flavoured one is asked for, but a term never where an index is asked for. What arrives
 * from outside is range-checked at decode, so no arithmetic here can lose a bit.
 * Cluster, member and lease ids are random over 64 bits and stay `bigint`.
 */
export type Term = number & { readonly __flavour?: 'term' };
export type Index = number & { readonly __flavour?: 'index' };
export type Revision = number & { readonly __flavour?: 'revision' };

/** The largest number a term, index or revision can be. */
export const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

/** A 64-bit id as etcd prints it: lower-case hex without padding. */
export function hexId(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
