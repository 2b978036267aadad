/** The judge of recorded histories, on small histories with one planted fault each. */
import { HistoryJudge, PAIR, type SeenKey } from './testing/judges-history.js';

const kv = (key: string, value: string, mod: number, version = 1, create = mod): SeenKey => ({
  key,
  value,
  version,
  createRevision: create,
  modRevision: mod,
});
const put = (key: string, value: string, version = 1, createRevision = 0) => ({
  key,
  value,
  version,
  createRevision,
});

/** Two writes of a key, at 2 and 3, acknowledged and shown. */
function twoWrites(): HistoryJudge {
  const judge = new HistoryJudge(1);
  for (const revision of [2, 3]) {
    const asked = judge.ask('put k');
    const tag = judge.tag(asked);
    judge.wrote(asked, tag, revision);
    judge.events('w', revision, [put('k', `v#${tag}`, revision - 1, 2)], 0);
  }
  return judge;
}

function faultsOf(judge: HistoryJudge): string {
  judge.settle(true);
  return judge.faults.join('\n');
}

test('an honest history has no fault', () => {
  const judge = twoWrites();
  const read = judge.ask('get k');
  judge.read(read, ['k', 'none'], { header: 3, at: 3, found: [kv('k', 'v#1', 3, 2, 2)] }, false);
  judge.read(read, ['k'], { header: 2, at: 2, found: [kv('k', 'v#0', 2)] }, true);
  const gone = judge.ask('delete k');
  judge.deleted(gone, 'k', 4, kv('k', 'v#1', 3, 2, 2));
  judge.events('w', 4, [{ key: 'k', value: null, version: 0, createRevision: 0 }], 0);
  judge.events('other', 4, [{ key: 'k', value: null, version: 0, createRevision: 0 }], 0);
  expect(faultsOf(judge)).toBe('');
});

test('an acknowledged write that is not there is lost', () => {
  const judge = twoWrites();
  const asked = judge.ask('put lost');
  judge.wrote(asked, judge.tag(asked), 3);
  expect(faultsOf(judge)).toContain('put lost (#2) was acknowledged at 3, but is lost');
});

test('an answer ahead of all watches is a fault', () => {
  const judge = twoWrites();
  const asked = judge.ask('put ahead');
  judge.wrote(asked, judge.tag(asked), 9);
  expect(faultsOf(judge)).toContain('put ahead answers revision 9; the watches end at 3');
});

test('a write applied twice is a fault, acknowledged or not', () => {
  const judge = twoWrites();
  const tag = judge.tag(judge.ask('put twice'));
  judge.events('w', 4, [put('a', `v#${tag}`, 1, 4)], 0);
  judge.events('w', 5, [put('a', `v#${tag}`, 2, 4)], 0);
  expect(faultsOf(judge)).toContain('was applied at 4 and again at 5');
});

test('a read older than what was shown before it was asked is stale', () => {
  const judge = twoWrites();
  const read = judge.ask('get k');
  judge.read(read, ['k'], { header: 2, at: 2, found: [kv('k', 'v#0', 2)] }, false);
  expect(faultsOf(judge)).toBe('stale: get k answers revision 2, seen before 3');
});

test('a read of a value that was not there at its revision is wrong, stale or not', () => {
  const judge = twoWrites();
  const read = judge.ask('get k');
  judge.read(read, ['k'], { header: 2, at: 2, found: [kv('k', 'v#1', 3, 2, 2)] }, true);
  judge.read(read, ['k'], { header: 3, at: 3, found: [] }, false);
  expect(faultsOf(judge)).toMatch(/found v#1 of 3 for k at 2.*\n.*found nothing for k at 3/);
});

test('a write that lands before what was seen when it was asked breaks real time', () => {
  const judge = new HistoryJudge(1);
  const early = judge.tag(judge.ask('put a'));
  judge.read(judge.ask('get'), [], { header: 7, at: 7, found: [] }, false);
  const late = judge.tag(judge.ask('put b'));
  judge.events('w', 2, [put('a', `v#${early}`, 1, 2)], 0);
  judge.events('w', 3, [put('b', `v#${late}`, 1, 3)], 0);
  expect(judge.faults).toEqual([`write #${late} of b is at 3; 7 was seen before it was asked`]);
});

test('watches that disagree, skip or make no sense are found', () => {
  const judge = twoWrites();
  judge.events('other', 3, [put('k', 'x#1', 2, 2)], 0);
  judge.events('w', 5, [put('k', 'v#0', 9, 2)], 0);
  expect(judge.faults).toEqual([
    'the watch other shows other events at 3 than another watch',
    'the watch w shows 5 after 3',
    'k at 5: version 9 of 2, not 3',
    'write #0 of k was applied at 2 and again at 5',
  ]);
});

test('a counter that skips, a torn transaction and an early expiry are found', () => {
  const judge = new HistoryJudge(1);
  const tag = (): number => judge.tag(judge.ask('write'));
  judge.events('w', 2, [put('counter/0', `1#${tag()}`, 1, 2)], 0);
  judge.events('w', 3, [put('counter/0', `3#${tag()}`, 2, 2)], 0);
  judge.events('w', 4, [put(PAIR[0] as string, `p#${tag()}`, 1, 4)], 0);
  judge.events('w', 5, [put('lease/1', `l#${tag()}`, 1, 5)], 0);
  judge.kept('lease/1', 1_000, 5);
  judge.events('w', 6, [{ key: 'lease/1', value: null, version: 0, createRevision: 0 }], 5_900);
  expect(judge.faults).toEqual([
    'counter/0 at 3: 1#0 -> 3#1',
    'a transaction is torn at 4: p#2 and ',
    'lease/1 expired 100 ms before its last acknowledged keepalive allows',
  ]);
});
