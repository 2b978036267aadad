/** The files under deploy/observe may only name metrics that exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_CATALOGUE } from './catalogue.js';

const OBSERVE = join(__dirname, '../../../deploy/observe');
const EXISTING = new Set(
  METRIC_CATALOGUE.flatMap(({ name, type }) => {
    return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  }),
);
const ALERTS = [
  ...['etcdMembersDown', 'etcdInsufficientMembers', 'etcdNoLeader'],
  ...[
    'etcdHighNumberOfLeaderChanges',
    'etcdHighNumberOfFailedGRPCRequests',
    'etcdGRPCRequestsSlow',
  ],
  ...['etcdMemberCommunicationSlow', 'etcdHighNumberOfFailedProposals', 'etcdHighFsyncDurations'],
  ...['etcdHighCommitDurations', 'etcdDatabaseQuotaLowSpace', 'etcdExcessiveDatabaseGrowth'],
  'etcdDatabaseHighFragmentationRatio',
];

function metricsIn(text: string): string[] {
  return text.match(/\b(etcd|conclave|grpc_server|process|go|promhttp|os)_[a-z0-9_]+\b/g) ?? [];
}

interface Panel {
  readonly targets?: readonly { readonly expr: string }[];
}

test('every metric of the alert rules exists', () => {
  const text = readFileSync(join(OBSERVE, 'alerts.yml'), 'utf8');
  const expressions = text
    .split(/^ {6}- alert:/m)
    .map((rule) => /expr:([\s\S]*?)\n {8}\w/.exec(rule)?.[1] ?? '');
  const names = expressions.flatMap(metricsIn);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !EXISTING.has(name))).toEqual([]);
});

test("etcd's upstream alerts are there under their names", () => {
  const text = readFileSync(join(OBSERVE, 'alerts.yml'), 'utf8');
  expect(ALERTS.filter((alert) => !text.includes(`- alert: ${alert}\n`))).toEqual([]);
});

test('every metric of the dashboard exists, and no panel is empty', () => {
  const file = join(OBSERVE, 'grafana/dashboards/conclave.json');
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as {
    panels: readonly (Panel & { readonly type: string })[];
  };
  for (const { type, targets = [] } of panels) {
    expect(type === 'row' || targets.length > 0).toBe(true);
    for (const { expr } of targets) {
      const names = metricsIn(expr);
      expect(names.length > 0 || expr.includes('up{')).toBe(true);
      expect(names.filter((name) => !EXISTING.has(name))).toEqual([]);
    }
  }
});
