/** What `--auto-compaction-mode` and `--auto-compaction-retention` ask for (spec 2.6). */
import { type AutoCompactionPolicy, PERIOD_MS_MAX } from '@conclave/replica';
import { parseDurationMs } from './flag-values.js';

const HOUR_MS = 3_600_000;

/**
 * A bare number is hours or revisions, by the mode; else a Go duration, which only `periodic` takes
 * (etcd would read it as that many nanoseconds of revisions). Null: off, or at fault.
 */
export function autoCompactionPolicy(
  mode: string,
  retention: string,
  faults: string[],
): AutoCompactionPolicy | null {
  if (mode !== 'periodic' && mode !== 'revision') {
    const fault = mode === '' ? 'undefined auto-compaction-mode' : '';
    faults.push(fault || `unknown auto-compaction-mode ${JSON.stringify(mode)}`);
    return null;
  }
  const isNumber = /^\d+$/.test(retention);
  const amount = isNumber ? Number(retention) : parseDurationMs(retention);
  if (amount === null || (mode === 'revision' && !isNumber)) {
    const what = mode === 'revision' ? 'a number of revisions' : 'hours or a duration';
    faults.push(`--auto-compaction-retention ${JSON.stringify(retention)} is not ${what}`);
    return null;
  }
  if (mode === 'revision') {
    return amount > 0 ? { mode, keep: Math.min(amount, Number.MAX_SAFE_INTEGER) } : null;
  }
  const periodMs = isNumber ? amount * HOUR_MS : amount;
  if (periodMs > PERIOD_MS_MAX) {
    faults.push(`--auto-compaction-retention ${retention} is too long`);
    return null;
  }
  return periodMs > 0 ? { mode, periodMs } : null;
}
