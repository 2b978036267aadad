import type { EngineOp } from '@conclave/base';
import { metaRow, rowIsVersion } from './rows.js';

/**
 * What an operation of a batch does for a compaction: says that one is to be done, drops a version, or says
 * that it is done. Null: nothing. For tests that stop a member at these steps.
 */
export function compactionMark(op: EngineOp): 'scheduled' | 'dropped' | 'finished' | null {
  if (op.type === 'delete-range') return null;
  if (op.type === 'delete') return rowIsVersion(op.key) ? 'dropped' : null;
  for (const name of ['scheduled', 'finished'] as const) {
    const row = metaRow(name);
    if (op.key.length === row.length && row.every((byte, i) => byte === op.key[i])) return name;
  }
  return null;
}
