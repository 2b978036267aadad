import { StorageType, type StreamConfig } from '@nats-io/jetstream';
import { streamFaults } from './nats-stream.js';
import { FEED_FLAGS, feedOptions } from './options.js';

function read(set: Record<string, string>): { faults: string[]; options: unknown } {
  const faults: string[] = [];
  const text = (name: string): string => {
    return set[name] ?? FEED_FLAGS.find(([flag]) => flag === name)?.[2] ?? '';
  };
  const list = (name: string): string[] => text(name).split(',').filter(Boolean);
  const durationMs = (name: string): number => Number.parseFloat(text(name)) * 1_000;
  const number = (name: string): number => Number(text(name));
  return { options: feedOptions({ text, list, number, durationMs }, faults), faults };
}

test('without servers there is no feed', () => {
  expect(read({ 'feed-prefix': 'not looked at.' })).toEqual({ options: null, faults: [] });
});

test('defaults make a feed of all keys', () => {
  const { options, faults } = read({ 'feed-nats': 'nats://a:4222,b:4222' });
  expect(faults).toEqual([]);
  expect(options).toMatchObject({ prefix: 'conclave', stream: 'CONCLAVE', leaseTtlS: 5 });
});

test('all faults are told at once', () => {
  const { faults } = read({
    'feed-nats': 'http://a/b',
    'feed-prefix': 'a.*',
    'feed-stream': 'a.b',
    'feed-stream-replicas': '9',
    'feed-lease-ttl': '1s',
    'feed-nats-creds-file': 'a',
    'feed-nats-token-file': 'b',
    'feed-nats-cert-file': 'c',
    'feed-key-prefix': '_conclave/feed',
  });
  expect(faults.length).toBe(8);
});

test('a stream that others write to, that drops what was read, or copies, is refused', () => {
  const good = { subjects: ['f.>'], retention: 'limits', storage: StorageType.File };
  const faultsOf = (fields: object): string[] =>
    streamFaults({ ...good, ...fields } as unknown as StreamConfig, 'f');
  expect(faultsOf({})).toEqual([]);
  expect(faultsOf({ subjects: ['f.>', 'g'] })).toEqual(['its subjects are f.>, g, not f.>']);
  expect(faultsOf({ retention: 'workqueue' })).toEqual(['its retention is workqueue, not limits']);
  expect(faultsOf({ no_ack: true, sealed: true }).length).toBe(2);
  expect(faultsOf({ mirror: { name: 'g' } })).toEqual(['it copies another stream']);
});
