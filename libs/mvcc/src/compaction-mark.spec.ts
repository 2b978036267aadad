import { encodeUtf8 } from '@conclave/base';
import { compactionMark } from './compaction-mark.js';
import { encodeNumber, indexRow, metaRow, versionRow } from './rows.js';

test('the rows of a compaction are told from all others', () => {
  const put = (key: Uint8Array) => ({ type: 'put', key, value: encodeNumber(5) }) as const;
  expect(compactionMark(put(metaRow('scheduled')))).toBe('scheduled');
  expect(compactionMark(put(metaRow('finished')))).toBe('finished');
  expect(compactionMark({ type: 'delete', key: versionRow(5, 0, true) })).toBe('dropped');
  expect(compactionMark(put(metaRow('format')))).toBeNull();
  expect(compactionMark(put(versionRow(5, 0, false)))).toBeNull();
  expect(compactionMark({ type: 'delete', key: indexRow(5) })).toBeNull();
  expect(compactionMark({ type: 'delete', key: encodeUtf8('v') })).toBeNull();
  expect(compactionMark({ type: 'delete-range', lo: indexRow(0), hi: indexRow(9) })).toBeNull();
});
