/** Members by the configuration in force, and who alone is a quorum. */
import { EMPTY_CONF_STATE } from './conf-change.js';
import type { SlotConfState } from './ready.js';
import { Tracker } from './tracker.js';

const conf = (changes: Partial<SlotConfState>): SlotConfState => ({
  ...EMPTY_CONF_STATE,
  ...changes,
});

function tracker(changes: Partial<SlotConfState>): Tracker {
  const found = new Tracker(8, 1_000);
  found.change(conf(changes), 5);
  return found;
}

describe('Tracker', () => {
  test.each([
    ['one voter', { voters: [1] }, true],
    ['another voter', { voters: [2] }, false],
    ['two voters', { voters: [1, 2] }, false],
    ['no voter', { learners: [1] }, false],
    ['both halves', { voters: [1], votersOutgoing: [1] }, true],
    ['the other half has another', { voters: [1], votersOutgoing: [2] }, false],
    ['the other half has two', { voters: [1], votersOutgoing: [1, 2] }, false],
    ['a learner beside', { voters: [1], learners: [2] }, true],
  ])('a single member is a quorum: %s', (_name, changes, expected) => {
    expect(tracker(changes).isSingleton(1)).toBe(expected);
  });

  test('who is promoted or demoted keeps its progress and changes its kind', () => {
    const t = tracker({ voters: [1, 2], learners: [3] });
    const [two, three] = [t.get(2), t.get(3)];
    expect([two?.learner, three?.learner]).toEqual([false, true]);
    t.change(conf({ voters: [1, 3], learners: [2] }), 9);
    expect([t.get(2), t.get(3)]).toEqual([two, three]);
    expect([two?.learner, three?.learner]).toEqual([true, false]);
    expect(two?.next).toBe(5);
  });

  test('who comes starts at the given place and counts as heard of; who goes is gone', () => {
    const t = tracker({ voters: [2, 1] });
    expect(t.peers.map((peer) => peer.slot)).toEqual([1, 2]);
    t.change(conf({ voters: [1, 4], votersOutgoing: [1] }), 9);
    expect(t.peers.map((peer) => peer.slot)).toEqual([1, 4]);
    expect([t.get(4)?.next, t.get(4)?.recentActive, t.get(2)]).toEqual([9, true, undefined]);
    expect([t.isVoter(4), t.isVoter(2)]).toEqual([true, false]);
  });

  test('a quorum was heard of since the last look, one of each half when joint', () => {
    const t = tracker({ voters: [1, 2, 3], votersOutgoing: [1, 4] });
    for (const peer of t.peers) peer.recentActive = peer.slot === 2 || peer.slot === 4;
    expect(t.takeQuorumActive(1)).toBe(true);
    // A new period: nobody but itself was heard of yet.
    expect(t.peers.map((peer) => peer.recentActive)).toEqual([true, false, false, false]);
    expect(t.takeQuorumActive(1)).toBe(false);
    for (const peer of t.peers) peer.recentActive = peer.slot === 2;
    expect(t.takeQuorumActive(1)).toBe(false);
  });
});
