/**
 * Assertions that stay on in production: a broken invariant stops the process before it can spread.
 *
 * The message is a plain string, never a template built when all is well; the comparing forms put
 * the values in only once they have failed. What comes from outside (a client, a peer, a file) is
 * checked and answered, never asserted.
 */

/** A broken invariant of our own. Nothing catches it: the process stops. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

function fail(message: string): never {
  throw new AssertionError(message);
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message);
}

export function assertDefined<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) fail(message);
  return value;
}

export function assertEq(a: number | bigint, b: number | bigint, message: string): void {
  if (a !== b) fail(`${message}: ${a} != ${b}`);
}

export function assertLt(a: number, b: number, message: string): void {
  if (!(a < b)) fail(`${message}: ${a} >= ${b}`);
}

export function assertLe(a: number, b: number, message: string): void {
  if (!(a <= b)) fail(`${message}: ${a} > ${b}`);
}

/** Ends an exhaustive `switch`: the compiler proves it is never reached, and so does the run. */
export function unreachable(value: never): never {
  return fail(`unreachable: ${String(value)}`);
}
