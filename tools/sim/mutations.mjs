// Every small change that could be made to a TypeScript source: {operator, start, end, text}, where
// [start, end) of the source becomes `text`. Types, imports, assertions and what is only told to a
// probe are left alone: an assertion is what notices, not what is to be noticed.
import { partners, tokenize } from './tokens.mjs';

const SWAPS = new Map([
  ['<', ['boundary', '<=']],
  ['<=', ['boundary', '<']],
  ['>', ['boundary', '>=']],
  ['>=', ['boundary', '>']],
  ['===', ['equality', '!==']],
  ['!==', ['equality', '===']],
  ['&&', ['logic', '||']],
  ['||', ['logic', '&&']],
  ['+', ['arithmetic', '-']],
  ['-', ['arithmetic', '+']],
  ['*', ['arithmetic', '+']],
  ['%', ['arithmetic', '+']],
  ['+=', ['arithmetic', '-=']],
  ['-=', ['arithmetic', '+=']],
  ['++', ['arithmetic', '--']],
  ['--', ['arithmetic', '++']],
]);

/** Words that begin something else than an expression statement. */
const KEYWORDS = new Set(
  (
    'const let var return if else for while do switch case default break continue throw function ' +
    'class export import type interface readonly get set static async try catch finally'
  ).split(' '),
);

/** Calls whose arguments are no behaviour. */
const QUIET_CALL = /^(assert\w*|unreachable|emit|announceRole|ignore)$/;

/** All mutations of `source`, in order of place. */
export function mutationsOf(source) {
  const tokens = tokenize(source);
  const view = { source, tokens, partner: partners(tokens) };
  const still = stillTokens(view);
  const found = [];
  const add = (operator, start, end, text) => found.push({ operator, start, end, text });
  for (let i = 0; i < tokens.length; i++) {
    if (still[i]) continue;
    token(view, i, add);
    condition(view, i, add);
    statement(view, i, still, add);
    functionBody(view, i, add);
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Which tokens are not to be touched. */
function stillTokens({ tokens, partner }) {
  const still = tokens.map(() => false);
  const hush = (from, to) => still.fill(true, from, to + 1);
  const endOf = (i) => {
    let at = i;
    while (tokens[at].text !== ';') at = partner[at] > at ? partner[at] + 1 : at + 1;
    return at;
  };
  tokens.forEach(({ type, text }, i) => {
    if (still[i] || type !== 'word') return;
    const next = tokens[i + 1]?.text;
    const begins = i === 0 || [';', '}', 'export'].includes(tokens[i - 1].text);
    if (text === 'import' || (text === 'export' && (next === '{' || next === 'type'))) {
      hush(i, endOf(i));
    } else if (begins && text === 'type' && tokens[i + 1]?.type === 'word') hush(i, endOf(i));
    else if (begins && text === 'interface') {
      let at = i;
      while (tokens[at].text !== '{') at++;
      hush(i, partner[at]);
    } else if (QUIET_CALL.test(text) && next === '(' && tokens[i - 1]?.text !== 'function') {
      hush(i, partner[i + 1]);
    }
  });
  return still;
}

const isOperand = (token) =>
  token !== undefined &&
  ((token.type !== 'mark' && !KEYWORDS.has(token.text)) || [')', ']'].includes(token.text));

function token({ source, tokens }, i, add) {
  const { type, text, start, end } = tokens[i];
  const before = tokens[i - 1];
  if (type === 'number') {
    add('constant', start, end, `(${text} + 1)`);
    add('constant', start, end, `(${text} - 1)`);
    return;
  }
  if (type === 'word') {
    if (text === 'true' || text === 'false') {
      add('boolean', start, end, text === 'true' ? 'false' : 'true');
    } else if ((text === 'min' || text === 'max') && tokens[i - 2]?.text === 'Math') {
      add('extreme', start, end, text === 'min' ? 'max' : 'min');
    }
    return;
  }
  if (text === '!' && !isOperand(before)) {
    add('negation', start, end, '');
    return;
  }
  const swap = SWAPS.get(text);
  if (swap === undefined) return;
  // A binary operator has an operand before it and stands between spaces; `Map<a, b>` does not.
  const unary = text === '++' || text === '--';
  const spaced = /\s/.test(source[start - 1] ?? '') && /\s/.test(source[end] ?? '');
  if (unary || (isOperand(before) && spaced)) add(swap[0], start, end, swap[1]);
}

/** `if (x)` and `while (x)`. */
function condition({ source, tokens, partner }, i, add) {
  const { type, text: word } = tokens[i];
  if (type !== 'word' || (word !== 'if' && word !== 'while')) return;
  const open = i + 1;
  const [start, end] = [tokens[open].end, tokens[partner[open]].start];
  add('condition', start, end, 'false');
  if (word === 'while') return;
  add('condition', start, end, 'true');
  // A single comparison is turned around by its own operator.
  const text = source.slice(start, end);
  if (!/[!=]== /.test(text) || /&&|\|\|/.test(text)) add('condition', start, end, `!(${text})`);
}

/** A statement that is an expression, or ends something, is dropped. */
function statement({ tokens, partner }, i, still, add) {
  const { type, text, start } = tokens[i];
  if (!beginsStatement(tokens, partner, i)) return;
  const next = tokens[i + 1]?.text;
  if (['break', 'continue', 'return'].includes(text)) {
    if (next === ';') add('dropped', start, tokens[i + 1].end, ';');
    return;
  }
  const prefix = type === 'mark' && (text === '++' || text === '--');
  if (!prefix && (type !== 'word' || KEYWORDS.has(text) || next === ':' || next === '?')) return;
  let at = i;
  let acts = prefix;
  while (at < tokens.length && tokens[at].text !== ';') {
    const one = tokens[at].text;
    if (still[at] || one === '}' || one === '=>') return;
    if (one === '(' || /^([+\-*/%&|^]?=|\+\+|--)$/.test(one)) acts = true;
    at = partner[at] > at ? partner[at] + 1 : at + 1;
  }
  if (at < tokens.length && acts) add('dropped', start, tokens[at].end, ';');
}

function beginsStatement(tokens, partner, i) {
  const before = tokens[i - 1];
  if (before === undefined) return true;
  if ([';', '{', '}', 'else'].includes(before.text)) return true;
  if (before.text !== ')') return false;
  return ['if', 'while', 'for'].includes(tokens[partner[i - 1] - 1]?.text);
}

/** A function that ends at once, and a yes that becomes a no. */
function functionBody({ source, tokens, partner }, i, add) {
  if (tokens[i].text !== ')' || tokens[i + 1]?.text !== ':' || tokens[i + 3]?.text !== '{') return;
  const kind = tokens[i + 2].text;
  const open = i + 3;
  const at = tokens[open].end;
  if (kind === 'void') add('early return', at, at, ' return;');
  if (kind !== 'boolean') return;
  add('early return', at, at, ' return true;');
  add('early return', at, at, ' return false;');
  for (let k = open; k < partner[open]; k++) {
    if (tokens[k].text !== 'return') continue;
    let end = k + 1;
    while (tokens[end].text !== ';') end = partner[end] > end ? partner[end] + 1 : end + 1;
    const [from, to] = [tokens[k + 1].start, tokens[end].start];
    const text = source.slice(from, to);
    if (text !== 'true' && text !== 'false') add('answer', from, to, `!(${text})`);
  }
}
