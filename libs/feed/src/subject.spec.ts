import { Random } from '@conclave/base';
import {
  SUBJECT_BYTES_MAX,
  escapeKey,
  keyOfSubject,
  prefixFault,
  streamNameFault,
  subjectOf,
  unescapeKey,
} from './subject.js';

const subject = (key: string): string => subjectOf('f', key, () => 'd1');

describe('subjectOf', () => {
  test.each([
    ['registry/pods/a', 'f.registry.pods.a'],
    ['/registry//a.b c', 'f.%.registry.%.a%2Eb%20c'],
    ['', 'f.%'],
    ['a/', 'f.a.%'],
    ['*', 'f.%2A'],
    ['>', 'f.%3E'],
    ['100%', 'f.100%25'],
    ['%gap', 'f.%25gap'],
    ['\0\xff', 'f.%00%FF'],
  ])('writes %j as %s', (key, text) => {
    expect(subject(key)).toBe(text);
    expect(keyOfSubject('f', text)).toBe(key);
  });

  test('names a key by its digest when the subject would be too long or too deep', () => {
    expect(subject('x'.repeat(SUBJECT_BYTES_MAX))).toBe('f.%long.d1');
    expect(subject('a/'.repeat(80))).toBe('f.%long.d1');
    expect(subject('x'.repeat(1_000))).toBe(`f.${'x'.repeat(1_000)}`);
    expect(keyOfSubject('f', 'f.%long.d1')).toBeNull();
  });

  test('gives no two keys one subject, and only what NATS allows', () => {
    const random = new Random(Number(process.env['SEED'] ?? 7));
    const seen = new Map<string, string>();
    for (let i = 0; i < 3_000; i++) {
      let key = '';
      for (let n = random.below(6); n > 0; n--) {
        key += random.chance(0.4)
          ? random.pick(['/', '.', '%', '*', '>', ' ', '2', 'E'])
          : String.fromCharCode(random.below(256));
      }
      const text = subject(key);
      const tokens = text.split('.');
      expect(tokens.every((token) => /^[!-~]+$/.test(token) && !/[*>]/.test(token))).toBe(true);
      expect(seen.get(text) ?? key).toBe(key);
      seen.set(text, key);
      expect(keyOfSubject('f', text)).toBe(key);
      expect(unescapeKey(escapeKey(key))).toBe(key);
    }
  });
});

test('keyOfSubject answers null for what no key has', () => {
  for (const other of ['f.%gap', 'f.%mark', 'g.a', 'f', 'f.a%2', 'f.a%zz']) {
    expect(keyOfSubject('f', other)).toBeNull();
  }
});

test('a prefix and a stream name are checked as NATS would', () => {
  expect(prefixFault('a.b-c')).toBeNull();
  for (const bad of ['', 'a.', '.a', 'a b', 'a.*', 'a.>', '$JS', 'a'.repeat(200)]) {
    expect(prefixFault(bad)).not.toBeNull();
  }
  expect(streamNameFault('FEED_1')).toBeNull();
  for (const bad of ['', 'a.b', 'a b', 'a/b', '*']) expect(streamNameFault(bad)).not.toBeNull();
});
