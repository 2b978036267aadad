import { NO_PROBE } from '@conclave/base';
import { ReadQueue } from './read-queue.js';

function setUp(applied = { index: 0 }, leader = { known: true }) {
  const asked: number[] = [];
  const queue = new ReadQueue({
    ask: (context) => {
      if (leader.known) asked.push(context);
      return leader.known;
    },
    applied: () => applied.index,
    probe: NO_PROBE,
  });
  const answers: unknown[] = [];
  const read = (deadlineMs = 7_000): (() => void) =>
    queue.add(deadlineMs, (error) => answers.push(error));
  return { queue, asked, answers, read, applied, leader };
}

describe('ReadQueue', () => {
  test('reads of one turn share one context and are answered once applied', () => {
    const { queue, asked, answers, read } = setUp();
    read();
    read();
    queue.flush(0);
    expect(asked).toEqual([1]);
    queue.confirmed(1, 5);
    expect(answers).toEqual([]);
    queue.applied(4);
    expect(answers).toEqual([]);
    queue.applied(5);
    expect(answers).toEqual([null, null]);
  });

  test('a retry asks under a new number, and the answer to the old one finds nobody', () => {
    const { queue, asked, answers, read } = setUp();
    read();
    queue.flush(0);
    queue.poll(499);
    expect(asked).toEqual([1]);
    queue.poll(500);
    expect(asked).toEqual([1, 2]);
    queue.confirmed(1, 0);
    expect(answers).toEqual([]);
    queue.confirmed(2, 0);
    expect(answers).toEqual([null]);
  });

  test('reads lost to a leader change fail as such', () => {
    const { queue, answers, read } = setUp();
    read();
    queue.flush(0);
    queue.dropped([1]);
    expect(answers).toEqual(['leader-changed']);
    expect(queue.size).toBe(0);
  });

  test('without a leader reads wait, and are asked for as soon as one is known', () => {
    const { queue, asked, answers, read, leader } = setUp({ index: 9 }, { known: false });
    read();
    queue.flush(0);
    expect(asked).toEqual([]);
    leader.known = true;
    queue.leaderKnown(10);
    queue.confirmed(asked[0] as number, 9);
    expect(answers).toEqual([null]);
  });

  test('a read past its deadline times out wherever it waits', () => {
    const { queue, answers, read } = setUp({ index: 0 }, { known: false });
    read(100);
    queue.flush(0);
    queue.poll(100);
    expect(answers).toEqual(['timeout']);
    const confirmed = setUp();
    confirmed.read(100);
    confirmed.queue.flush(0);
    confirmed.queue.confirmed(1, 50);
    confirmed.queue.pollConfirmed(100);
    expect(confirmed.answers).toEqual(['timeout']);
  });

  test('a cancelled read is not answered', () => {
    const { queue, answers, read } = setUp();
    read()();
    queue.flush(0);
    queue.confirmed(1, 0);
    expect(answers).toEqual([]);
    expect(queue.size).toBe(0);
  });
});
