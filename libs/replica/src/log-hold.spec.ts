import type { PeerProgress } from '@conclave/raft';
import { LogHold } from './log-hold.js';

const SELF = 1;

function setup() {
  const world = {
    nowMs: 0,
    peers: [] as PeerProgress[],
    connected: new Set<number>(),
    cut: 100,
    snapshot: null as number | null,
  };
  const hold = new LogHold({
    clock: { monotonicMs: () => world.nowMs, wallMs: () => 0 },
    progress: () => world.peers,
    slot: SELF,
    isConnected: (slot) => world.connected.has(slot),
    cutIndex: () => world.cut,
    snapshotIndex: () => world.snapshot,
  });
  return { world, hold };
}

function peer(slot: number, match: number, recentActive = true): PeerProgress {
  return { slot, match, next: match + 1, state: 'replicate', recentActive, learner: false };
}

test('nobody who lags: the log is cut as far as wanted', () => {
  const { world, hold } = setup();
  expect(hold.limit(500)).toBe(500);
  world.peers = [peer(SELF, 3), peer(2, 900), peer(3, 500)];
  expect(hold.limit(500)).toBe(500);
});

test('the slowest member that follows holds the log back', () => {
  const { world, hold } = setup();
  world.peers = [peer(SELF, 900), peer(2, 450), peer(3, 300)];
  expect(hold.limit(500)).toBe(300);
});

test('a member that is away, or behind the cut already, holds nothing back', () => {
  const { world, hold } = setup();
  world.peers = [peer(SELF, 900), peer(2, 300, false), peer(3, 99)];
  expect(hold.limit(500)).toBe(500);
  world.connected.add(2);
  expect(hold.limit(500)).toBe(300);
});

test('a snapshot on its way holds the log back; one whose index is not known yet, all of it', () => {
  const { world, hold } = setup();
  world.snapshot = 250;
  expect(hold.limit(500)).toBe(250);
  world.snapshot = 0;
  expect(hold.limit(500)).toBe(0);
});

test('a member that got a snapshot has 30 s to acknowledge it', () => {
  const { world, hold } = setup();
  hold.delivered(2, 280);
  world.peers = [peer(SELF, 900), peer(2, 40)];
  expect(hold.limit(500)).toBe(280);
  world.nowMs = 29_999;
  expect(hold.limit(500)).toBe(280);
  world.nowMs = 30_000;
  expect(hold.limit(500)).toBe(500);
});

test('once acknowledged, where it follows counts', () => {
  const { world, hold } = setup();
  hold.delivered(2, 280);
  world.peers = [peer(SELF, 900), peer(2, 310)];
  expect(hold.limit(500)).toBe(310);
  world.peers = [peer(SELF, 900), peer(2, 800)];
  expect(hold.limit(500)).toBe(500);
});

test('a leader no more: what it knew of others is forgotten', () => {
  const { world, hold } = setup();
  hold.delivered(2, 280);
  expect(hold.limit(500)).toBe(500);
  world.peers = [peer(SELF, 900), peer(2, 40)];
  expect(hold.limit(500)).toBe(500);
});

test('nobody holds back more than a million entries', () => {
  const { world, hold } = setup();
  world.peers = [peer(SELF, 3_000_000), peer(2, 150)];
  expect(hold.limit(2_000_000)).toBe(1_000_000);
});
