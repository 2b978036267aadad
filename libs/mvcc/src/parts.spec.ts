import { Random, encodeUtf8, toByteString } from '@conclave/base';
import { TaskQueue } from '@conclave/testkit';
import { KeyValue } from '@conclave/wire';
import { RangeSet, inRange, keyRangeOf, prefixEnd } from './key-range.js';
import { DeletedEvent } from './deleted-event.js';
import { encodeDeleted, encodeRecord, encodeTombstone, recordKey, recordValue } from './record.js';
import { RecordCache } from './record-cache.js';
import { VersionPacker, rowMain, rowSub, unpackVersions, versionRow } from './rows.js';
import { Slab } from './slab.js';
import { sortSliced } from './sliced-sort.js';
import type { KeyRange, Version } from './types.js';

const bytes = encodeUtf8;
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('key ranges', () => {
  it('follow the table of spec 2.3', () => {
    expect(keyRangeOf(bytes('k'), bytes(''))).toEqual({ key: 'k', end: 'k\0' });
    expect(keyRangeOf(bytes('k'), bytes('m'))).toEqual({ key: 'k', end: 'm' });
    expect(keyRangeOf(bytes('k'), bytes('k'))).toBeNull();
    expect(keyRangeOf(bytes('k'), bytes('a'))).toBeNull();
    expect(keyRangeOf(bytes('k'), bytes('\0'))).toEqual({ key: 'k', end: null });
  });

  it('a prefix ends behind its last key (spec 12.3)', () => {
    expect(['a', 'a\xff', '\xff\xff', ''].map(prefixEnd)).toEqual(['b', 'b', null, null]);
  });

  it(`a set of ranges has the keys of each (SEED=${seed})`, () => {
    const random = new Random(seed);
    const key = (): string => String.fromCharCode(97 + random.below(26));
    for (let round = 0; round < 200; round++) {
      const ranges: KeyRange[] = Array.from({ length: random.below(6) }, () => ({
        key: key(),
        end: random.chance(0.1) ? null : key(),
      }));
      const set = new RangeSet(ranges);
      for (let c = 96; c < 124; c++) {
        const k = String.fromCharCode(c);
        expect(set.has(k)).toBe(ranges.some((range) => inRange(range, k)));
      }
    }
  });
});

describe('records', () => {
  it.each([
    [1, 1, 1, '', 0n],
    [127, 128, 129, 'v'.repeat(127), 1n],
    [2 ** 31, 2 ** 32, 2 ** 53 - 1, 'v'.repeat(128), -1n],
    [16_383, 16_384, 2 ** 35, 'v'.repeat(20_000), 2n ** 62n],
  ])('equal the encoded KeyValue (%i, %i, %i)', (create, mod, version, value, lease) => {
    for (const key of ['k', 'k'.repeat(200)]) {
      const made = encodeRecord(new Slab(), bytes(key), create, mod, version, bytes(value), lease);
      const kv = KeyValue.create({
        key: bytes(key),
        createRevision: create,
        modRevision: mod,
        version,
        value: bytes(value),
        lease,
      });
      expect(toByteString(made)).toBe(toByteString(KeyValue.encode(kv)));
      expect(toByteString(recordKey(made))).toBe(key);
      expect(toByteString(recordValue(made))).toBe(value);
    }
  });

  it('of a deletion hold the key, and its event the revision too', () => {
    const tombstone = encodeTombstone('k');
    expect(KeyValue.decode(tombstone)).toEqual(KeyValue.create({ key: bytes('k') }));
    const event = KeyValue.create({ key: bytes('k'), modRevision: 300 });
    expect(encodeDeleted(tombstone, 300)).toEqual(KeyValue.encode(event));
    const deleted = new DeletedEvent('k', 300, 0, tombstone, null);
    expect(deleted.kv).toEqual(KeyValue.encode(event));
    expect(deleted.kv).toBe(deleted.kv);
  });
});

describe('rows', () => {
  it('sort by revision, the tombstone mark last', () => {
    const keys = [
      versionRow(2, 0, false),
      versionRow(2, 1, true),
      versionRow(2, 256, false),
      versionRow(2 ** 32, 0, false),
      versionRow(2 ** 53 - 1, 0, true),
    ];
    const texts = keys.map((key) => toByteString(key));
    expect([...texts].sort()).toEqual(texts);
    expect(keys.map((key) => [rowMain(key), rowSub(key)]).at(-1)).toEqual([2 ** 53 - 1, 0]);
  });

  it('of the index unpack to what was packed, and a cut row is an error, not a crash', () => {
    const packer = new VersionPacker();
    const packed: [string, Version][] = [
      ['a', { main: 2, sub: 0, create: 2, version: 1, lease: -7n, tombstone: false }],
      ['\xff'.repeat(300), { main: 2 ** 52, sub: 70_000, create: 1, version: 9, lease: 0n, tombstone: false }],
      ['b', { main: 3, sub: 1, create: 0, version: 0, lease: 0n, tombstone: true }],
    ]; // prettier-ignore
    const whole = [1];
    for (const [key, v] of packed) {
      packer.add(key, v.main, v.sub, v.create, v.version, v.lease, v.tombstone);
      whole.push(packer.byteLength);
    }
    const row = packer.take();
    const seen: [string, Version][] = [];
    const wrong = unpackVersions(row, (key, main, sub, create, version, lease, tombstone) =>
      seen.push([key, { main, sub, create, version, lease, tombstone }]),
    );
    expect(wrong).toBeNull();
    expect(seen).toEqual(packed);
    for (let n = 0; n < row.length; n++) {
      const wrong = unpackVersions(row.subarray(0, n), () => {});
      expect(wrong === null).toBe(whole.includes(n));
    }
  });
});

describe('RecordCache', () => {
  it('stays within its bound and keeps what is asked for again', () => {
    const cache = new RecordCache(10_000);
    const record = new Uint8Array(40);
    for (let main = 1; main < 1_000; main++) {
      cache.put(main, 0, record);
      cache.get(1, 0);
    }
    let held = 0;
    for (let main = 2; main < 1_000; main++) if (cache.get(main, 0) !== null) held++;
    expect(held).toBeLessThanOrEqual(50);
    expect(held).toBeGreaterThan(10);
  });

  it('a record that was used last is still there', () => {
    const cache = new RecordCache(10_000);
    cache.put(1, 0, new Uint8Array(1));
    for (let main = 2; main < 20; main++) {
      cache.put(main, 9_000, new Uint8Array(100));
      expect(cache.get(1, 0)).not.toBeNull();
      expect(cache.get(main, 9_000)).not.toBeNull();
    }
  });
});

describe('sortSliced', () => {
  it('sorts many rows stably, in turns', () => {
    const random = new Random(seed);
    const tasks = new TaskQueue();
    const rows = Array.from({ length: 50_000 }, (_, at) => ({ by: random.below(100), at }));
    const expected = rows.slice().sort((a, b) => a.by - b.by || a.at - b.at);
    let sorted: typeof rows | null = null;
    sortSliced(
      rows,
      (a, b) => a.by - b.by,
      tasks,
      (r) => (sorted = r),
    );
    expect(sorted).toBeNull();
    expect(tasks.run()).toBeGreaterThan(6);
    expect(sorted).toEqual(expected);
  });

  it('few rows are sorted at once', () => {
    let sorted: number[] | null = null;
    sortSliced(
      [3, 1, 2],
      (a, b) => a - b,
      new TaskQueue(),
      (r) => (sorted = r),
    );
    expect(sorted).toEqual([1, 2, 3]);
  });
});
