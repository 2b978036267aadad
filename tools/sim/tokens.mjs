// Cuts TypeScript into tokens: as much as mutation needs, for the style of this repository (prettier's,
// no regular expressions in the rooms that are mutated). Comments are left out; a template is one token.

const WORD = /[\w$#]/;
const OPERATORS = [
  '>>>=',
  '...',
  '===',
  '!==',
  '**=',
  '<<=',
  '>>=',
  '>>>',
  '&&=',
  '||=',
  '??=',
  '=>',
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '??',
  '?.',
  '++',
  '--',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '|=',
  '^=',
  '<<',
  '>>',
  '**',
];

/** Tokens {type: 'word' | 'number' | 'text' | 'mark', text, start, end} in order. */
export function tokenize(source) {
  const tokens = [];
  let at = 0;
  while (at < source.length) {
    const start = at;
    const c = source[at];
    if (/\s/.test(c)) {
      at++;
      continue;
    }
    if (source.startsWith('//', at) || source.startsWith('/*', at)) {
      at = endOfComment(source, at);
      continue;
    }
    let type = 'mark';
    if (c === "'" || c === '"' || c === '`') {
      type = 'text';
      at = endOfText(source, at);
    } else if (WORD.test(c)) {
      type = /\d/.test(c) ? 'number' : 'word';
      while (at < source.length && WORD.test(source[at])) at++;
    } else at += (OPERATORS.find((operator) => source.startsWith(operator, at)) ?? c).length;
    tokens.push({ type, text: source.slice(start, at), start, end: at });
  }
  return tokens;
}

function endOfComment(source, at) {
  const line = source.startsWith('//', at);
  const end = source.indexOf(line ? '\n' : '*/', at);
  if (end < 0) return source.length;
  return line ? end : end + 2;
}

function endOfText(source, start) {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    if (source[at] === '\\') at++;
    else if (quote === '`' && source.startsWith('${', at)) at = endOfHole(source, at + 2) - 1;
    at++;
  }
  return at + 1;
}

/** The place behind the brace that ends a template's expression. */
function endOfHole(source, start) {
  let depth = 1;
  let at = start;
  while (depth > 0 && at < source.length) {
    const c = source[at];
    if (c === "'" || c === '"' || c === '`') {
      at = endOfText(source, at);
      continue;
    }
    if (c === '{') depth++;
    else if (c === '}') depth--;
    at++;
  }
  return at;
}

/** For each bracket token its partner's place in `tokens`; -1 for all others. */
export function partners(tokens) {
  const partner = tokens.map(() => -1);
  const open = [];
  tokens.forEach(({ type, text }, i) => {
    if (type !== 'mark') return;
    if (text === '(' || text === '[' || text === '{') open.push(i);
    else if (text === ')' || text === ']' || text === '}') {
      const from = open.pop();
      if (from === undefined) throw new Error('a bracket closes nothing');
      partner[from] = i;
      partner[i] = from;
    }
  });
  if (open.length > 0) throw new Error('a bracket is not closed');
  return partner;
}
