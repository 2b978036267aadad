import { type LogFields, NO_PROBE, type Probe } from '@conclave/base';
import { StallReport } from './stall-report.js';

const HEARTBEAT_MS = 100;

function stalls(): { lines: (LogFields | undefined)[]; report: StallReport } {
  const lines: (LogFields | undefined)[] = [];
  const probe: Probe = { ...NO_PROBE, log: (_level, _message, fields) => void lines.push(fields) };
  return { lines, report: new StallReport(HEARTBEAT_MS, probe) };
}

test('a stall that costs no two heartbeats is no news', () => {
  const { lines, report } = stalls();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 200) report.turn(190, nowMs);
  expect(lines).toEqual([]);
});

test('a long stall is told at once', () => {
  const { lines, report } = stalls();
  report.turn(250.4, 1_000);
  expect(lines).toEqual([{ took: '250ms', times: 1 }]);
});

test('many stalls are one line in ten seconds, with the worst and their number', () => {
  const { lines, report } = stalls();
  report.turn(300, 1_000);
  for (const [lateMs, nowMs] of [
    [400, 3_000],
    [900, 5_000],
    [250, 10_999],
  ] as const) {
    report.turn(lateMs, nowMs);
  }
  expect(lines).toHaveLength(1);
  report.turn(0, 11_000);
  expect(lines[1]).toEqual({ took: '900ms', times: 3 });
  report.turn(0, 30_000);
  expect(lines).toHaveLength(2);
});
