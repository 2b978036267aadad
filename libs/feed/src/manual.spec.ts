/** The consumer that docs/FEED.md shows is the one that docs/examples holds, and that e2e runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(__dirname, '../../../docs');

test('the manual shows the consumer as it is', () => {
  const manual = readFileSync(join(docs, 'FEED.md'), 'utf8');
  const shown = /```js\n([\s\S]*?)```\n/.exec(manual)?.[1];
  expect(shown).toBe(readFileSync(join(docs, 'examples/feed-consumer.mjs'), 'utf8'));
});
