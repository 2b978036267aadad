/**
 * The `grpc-timeout` header: one to eight digits and a unit (H, M, S, m, u, n), and nothing else.
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds, a fraction for the units below one; null if the text is not a timeout. */
export function parseTimeout(text: string): number | null {
  const digits = text.length - 1;
  if (digits < 1 || digits > 8) return null;
  const unit = Object.hasOwn(UNIT_MS, text[digits] as string)
    ? (UNIT_MS[text[digits] as string] as number)
    : null;
  if (unit === null) return null;
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value * unit;
}
