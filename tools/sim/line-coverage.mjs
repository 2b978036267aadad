// Which lines of the product a run of the simulator went through: V8's own counts, which it leaves in
// a directory (NODE_V8_COVERAGE), carried from the bundle back to the sources by the source map.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * By source file under one of `folders` (absolute): {lines, never, partly}: lines that hold code, those
 * no run came to, and those of which some part was never run.
 */
export function lineCoverage(directory, bundle, folders) {
  const text = fs.readFileSync(bundle, 'utf8');
  const counts = runsOf(directory, bundle, text.length);
  const found = new Map();
  for (const { offset, source, line } of mappings(text, bundle)) {
    if (!folders.some((folder) => source.startsWith(`${folder}${path.sep}`))) continue;
    let file = found.get(source);
    if (file === undefined) found.set(source, (file = new Map()));
    const before = file.get(line) ?? { run: false, missed: false };
    if (counts[offset] === 1) before.run = true;
    else before.missed = true;
    file.set(line, before);
  }
  const result = new Map();
  for (const [source, lines] of [...found].sort()) {
    const all = [...lines].sort((a, b) => a[0] - b[0]);
    result.set(source, {
      lines: all.length,
      never: all.filter(([, seen]) => !seen.run).map(([line]) => line),
      partly: all.filter(([, seen]) => seen.run && seen.missed).map(([line]) => line),
    });
  }
  return result;
}

/** For each character of the bundle 1 if some process ran it. */
function runsOf(directory, bundle, length) {
  const sum = new Uint8Array(length);
  for (const name of fs.readdirSync(directory)) {
    if (!name.endsWith('.json')) continue;
    const { result } = JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8'));
    const own = result.find(({ url }) => url.startsWith('file:') && fileURLToPath(url) === bundle);
    if (own === undefined) continue;
    // Inner ranges come after those around them and say what holds inside.
    const ran = new Uint8Array(length);
    const ranges = own.functions.flatMap((f) => f.ranges);
    ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    for (let i = 0; i < length; i++) sum[i] |= ran[i];
  }
  return sum;
}

/** Each segment of the bundle's source map: where in the bundle, and whence (lines from 1). */
function* mappings(text, bundle) {
  const marker = '//# sourceMappingURL=data:application/json;base64,';
  const encoded = text.slice(text.lastIndexOf(marker) + marker.length).trim();
  const map = JSON.parse(Buffer.from(encoded, 'base64').toString());
  const sources = map.sources.map((name) => path.resolve(path.dirname(bundle), name));
  let [source, line, lineStart] = [0, 0, 0];
  const lines = text.split('\n');
  for (const [i, group] of map.mappings.split(';').entries()) {
    let column = 0;
    for (const segment of group === '' ? [] : group.split(',')) {
      const [byColumn, bySource, byLine] = decode(segment);
      column += byColumn;
      if (byLine === undefined) continue;
      source += bySource;
      line += byLine;
      yield { offset: lineStart + column, source: sources[source], line: line + 1 };
    }
    lineStart += (lines[i]?.length ?? 0) + 1;
  }
}

/** The numbers of one segment (base 64, five bits a digit, the lowest is the sign). */
function decode(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const c of segment) {
    const digit = DIGITS.indexOf(c);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}
