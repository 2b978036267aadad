import { Telemetry, counter, gauge, histogram } from '@conclave/telemetry';
import { MetricSource, unitOf } from './metric-source.js';
import { ExportWatch, watched } from './watched-exporter.js';

function telemetry(): Telemetry {
  return new Telemetry({
    strict: true,
    log: { level: 'fatal', format: 'json', outputs: [] },
    metrics: [
      counter('t_done_total', 'Done.', { how: null }),
      gauge('t_size_bytes', 'Size.'),
      histogram('t_wait_seconds', 'Wait.', [1, 2]),
    ],
  });
}

test('counters, gauges and histograms keep name, labels, buckets and values', async () => {
  const own = telemetry();
  own.count('t_done_total', 3, { how: 'well' });
  own.gauge('t_size_bytes', 7);
  for (const seconds of [0.5, 1.5, 1.7, 9]) own.observe('t_wait_seconds', seconds);
  const source = new MetricSource(
    () => own.readings(),
    () => 1_500,
  );
  const { resourceMetrics } = await source.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const of = (name: string): unknown => metrics.find((m) => m.descriptor.name === name);
  const time = { startTime: [1, 5e8], endTime: [1, 5e8] };
  expect(of('t_done_total')).toMatchObject({
    isMonotonic: true,
    dataPoints: [{ ...time, attributes: { how: 'well' }, value: 3 }],
  });
  expect(of('t_size_bytes')).toMatchObject({
    descriptor: { unit: 'By', description: 'Size.' },
    dataPoints: [{ attributes: {}, value: 7 }],
  });
  expect(of('t_wait_seconds')).toMatchObject({
    descriptor: { unit: 's' },
    dataPoints: [
      { value: { count: 4, sum: 12.7, buckets: { boundaries: [1, 2], counts: [1, 2, 1] } } },
    ],
  });
});

test.each([
  ['etcd_network_peer_sent_bytes_total', 'By'],
  ['process_cpu_seconds_total', 's'],
  ['etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds', 'ms'],
  ['etcd_server_has_leader', '1'],
])('the unit of %s is %s', (name, unit) => {
  expect(unitOf(name)).toBe(unit);
});

test('a receiver that is gone is told of once, and once that it is back; each export is counted', () => {
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const watch = new ExportWatch(
    {
      count: (_name, by = 1, labels = {}) => {
        const result = labels['result'] as string;
        counts[result] = (counts[result] ?? 0) + by;
      },
      gauge: () => undefined,
      observe: () => undefined,
      log: (level, message) => void lines.push(`${level} ${message.slice(0, 20)}`),
    },
    'traces',
  );
  const results = [1, 1, 0, 0, 1];
  let told = 0;
  const exporter = watched(
    {
      export: (_batch: number, done: (result: { code: number }) => void) =>
        done({ code: results.shift() as number }),
    },
    watch,
  );
  for (let i = 0; i < 5; i++) exporter.export(i, () => void told++);
  expect(told).toBe(5);
  expect(lines).toEqual([
    'warn cannot send telemetr',
    'info the OTLP receiver ta',
    'warn cannot send telemetr',
  ]);
  expect(counts).toEqual({ success: 2, failure: 3 });
});
