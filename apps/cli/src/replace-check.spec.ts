import { Member, StatusResponse } from '@conclave/wire';
import { type Replacement, replaceFault } from './replace-check.js';
import type { Seen } from './survey.js';

/** Voters 1, 2, ... of which those in `silent` do not answer; 9 is a learner if it is told of. */
function cluster(voters: number, silent: readonly bigint[] = [], learner = false): Seen[] {
  const ids = Array.from({ length: voters }, (_, at) => BigInt(at + 1));
  const all = learner ? [...ids, 9n] : ids;
  return all.map((ID) => ({
    member: Member.create({
      ID,
      name: `n${ID}`,
      peerURLs: [`http://h${ID}:2380`],
      clientURLs: [`http://h${ID}:2379`],
      isLearner: ID === 9n,
    }),
    status: silent.includes(ID) ? null : StatusResponse.create({}),
  }));
}

function wanted(id: bigint, changes: Partial<Replacement> = {}): Replacement {
  return { id, peerURLs: ['http://new:2380'], force: false, ...changes };
}

test('a dead voter beside a quorum may be replaced, also where it was', () => {
  expect(replaceFault(wanted(3n), cluster(3, [3n]))).toBeNull();
  expect(replaceFault(wanted(3n, { peerURLs: ['http://h3:2380'] }), cluster(3, [3n]))).toBeNull();
});

test('an unknown id is refused with the list of members, whoever is silent; --force goes on', () => {
  const text = `there is no member abc. The members are
  1 n1: answers
  2 n2: answers
  3 n3: does not answer
If abc was removed before, --force adds the new member in its place`;
  expect(replaceFault(wanted(0xabcn), cluster(3, [3n]))).toBe(text);
  expect(replaceFault(wanted(0xabcn), cluster(3))).toContain('3 n3: answers');
  expect(replaceFault(wanted(0xabcn, { force: true }), cluster(3))).toBeNull();
});

test('an unknown id goes on where the new member is there: an earlier run was cut', () => {
  const later = wanted(0xabcn, { peerURLs: ['http://h9:2380'] });
  expect(replaceFault(later, cluster(2, [9n], true))).toBeNull();
});

test('one that answers stays, unless --force says otherwise', () => {
  expect(replaceFault(wanted(2n), cluster(3))).toMatch(/^member 2 answers at http:\/\/h2:2379: /);
  expect(replaceFault(wanted(2n, { force: true }), cluster(3))).toBeNull();
});

test('without a quorum nothing is begun, --force or not', () => {
  const text = '1 of 3 voters answer, 2 are needed: bring back one of 2, 3 first';
  expect(replaceFault(wanted(3n), cluster(3, [2n, 3n]))).toBe(text);
  expect(replaceFault(wanted(3n, { force: true }), cluster(3, [2n, 3n]))).toBe(text);
});

test.each([
  [['http://h1:2380'], 'http://h1:2380 is of 1, a voter already: name the peer URLs of the new'],
  [['http://h1:2380', 'http://x:1'], 'http://h1:2380 is a peer URL of 1, which stays'],
  [['10.0.0.4:2380'], '10.0.0.4:2380 is no list of peer URLs such as'],
])('the peer URLs %j would be refused behind the removal, so they are before it', (urls, text) => {
  const fault = replaceFault(wanted(3n, { peerURLs: urls }), cluster(3, [3n]));
  expect(fault).toContain(text);
});
