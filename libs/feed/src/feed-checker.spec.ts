import { FeedChecker } from './feed-checker.js';

function headers(fields: Record<string, string | number>): (name: string) => string {
  return (name) => {
    if (name === 'Nats-Msg-Id') return `${fields['cluster'] ?? 'ab'}-1-0`;
    return `${fields[name.replace('Conclave-', '')] ?? ''}`;
  };
}

const put = (Revision: number, Previous: number, Sub = 0, Count: number | string = 1): object => ({
  Type: 'put',
  Revision,
  Previous,
  Sub,
  Count,
});
const gap = (From: number, To: number, Previous: number): object => {
  return { Type: 'gap', Revision: To, Previous, From, To };
};
const mark = (Revision: number, Previous: number): object => ({ Type: 'mark', Revision, Previous });

/** The last verdict of a course: the fault, or the complete revision. */
function judge(...course: object[]): string | number {
  const checker = new FeedChecker();
  for (const fields of course) {
    const verdict = checker.take(headers(fields as Record<string, string>));
    if (!verdict.ok) return verdict.fault;
  }
  return checker.completeRevision;
}

test('a complete course is complete', () => {
  expect(judge(put(2, 0), put(5, 2, 0, 2), put(5, 2, 1, 2), mark(9, 5), put(10, 9))).toBe(10);
  expect(judge(put(2, 0), put(5, 2, 0, 2))).toBe(2);
});

test.each([
  ['a revision is missing', [put(2, 0), put(5, 4)], 'changes are missing before at 5/0'],
  ['the end of one', [put(2, 0, 0, 2), put(5, 2)], 'changes are missing before at 5/0'],
  ['the middle', [put(2, 0, 0, 3), put(2, 0, 2, 3)], 'changes are missing before at 2/2'],
  ['the beginning', [put(2, 0), put(5, 2, 1, 2)], 'begins in the middle of a revision at 5/1'],
  ['told twice', [put(2, 0), put(2, 0)], 'told twice at 2/0'],
  ['told twice within', [put(2, 0, 0, 2), put(2, 0, 0, 2)], 'told twice at 2/0'],
  ['gone back', [put(5, 0), put(4, 3)], 'told twice at 4/0'],
  ['a gap too late', [put(2, 0), gap(7, 9, 5)], 'changes before the gap of 7 are missing'],
  ['foreign', [put(2, 0), { ...put(3, 2), cluster: 'cd' }], 'a message of another cluster at 3/0'],
  ['no feed', [{ Type: 'other' }], 'not a message of a feed'],
])('%s', (_name, course, fault) => {
  expect(judge(...course)).toBe(fault);
});

test('a gap says what is missing, also of a revision told in part', () => {
  expect(judge(put(2, 0), gap(3, 9, 2), put(10, 9))).toBe(10);
  expect(judge(put(2, 0), put(5, 2, 0, 2), gap(5, 9, 2), put(10, 9))).toBe(10);
  expect(judge(put(2, 0), gap(1, 9, 0))).toBe(9);
});
