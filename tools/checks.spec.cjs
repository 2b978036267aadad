/** The checks themselves: a planted fault of each kind is found, and the tree as it is has none. */
const { execFileSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');

function faults(check, root) {
  const name = check === 'boundaries' ? 'boundaryFaults' : 'tidyFaults';
  const script = `import { ${name} } from ${JSON.stringify(join(ROOT, `tools/${check}.mjs`))};
    console.log(JSON.stringify(${name}(${JSON.stringify(root)})));`;
  const args = ['--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('a small tree with planted faults', () => {
  let root;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'conclave-checks-'));
    mkdirSync(join(root, 'tools'));
    mkdirSync(join(root, 'apps'));
    const layers = {
      layers: ['base', 'core', 'adapter', 'app'],
      rooms: {
        base: { layer: 'base', pure: true, imports: [], packages: {} },
        raft: { layer: 'core', pure: true, imports: ['base'], packages: {} },
        link: { layer: 'adapter', pure: false, imports: ['base'], packages: { ws: 'links' } },
      },
      apps: {},
    };
    writeFileSync(join(root, 'tools/layers.json'), JSON.stringify(layers));
    for (const [name, room] of Object.entries(layers.rooms)) {
      mkdirSync(join(root, 'libs', name, 'src'), { recursive: true });
      const dependencies = Object.fromEntries(room.imports.map((i) => [`@conclave/${i}`, '*']));
      writeFileSync(join(root, 'libs', name, 'package.json'), JSON.stringify({ dependencies }));
      const references = room.imports.map((i) => ({ path: `../${i}` }));
      writeFileSync(join(root, 'libs', name, 'tsconfig.json'), JSON.stringify({ references }));
      source(name, "import { assert } from '@conclave/base';\n", name === 'base' ? 'skip' : 'a.ts');
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function source(room, text, file = 'planted.ts') {
    if (file !== 'skip')
      writeFileSync(join(root, 'libs', room, 'src', file), `/** Planted. */\n${text}`);
  }

  test('the tree without them has no faults', () => {
    expect(faults('boundaries', root)).toEqual([]);
    expect(faults('tidy', root)).toEqual([]);
  });

  test.each([
    ['raft', "import { Link } from '@conclave/link';\n", 'raft may not import @conclave/link'],
    ['raft', "import { readFileSync } from 'node:fs';\n", 'raft is pure and imports node:fs'],
    ['link', "import express from 'express';\n", 'package express is not granted to link'],
    ['raft', "export { x } from '../../base/src/x.js';\n", 'outside its room'],
    ['raft', "const x = require('@conclave/link');\n", 'raft may not import @conclave/link'],
    ['raft', "const x = await import('ws');\n", 'package ws is not granted to raft'],
  ])('an import of %s that crosses a boundary is found: %s', (room, text, fault) => {
    source(room, text);
    expect(faults('boundaries', root).join('\n')).toContain(fault);
  });

  test('a dependency, a reference and a cycle that the table does not grant are found', () => {
    writeFileSync(
      join(root, 'libs/raft/package.json'),
      JSON.stringify({ dependencies: { '@conclave/link': '*', lodash: '1.0.0' } }),
    );
    writeFileSync(
      join(root, 'libs/base/tsconfig.json'),
      JSON.stringify({ references: [{ path: '../raft' }] }),
    );
    const found = faults('boundaries', root).join('\n');
    expect(found).toContain('depends on @conclave/link');
    expect(found).toContain('depends on lodash');
    expect(found).toContain('libs/base/tsconfig.json: references ../raft');
  });

  test.each([
    ['a clock', 'raft', 'export const now = Date.now();\n', 'time is handed in'],
    ['chance', 'raft', 'export const x = Math.random();\n', 'chance is handed in'],
    ['a timer', 'raft', 'export const f = () => setTimeout(g, 1);\n', 'timers'],
    ['a promise', 'raft', 'export async function f() {}\n', 'promises'],
    ['a default export', 'link', 'export default 1;\n', 'default export'],
    ['a star export', 'link', "export * from './a.js';\n", 'list the names'],
    ['a long line', 'link', `// ${'x'.repeat(120)}\n`, 'columns'],
    ['a long file', 'link', '// a line\n'.repeat(501), 'the limit is 500'],
    ['a loose end', 'link', `// ${'TO'}${'DO'}: later\n`, 'without an issue'],
  ])('%s breaks a house rule and is found', (_what, room, text, fault) => {
    source(room, text);
    expect(faults('tidy', root).join('\n')).toContain(fault);
  });

  test('a name that says nothing is found', () => {
    source('link', 'export const x = 1;\n', 'utils.ts');
    expect(faults('tidy', root).join('\n')).toContain('a name that says nothing');
  });
});

test('the lock file names no download address', () => {
  const lock = join(ROOT, 'package-lock.json');
  expect(
    execFileSync('node', ['-p', `require(${JSON.stringify(lock)}).lockfileVersion`]).toString(),
  ).toBe('3\n');
});
