// House rules as a test: length of files and functions, names, what pure rooms must not say. Every
// rule is from docs/STYLE.md; there are no exceptions except generated code.
import fs from 'node:fs';
import path from 'node:path';
import { isTest, sources } from './boundaries.mjs';

const FILE_LINES_MAX = 500;
const COLUMNS_MAX = 100;
const COMMENT_COLUMNS_MAX = 110;
/** A text that the formatter cannot break. */
const LONG_TEXT = /"[^"]{40,}"|'[^']{40,}'|`[^`]{40,}(`|$)|^\s*\/\^.*\/[a-z]*;$/;
const BANNED_NAMES = /(^|[-/])(utils?|helpers?|common|misc)(\.|$|\/)/;
const PURE_BANS = [
  [/\bMath\.random\b/, 'Math.random: chance is handed in'],
  [/\bnew Date\b|\bDate\.now\b/, 'Date: time is handed in'],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b/, 'timers: time is handed in'],
  [/\basync\s|\bawait\s|\bnew Promise\b|Promise</, 'promises: completions are inputs'],
];

export function tidyFaults(root) {
  const layers = JSON.parse(fs.readFileSync(path.join(root, 'tools/layers.json'), 'utf8'));
  const faults = [];
  for (const kind of ['libs', 'apps']) {
    for (const name of fs.readdirSync(path.join(root, kind))) {
      const pure = kind === 'libs' && layers.rooms[name]?.pure === true;
      for (const file of sources(path.join(root, kind, name, 'src'))) {
        if (file.includes(`${path.sep}generated${path.sep}`)) continue;
        checkFile(root, file, pure, faults);
      }
    }
  }
  return faults;
}

function checkFile(root, file, pure, faults) {
  const relative = path.relative(root, file);
  const text = fs.readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const say = (line, what) => faults.push(`${relative}:${line}: ${what}`);
  if (lines.length > FILE_LINES_MAX + 1 && !isTest(file)) {
    say(1, `${lines.length - 1} lines; the limit is ${FILE_LINES_MAX}`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.ts$/.test(path.basename(file))) {
    say(1, 'file names are kebab-case');
  }
  if (BANNED_NAMES.test(relative)) say(1, 'a name that says nothing');
  lines.forEach((line, i) => {
    if (
      line.length > (/^\s*(\*|\/\/|\/\*)/.test(line) ? COMMENT_COLUMNS_MAX : COLUMNS_MAX) &&
      !/https?:|import |from '/.test(line) &&
      !LONG_TEXT.test(line) &&
      !isTest(file)
    ) {
      say(i + 1, `${line.length} columns; the limit is ${COLUMNS_MAX}`);
    }
    if (/^\s*export default\b/.test(line)) say(i + 1, 'default export');
    if (/^\s*export \* from\b/.test(line)) say(i + 1, 'export *: list the names');
    if (/\bTODO\b|\bFIXME\b|\bXXX\b/.test(line)) say(i + 1, 'TODO without an issue');
    if (pure && !isTest(file) && !/^\s*(\*|\/\/|\/\*)/.test(line)) {
      for (const [pattern, what] of PURE_BANS) if (pattern.test(line)) say(i + 1, what);
    }
  });
  if (!isTest(file) && !/^(\/\*\*|\/\/|#!|\/\*|import |export )/.test(text)) {
    say(1, 'a file begins with what it is');
  }
}
