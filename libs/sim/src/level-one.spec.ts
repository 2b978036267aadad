/** Level 1 worlds: a few hundred short ones, and that a seed tells the whole run. */
import fs from 'node:fs';
import path from 'node:path';
import { Coverage } from './coverage.js';
import { drawScenario } from './draw-scenario.js';
import { ExitCode } from './failure.js';
import { type Outcome, runScenario } from './run.js';
import { type Scenario, checkScenario } from './scenario.js';
import { shrinkScenario } from './shrink.js';

const DURATION_MS = 2_500;

function short(seed: number): Outcome {
  return runScenario(drawScenario(seed, { durationMsMax: DURATION_MS }));
}

describe('worlds of level 1', () => {
  const one = process.env['SEED'];
  const first = one === undefined ? 1 : Number(one);
  const count = one === undefined ? Number(process.env['SEEDS'] ?? 300) : 1;

  test(`${count} seeds from ${first} are safe after every event and make progress`, () => {
    const seen = new Coverage();
    for (let seed = first; seed < first + count; seed++) {
      const outcome = short(seed);
      const { exitCode, message } = outcome;
      expect({ SEED: seed, exitCode, message }).toEqual({ SEED: seed, exitCode: 0, message: '' });
      for (const [name, times] of outcome.coverage.counts) seen.see(name, times);
    }
    if (count < 300) return;
    // A world in which nothing happens proves nothing.
    for (const name of ['role:leader', 'log-truncated', 'snapshot:installed', 'conf-changed']) {
      expect({ name, seen: seen.count(name) > 10 }).toEqual({ name, seen: true });
    }
  }, 120_000);

  test('the same seed leads to the same trace hash', () => {
    for (let seed = 1_000; seed < 1_020; seed++) {
      expect(short(seed).hash).toBe(short(seed).hash);
    }
  }, 60_000);

  test('different seeds lead to different trace hashes', () => {
    expect(short(1).hash).not.toBe(short(2).hash);
  });

  test('until stops after so many events, and trace tells them', () => {
    const lines: string[] = [];
    const scenario = drawScenario(3, { durationMsMax: DURATION_MS });
    const outcome = runScenario(scenario, { until: 300, trace: (line) => lines.push(line) });
    expect(outcome.events).toBe(300);
    expect(lines.some((line) => /\d->\d (PRE_)?VOTE term/.test(line))).toBe(true);
  });
});

describe('regressions', () => {
  const directory = path.join(__dirname, '../testdata/regressions');
  const names = fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [];
  const scripts = names.filter((name) => name.endsWith('.json') && !name.startsWith('l2-'));

  test.each(scripts.length > 0 ? scripts : ['none'])('%s stays mended', (name) => {
    if (name === 'none') return;
    const scenario = JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8')) as Scenario;
    checkScenario(scenario);
    const { exitCode, message } = runScenario(scenario);
    expect({ exitCode, message }).toEqual({ exitCode: ExitCode.OK, message: '' });
  });
});

describe('shrinking', () => {
  test('keeps only the fault that matters, and calms the rest', () => {
    const scenario = { ...drawScenario(12), faults: manyFaults() };
    const failing = (candidate: Scenario): Outcome => {
      const fails = candidate.faults.some((f) => f.type === 'crash' && f.node === 2);
      const base = { message: '', events: 1, virtualUs: 9e9, hash: '', commits: 0, reads: 0 };
      const exitCode = fails ? ExitCode.SAFETY : ExitCode.OK;
      const rest = { rule: fails ? 'I1' : '', elections: 0, coverage: new Coverage() };
      return { exitCode, ...base, ...rest };
    };
    const { scenario: small, outcome } = shrinkScenario(scenario, 1_000, failing);
    expect(outcome.exitCode).toBe(ExitCode.SAFETY);
    expect(small.faults).toEqual([{ type: 'crash', at: 50, node: 2, downMs: 10 }]);
    expect(small.knobs).toMatchObject({ clients: 1, voters: 1, spares: 0, drop: 0, replay: 0 });
  });
});

function manyFaults(): Scenario['faults'] {
  return Array.from({ length: 20 }, (_, i) => ({
    type: 'crash' as const,
    at: i * 10,
    node: i === 5 ? 2 : 1,
    downMs: 10,
  }));
}
