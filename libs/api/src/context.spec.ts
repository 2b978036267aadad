import { NO_PROBE } from '@conclave/base';
import { ApiContext } from './context.js';
import { API_DEFAULTS, type ApiPorts } from './options.js';

test('a read that takes as long as the warning says is counted and logged, without its keys', () => {
  const counted: string[] = [];
  const lines: unknown[] = [];
  const probe = {
    ...NO_PROBE,
    count: (name: string) => void counted.push(name),
    log: (...line: unknown[]) => void lines.push(line),
  };
  const replica = { clusterId: 1n, memberId: 2n, nowMs: 1_049 };
  const ports = { probe, replica } as unknown as ApiPorts;
  const api = new ApiContext({ ...API_DEFAULTS, warningApplyMs: 50 }, ports);
  api.readDone('range', 1_000, 7);
  expect([counted, lines]).toEqual([[], []]);
  replica.nowMs = 1_050;
  api.readDone('range', 1_000, 7);
  expect(counted).toEqual(['etcd_server_slow_apply_total']);
  const fields = {
    took: '50.000ms',
    'expected-duration': '50ms',
    prefix: 'read-only range ',
    'response-size': 7,
  };
  expect(lines).toEqual([['warn', 'apply request took too long', fields]]);
});
