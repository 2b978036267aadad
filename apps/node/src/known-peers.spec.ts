import { KnownPeers } from './known-peers.js';

const peer = (id: bigint) => ({ id, name: `m${id}`, peerURLs: [`http://127.0.0.1:${id}`] });

function ids(book: KnownPeers): bigint[] {
  return book.all.map((p) => p.id).sort();
}

test('a member that joins keeps knowing a leader that its log has not reached', () => {
  const book = new KnownPeers(3n, () => false);
  book.othersSay([peer(1n), peer(2n), peer(3n)]);
  book.logSays([peer(1n)]);
  expect(ids(book)).toEqual([1n, 2n]);
  book.logSays([peer(1n), peer(2n)]);
  expect(ids(book)).toEqual([1n, 2n]);
});

test('the word of the log about a member stands above that of others', () => {
  const book = new KnownPeers(3n, () => false);
  book.othersSay([{ ...peer(1n), name: 'old' }]);
  book.logSays([peer(1n)]);
  expect(book.othersSay([{ ...peer(1n), name: 'other' }])).toBe(false);
  expect(book.get(1n)?.name).toBe('m1');
});

test('a member that the log removes is not known again, whoever names it', () => {
  const removed = new Set<bigint>();
  const book = new KnownPeers(3n, (id) => removed.has(id));
  book.othersSay([peer(1n), peer(2n), peer(4n)]);
  book.logSays([peer(1n), peer(2n)]);
  removed.add(2n).add(4n);
  book.logSays([peer(1n)]);
  expect(ids(book)).toEqual([1n]);
  expect(book.othersSay([peer(2n), peer(4n)])).toBe(false);
  expect(ids(book)).toEqual([1n]);
});

test('what others may name is bounded, and never ourselves or nobody', () => {
  const book = new KnownPeers(3n, () => false);
  book.othersSay([peer(0n), peer(3n)]);
  expect(ids(book)).toEqual([]);
  book.othersSay(Array.from({ length: 5_000 }, (_, i) => peer(BigInt(i + 10))));
  expect(book.all).toHaveLength(100);
});
