import { NUMBER_MAX, Random } from '@conclave/base';
import { ResponseHeader } from '@conclave/wire';
import { HeaderEncoder } from './header.js';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const IDS = { clusterId: 0xffff_ffff_ffff_ffffn, memberId: 0x8e9e_05c5_2164_694dn };

function both(revision: number, term: number): [Uint8Array, Uint8Array] {
  const encoder = new HeaderEncoder(IDS.clusterId, IDS.memberId);
  const expected = ResponseHeader.encode({ ...IDS, revision, raftTerm: term });
  const body = new Uint8Array([7, 8, 9]);
  const answer = encoder.answer(revision, term, body);
  expect(answer).toEqual(new Uint8Array([0x0a, expected.length, ...expected, ...body]));
  return [encoder.encode(revision, term), expected];
}

describe('HeaderEncoder', () => {
  it('writes what the codec writes, at every length of a number', () => {
    for (let bits = 0; bits <= 53; bits++) {
      for (const n of [2 ** bits - 1, 2 ** bits]) {
        const value = Math.min(n, NUMBER_MAX);
        const [written, expected] = both(value, NUMBER_MAX - value);
        expect(written).toEqual(expected);
      }
    }
  });

  it(`and for any numbers (SEED=${seed})`, () => {
    const random = new Random(seed);
    for (let i = 0; i < 500; i++) {
      const [written, expected] = both(random.uint32() * random.below(2 ** 20), random.uint32());
      expect(written).toEqual(expected);
    }
  });
});
