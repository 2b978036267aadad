/**
 * The scenario catalogue as golden transcripts: testdata/NN-name.txt, one file or more for each
 * scenario. `REWRITE=1` writes what the code does now; read the diff before keeping it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTranscript } from './testing/transcript.js';

const SCENARIOS = 47;
const folder = join(__dirname, '..', 'testdata');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort();

describe('transcripts', () => {
  test.each(files)('%s', (name) => {
    const path = join(folder, name);
    const source = readFileSync(path, 'utf8');
    const { text, blocks } = runTranscript(source);
    expect(blocks).toBeGreaterThan(0);
    if (process.env['REWRITE'] === '1') writeFileSync(path, text);
    else expect(text).toBe(source);
  });

  test('every scenario of the catalogue has a transcript with a claim', () => {
    const numbers = new Set(files.map((name) => Number(name.slice(0, 2))));
    for (let n = 1; n <= SCENARIOS; n++) expect(numbers).toContain(n);
    for (const name of files) {
      const source = readFileSync(join(folder, name), 'utf8');
      expect(source.startsWith('# ')).toBe(true);
      expect(source).toMatch(/^expect |^messages .*count=| [=!]> /m);
    }
  });
});
