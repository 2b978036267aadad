/**
 * Numbers and labels as Prometheus' Go library prints them: scripts compare such lines as text.
 */

const DIGITS_BEFORE_EXPONENT = 6;
const EXPONENT_MIN = -4;

/** As Go's `FormatFloat(v, 'g', -1, 64)`: shortest digits, an exponent outside [1e-4, 1e6). */
export function formatFloat(value: number): string {
  if (Number.isInteger(value) && value > -1e6 && value < 1e6) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  const text = value.toExponential();
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  if (exponent >= EXPONENT_MIN && exponent < DIGITS_BEFORE_EXPONENT) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${text.slice(0, at)}e${exponent < 0 ? '-' : '+'}${digits}`;
}

function escapeValue(value: string): string {
  let out = '';
  for (const char of value) {
    if (char === '\\') out += '\\\\';
    else if (char === '"') out += '\\"';
    else if (char === '\n') out += '\\n';
    else out += char;
  }
  return out;
}

/** `a="x",b="y"`, without braces; values are cut to `charsMax`. */
export function formatLabels(
  names: readonly string[],
  labels: Readonly<Record<string, string>>,
  charsMax: number,
): string {
  let out = '';
  for (const name of names) {
    const value = (labels[name] ?? '').slice(0, charsMax);
    out += `${out === '' ? '' : ','}${name}="${escapeValue(value)}"`;
  }
  return out;
}
