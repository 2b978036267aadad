import { Random } from '@conclave/base';
import { WrittenRecords } from './written-records.js';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('WrittenRecords', () => {
  it(`answers what was written last or nothing, whatever gaps there are (SEED=${seed})`, () => {
    const random = new Random(seed);
    const written = new WrittenRecords(4_000);
    const model = new Map<string, Uint8Array>();
    for (let main = 1; main < 3_000; main += 1 + random.below(3)) {
      for (let sub = 0; sub < 4; sub += 1 + random.below(4)) {
        const record = new Uint8Array(1 + random.below(60)).fill(random.below(256));
        written.add(main, sub, record);
        model.set(`${main}.${sub}`, record);
      }
      const asked = Math.max(1, main - random.below(60));
      for (let sub = 0; sub < 4; sub++) {
        const found = written.get(asked, sub);
        const kept = model.get(`${asked}.${sub}`);
        if (found !== null) expect(found).toEqual(kept);
        else if (asked === main) expect(kept).toBeUndefined();
      }
    }
  });

  it('stays within its bound, and drops the oldest first', () => {
    const written = new WrittenRecords(8_000);
    for (let main = 1; main <= 1_000; main++) written.add(main, 0, new Uint8Array(100));
    let held = 0;
    for (let main = 1; main <= 1_000; main++) if (written.get(main, 0) !== null) held++;
    expect(held).toBeLessThanOrEqual(8_000 / 100);
    expect(held).toBeGreaterThan(40);
    expect(written.get(1_000 - held + 1, 0)).not.toBeNull();
    expect(written.get(1_000 - held, 0)).toBeNull();
  });

  it('keeps nothing without room, and no record larger than a segment', () => {
    const none = new WrittenRecords(0);
    none.add(2, 0, new Uint8Array(1));
    expect(none.get(2, 0)).toBeNull();
    const small = new WrittenRecords(800);
    small.add(2, 0, new Uint8Array(101));
    small.add(3, 0, new Uint8Array(100));
    expect(small.get(2, 0)).toBeNull();
    expect(small.get(3, 0)).toHaveLength(100);
  });

  it('holds a copy: what becomes of the array it was given is no matter', () => {
    const written = new WrittenRecords(800);
    const record = new Uint8Array([1, 2, 3]);
    written.add(2, 0, record);
    record.fill(9);
    expect(written.get(2, 0)).toEqual(new Uint8Array([1, 2, 3]));
  });
});
