/**
 * A metric that is declared and never observed misleads: each of the catalogue is observed somewhere in the
 * sources, or docs/DIVERGENCE.md says that and why it stays at 0.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_CATALOGUE } from './catalogue.js';

const ROOT = join(__dirname, '../../..');

function* sources(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'testing'].includes(entry.name)) yield* sources(path);
    } else if (/\.ts$/.test(entry.name) && !/\.(spec|bench)\.ts$|^catalogue/.test(entry.name)) {
      yield path;
    }
  }
}

test('each metric of the catalogue is observed, or its absence is explained', () => {
  const texts = [...sources(join(ROOT, 'libs')), ...sources(join(ROOT, 'apps'))].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const explained = readFileSync(join(ROOT, 'docs/DIVERGENCE.md'), 'utf8');
  const missing = METRIC_CATALOGUE.map(({ name }) => name).filter((name) => {
    const observed = texts.some((text) => text.includes(`'${name}'`));
    return !observed && !explained.includes(name);
  });
  expect(missing).toEqual([]);
});
