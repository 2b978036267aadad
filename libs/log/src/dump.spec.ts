import { fromByteString } from '@conclave/base';
import { EntryType } from '@conclave/wire';
import { dumpLine, dumpLog } from './dump.js';
import { LogHarness, OPTIONS, entry } from './testing/log-harness.js';

test('the dump prints index, term, kind and base64 of each entry record in the order written', () => {
  const h = new LogHarness();
  h.append([entry(1, 1, ''), entry(2, 1, 'a'), entry(3, 1, 'ab')]);
  h.append([{ ...entry(3, 2, 'abc'), type: EntryType.CONF_CHANGE }, entry(4, 2, '\xff\xfe\xfd~')]);
  const before = h.disk.readSync(h.segments()[0] as string, 0, 16 * 1024);
  const lines: string[] = [];
  const result = dumpLog(h.disk, OPTIONS, 1, (found) => lines.push(dumpLine(found)));
  expect(result).toEqual({ ok: true, tornBytes: 0 });
  expect(lines).toEqual([
    '1 1 norm ',
    '2 1 norm YQ==',
    '3 1 norm YWI=',
    '3 2 conf YWJj',
    '4 2 norm //79fg==',
  ]);
  expect(h.disk.readSync(h.segments()[0] as string, 0, 16 * 1024)).toEqual(before);
});

test('base64 of any length is what Node writes', () => {
  for (let length = 0; length < 64; length++) {
    const data = fromByteString('\x00\xff\x80az'.repeat(20).slice(0, length));
    const line = dumpLine({ index: 1, term: 1, type: EntryType.NORMAL, data });
    expect(line.split(' ')[3]).toBe(Buffer.from(data).toString('base64'));
  }
});

test('a damaged log is dumped up to the damage, which is named', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.append([entry(2, 1)]);
  h.append([entry(3, 1)]);
  h.disk.flip(h.segments()[0] as string, 4224 + 40, 1);
  const found: number[] = [];
  const result = dumpLog(h.disk, OPTIONS, 1, ({ index }) => found.push(index));
  expect(result).toMatchObject({ ok: false, code: 'corrupt' });
  expect(found).toEqual([1]);
});
