import { type TermPorts, Terms } from './terms.js';

function evaluated(text: string, times: number, ports: Partial<TermPorts> = {}): unknown[] {
  const done: unknown[] = [];
  const full: TermPorts = {
    random: () => 0.5,
    sleep: (ms) => void done.push(`slept ${ms}`),
    panic: (message) => {
      throw new Error(message);
    },
    print: (line) => void done.push(line),
    ...ports,
  };
  const terms = Terms.parse('point', text, full);
  if (terms === null) return ['refused'];
  for (let i = 0; i < times; i++) {
    const value = terms.evaluate();
    if (value !== null) done.push(value);
  }
  return done;
}

test.each([
  ['off', []],
  ['return', [true, true, true]],
  ['return()', [true, true, true]],
  ['return(7)', [7, 7, 7]],
  ['return(true)', [true, true, true]],
  ['return("a,b\\"c")', ['a,b"c', 'a,b"c', 'a,b"c']],
  ['2*return("x")', ['x', 'x']],
  ['1*return("x")->return("y")', ['x', 'y', 'y']],
  ['1*off->1*return(1)', [1]],
  ['1*sleep(10)->sleep("1m30.5s")', ['slept 10', 'slept 90500', 'slept 90500']],
  ['1*sleep("1h2ms")', ['slept 3600002']],
  ['1*sleep("soon")', ['failpoint: ignoring sleep(soon) on point']],
  ['1*print', ['failpoint print: point']],
])('%s does what gofail does', (text, expected) => {
  expect(evaluated(text, 3)).toEqual(expected);
});

test.each([
  '',
  'of',
  'return(1',
  'return("a)',
  'return("\\q")',
  'return(1.5)',
  '5%panic',
  '5.0*panic',
  '3*',
  'off->',
  'off;off',
  'panic ',
  `return("${'x'.repeat(5_000)}")`,
])('%j is refused, as no terms', (text) => {
  expect(evaluated(text, 1)).toEqual(['refused']);
});

test('a chance lets through what the dice say, and a spent count stays spent', () => {
  const dice = [0.1, 0.9, 0.2, 0.3];
  const random = (): number => dice.shift() ?? 1;
  expect(evaluated('50.0%return(1)', 4, { random })).toEqual([1, 1, 1]);
  expect(evaluated('0.0%return(1)', 3, { random: () => 0 })).toEqual([]);
  expect(evaluated('100.0%return(1)', 2, { random: () => 0.999 })).toEqual([1, 1]);
});

test('a panic names the failpoint or its value', () => {
  expect(() => evaluated('panic', 1)).toThrow('failpoint panic: point');
  expect(() => evaluated('1*off->panic("why")', 2)).toThrow('failpoint panic: why');
});
