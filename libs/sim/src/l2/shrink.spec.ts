import fs from 'node:fs';
import path from 'node:path';
import { ExitCode } from '../failure.js';
import { Coverage } from './coverage.js';
import { type Outcome, runScenario } from './run.js';
import { type Scenario, drawScenario } from './scenario.js';
import { shrinkScenario } from './shrink.js';

/** Fails if a follower is killed while a client writes and snapshots are frequent. */
function failing({ faults, workers, member }: Scenario): Outcome {
  const fails = workers > 0 && member.snapshotCount === 5 && faults.some((f) => f.kind === 'kill');
  return {
    exitCode: fails ? ExitCode.SAFETY : ExitCode.OK,
    rule: fails ? 'I14' : '',
    ...{ message: '', failedEvent: 1, failedMs: 5_000, events: 1, virtualUs: 1, hash: '' },
    ...{ coverage: new Coverage(), commits: 0, reads: 0, elections: 0 },
  };
}

test('what does not matter for a failure is left out, what matters stays', () => {
  const faults: Scenario['faults'] = Array.from({ length: 20 }, (_, i) => ({
    ...{ atMs: i * 100, salt: i, kind: i === 7 ? 'kill' : 'pause' },
  }));
  const drawn = { ...drawScenario(3), faults };
  const first = { ...drawn, member: { ...drawn.member, snapshotCount: 5 } };
  const { scenario, outcome, runs } = shrinkScenario(first, 500, failing);
  expect(outcome).toMatchObject({ exitCode: ExitCode.SAFETY, rule: 'I14' });
  expect(scenario.faults).toEqual([{ atMs: 700, salt: 7, kind: 'kill' }]);
  expect(scenario).toMatchObject({ members: 1, workers: 1, gateways: 0, watchers: 0, leases: 0 });
  expect(scenario.member).toMatchObject({ snapshotCount: 5, catchUpEntries: 5_000 });
  expect(scenario.durationMs).toBeLessThan(1_500);
  expect(runs).toBeLessThan(500);
});

test('a scenario that does not fail is left as it is', () => {
  const scenario = { ...drawScenario(3), faults: [] };
  expect(shrinkScenario(scenario, 10, failing)).toMatchObject({ scenario, runs: 1 });
});

describe('regressions', () => {
  const directory = path.join(__dirname, '../../testdata/regressions');
  const scripts = fs.readdirSync(directory).filter((name) => name.startsWith('l2-'));

  test.each(scripts.sort())(
    '%s stays mended',
    (name) => {
      const scenario = JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8')) as Scenario;
      const { exitCode, message } = runScenario(scenario);
      expect({ exitCode, message }).toEqual({ exitCode: ExitCode.OK, message: '' });
    },
    60_000,
  );
});
