import { type Entry, EntryType, MessageType } from '@conclave/wire';
import { RaftLog } from './raft-log.js';
import { testMessage } from './testing/cluster.js';
import { APPENDS_IN_FLIGHT_MAX, Unstable } from './unstable.js';

const entry = (term: number, index: number): Entry => ({
  term,
  index,
  type: EntryType.NORMAL,
  data: new Uint8Array(0),
});

function fresh(): { log: RaftLog; unstable: Unstable } {
  const log = new RaftLog(0, 0, 0, 0, [entry(1, 1)]);
  return { log, unstable: new Unstable({ term: 1, vote: 0, commit: 0 }, 1) };
}

function replace(log: RaftLog, unstable: Unstable, list: Entry[]): void {
  const first = (list[0] as Entry).index;
  if (first <= log.lastIndex) {
    log.truncate(first);
    unstable.truncated(first);
  }
  log.append(list);
}

describe('durability', () => {
  test('an entry written, replaced and put back is durable with its second write only (ABA)', () => {
    const { log, unstable } = fresh();
    replace(log, unstable, [entry(2, 2)]);
    const first = unstable.takeAppend(2, 0, log, 0);
    replace(log, unstable, [entry(3, 2)]);
    const second = unstable.takeAppend(3, 0, log, 0);
    replace(log, unstable, [entry(2, 2), entry(4, 3)]);
    const third = unstable.takeAppend(4, 0, log, 0);
    expect([first, second, third].map((a) => a?.entries.map((e) => e.term))).toEqual([
      [2],
      [3],
      [2, 4],
    ]);
    // The log has 2/2 again, exactly what the first write holds; the second lies between on disk.
    unstable.appendDone(1);
    expect(unstable.durableIndex).toBe(1);
    unstable.appendDone(2);
    expect(unstable.durableIndex).toBe(1);
    unstable.appendDone(3);
    expect(unstable.durableIndex).toBe(3);
  });

  test('several appends may be reported at once, in order and each once', () => {
    const { log, unstable } = fresh();
    for (let i = 2; i <= 4; i++) {
      log.append([entry(1, i)]);
      unstable.takeAppend(1, 0, log, 0);
    }
    unstable.appendDone(2);
    expect(unstable.durableIndex).toBe(3);
    expect(() => unstable.appendDone(2)).toThrow('in order');
    expect(() => unstable.appendDone(9)).toThrow('given out before');
    unstable.appendDone(3);
    expect(unstable.durableIndex).toBe(4);
  });

  test('a new commit index alone is not worth a write; it rides along with the next entries', () => {
    const { log, unstable } = fresh();
    log.commitTo(1);
    expect(unstable.takeAppend(1, 0, log, 0)).toBeNull();
    log.append([entry(1, 2)]);
    expect(unstable.takeAppend(1, 0, log, 0)?.hardState).toEqual({ term: 1, vote: 0, commit: 1 });
  });

  test('the age of a write counts from when it arose, given out or not', () => {
    const { log, unstable } = fresh();
    log.append([entry(1, 2)]);
    unstable.touch(10);
    expect(unstable.age(14, 1, 0, 2)).toBe(4);
    unstable.takeAppend(1, 0, log, 14);
    expect(unstable.age(15, 1, 0, 2)).toBe(5);
    unstable.appendDone(1);
    expect(unstable.age(99, 1, 0, 2)).toBe(0);
    // A snapshot takes the place of what was still to be written.
    log.append([entry(1, 3)]);
    unstable.touch(100);
    unstable.reset(9);
    expect(unstable.age(200, 1, 0, 9)).toBe(0);
  });

  test('a truncation takes back what is durable, given out or under way behind it, no more', () => {
    const { log, unstable } = fresh();
    log.append([entry(1, 2), entry(1, 3), entry(1, 4)]);
    unstable.takeAppend(1, 0, log, 0);
    unstable.appendDone(1);
    replace(log, unstable, [entry(2, 4)]);
    expect(unstable.durableIndex).toBe(3);
    expect(unstable.takeAppend(2, 0, log, 0)?.entries.map((e) => e.index)).toEqual([4]);
    log.append([entry(2, 5)]);
    unstable.takeAppend(2, 0, log, 0);
    replace(log, unstable, [entry(3, 5)]);
    unstable.appendDone(3);
    expect(unstable.durableIndex).toBe(4);
  });

  test('nothing is under way only if term, vote, log and messages are all durable', () => {
    const { log, unstable } = fresh();
    expect(unstable.isClean(1, 0, 1)).toBe(true);
    expect([unstable.isClean(2, 0, 1), unstable.isClean(1, 2, 1)]).toEqual([false, false]);
    expect(unstable.isClean(1, 0, 2)).toBe(false);
    unstable.addMessage(testMessage(MessageType.VOTE_RESPONSE, 1, 2, 1), 0);
    expect(unstable.isClean(1, 0, 1)).toBe(false);
    const append = unstable.takeAppend(1, 0, log, 0);
    expect([append?.hardState, append?.entries, append?.messages.length]).toEqual([null, [], 1]);
    expect(unstable.isClean(1, 0, 1)).toBe(false);
    unstable.appendDone(1);
    expect(unstable.isClean(1, 0, 1)).toBe(true);
  });

  test('a write holds term and vote when either changed, and is durable with both', () => {
    const { log, unstable } = fresh();
    expect(unstable.takeAppend(1, 3, log, 0)?.hardState).toEqual({ term: 1, vote: 3, commit: 0 });
    expect(unstable.takeAppend(1, 3, log, 0)).toBeNull();
    expect(unstable.takeAppend(2, 0, log, 0)?.hardState).toEqual({ term: 2, vote: 0, commit: 0 });
    expect([unstable.durableTerm, unstable.durableVote]).toEqual([1, 0]);
    unstable.appendDone(1);
    expect([unstable.durableTerm, unstable.durableVote]).toEqual([1, 3]);
    unstable.appendDone(2);
    expect([unstable.durableTerm, unstable.durableVote]).toEqual([2, 0]);
    log.append([entry(2, 2)]);
    expect(unstable.takeAppend(2, 0, log, 0)?.hardState).toBeNull();
  });

  test('after an installed snapshot earlier appends vouch for nothing', () => {
    const { log, unstable } = fresh();
    log.append([entry(1, 2), entry(1, 3)]);
    unstable.takeAppend(1, 0, log, 0);
    log.reset(9, 1);
    unstable.reset(9);
    unstable.appendDone(1);
    expect(unstable.durableIndex).toBe(9);
    log.append([entry(1, 10)]);
    const append = unstable.takeAppend(1, 0, log, 0);
    expect([append?.hardState, append?.entries.map((e) => e.index)]).toEqual([null, [10]]);
  });

  test('appends in flight are bounded; what comes later waits for the next', () => {
    const { log, unstable } = fresh();
    for (let i = 0; i < APPENDS_IN_FLIGHT_MAX + 5; i++) {
      log.append([entry(1, log.lastIndex + 1)]);
      unstable.takeAppend(1, 0, log, 0);
    }
    expect(unstable.hasAppend(1, 0, log.lastIndex)).toBe(false);
    unstable.appendDone(APPENDS_IN_FLIGHT_MAX);
    expect(unstable.takeAppend(1, 0, log, 0)?.entries.length).toBe(5);
  });
});
