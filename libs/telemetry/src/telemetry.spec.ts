import { NO_PROBE, seriesOf } from '@conclave/base';

import {
  GATEWAY_CATALOGUE,
  METRIC_CATALOGUE,
  NODE_CATALOGUE,
  PROCESS_CATALOGUE,
} from './catalogue.js';
import { formatFloat } from './exposition.js';
import { counter, type MetricSpec } from './metric-spec.js';
import { SilentTelemetry } from './silent-telemetry.js';
import { Telemetry, type TelemetryOptions } from './telemetry.js';

const lines: string[] = [];

function telemetry(options: Partial<TelemetryOptions> = {}, Kind = Telemetry): Telemetry {
  lines.length = 0;
  return new Kind({
    log: {
      level: 'info',
      format: 'json',
      outputs: ['stderr'],
      wallMs: () => Date.UTC(2026, 10, 22, 18, 7, 45, 252),
      open: () => ({
        write: (bytes, done) => {
          lines.push(new TextDecoder().decode(bytes));
          setImmediate(() => done(null, bytes.length));
        },
        writeSync: (bytes) => bytes.length,
        close: () => undefined,
      }),
    },
    strict: true,
    ...options,
  });
}

/** Lines of `/metrics` about one metric. */
function about(of: Telemetry, name: string): string[] {
  const all = of.exposition().split('\n');
  return all.filter((line) => line.startsWith(`# TYPE ${name} `) || line.split(/[{ ]/)[0] === name);
}

describe('metrics', () => {
  test('every name of the catalogue is unique, has help, and ends a counter of ours in its unit', () => {
    const names = METRIC_CATALOGUE.map((spec) => spec.name);
    expect(new Set(names).size).toBe(names.length);
    for (const spec of METRIC_CATALOGUE) {
      expect(spec.help).not.toBe('');
      expect(spec.name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(spec.type === 'histogram').toBe(spec.buckets.length > 0);
      if (spec.type === 'counter' && spec.name.startsWith('conclave_')) {
        expect(spec.name).toMatch(/_total$/);
      }
    }
  });

  test('a metric without labels is there with 0 before anybody reports it', () => {
    expect(about(telemetry(), 'etcd_server_has_leader')).toEqual([
      '# TYPE etcd_server_has_leader gauge',
      'etcd_server_has_leader 0',
    ]);
  });

  test('a labelled series appears with its first use, labels in alphabetical order', () => {
    const t = telemetry();
    const labels = { grpc_type: 'unary', grpc_service: 'a.B', grpc_method: 'C' };
    expect(about(t, 'grpc_server_started_total')).toEqual([]);
    t.count('grpc_server_started_total', 0, labels);
    t.count('grpc_server_started_total', 2, Object.freeze({ ...labels }));
    expect(about(t, 'grpc_server_started_total')).toEqual([
      '# TYPE grpc_server_started_total counter',
      'grpc_server_started_total{grpc_method="C",grpc_service="a.B",grpc_type="unary"} 2',
    ]);
  });

  test('a histogram cumulates its buckets, each holding what is at most its bound', () => {
    const t = telemetry();
    for (const value of [0.0005, 0.001, 0.0011, 100]) {
      t.observe('etcd_disk_wal_fsync_duration_seconds', value);
    }
    const text = t.exposition();
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 2\n');
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_bucket{le="0.002"} 3\n');
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_bucket{le="8.192"} 3\n');
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 4\n');
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_count 4\n');
    expect(text).toContain('etcd_disk_wal_fsync_duration_seconds_sum 100.0026\n');
  });

  test('an unknown name, label or label value is a broken invariant in tests', () => {
    const t = telemetry();
    expect(() => t.count('etcd_no_such_metric')).toThrow('etcd_no_such_metric');
    expect(() => t.count('etcd_network_peer_sent_bytes_total', 1, { from: 'x' })).toThrow();
    expect(() => t.count('etcd_network_peer_sent_bytes_total')).toThrow();
    expect(() =>
      t.count('etcd_server_client_requests_total', 1, { type: 'x', client_api_version: '3' }),
    ).toThrow();
  });

  test('an unknown name in production is one log line and nothing more', () => {
    const t = telemetry({ strict: false });
    for (let i = 0; i < 3; i++) t.gauge('etcd_no_such_metric', 1);
    expect(lines.length).toBe(1);
    expect(lines[0]).toContain('etcd_no_such_metric');
  });

  test('a series that is kept is the one that its name and labels name', () => {
    const t = telemetry();
    const labels = { type: 'unary', client_api_version: '3.5' };
    const kept = seriesOf(t, 'etcd_server_client_requests_total', labels);
    t.count('etcd_server_client_requests_total', 1, { ...labels });
    kept.add(2);
    expect(about(t, 'etcd_server_client_requests_total')[1]).toMatch(/ 3$/);
    expect(t.series('etcd_server_client_requests_total', { ...labels })).toBe(kept);
  });

  test('to keep a series that the catalogue has not is one log line and nothing more', () => {
    const t = telemetry({ strict: false });
    const series = seriesOf(t, 'etcd_no_such_metric');
    for (let i = 0; i < 3; i++) series.add(1);
    expect(lines.length).toBe(1);
    expect(t.exposition()).not.toContain('etcd_no_such_metric');
  });

  test('a silent one keeps no metric, by name or as a series, and writes its log all the same', () => {
    const t = telemetry({}, SilentTelemetry);
    t.count('etcd_mvcc_put_total', 1);
    seriesOf(t, 'etcd_mvcc_put_total').add(1);
    t.log('info', 'hello');
    expect(about(t, 'etcd_mvcc_put_total')[1]).toMatch(/ 0$/);
    expect(lines[0]).toContain('hello');
  });

  test('label values from outside are bounded in number and escaped', () => {
    const t = telemetry();
    t.count('etcd_network_peer_sent_bytes_total', 1, { To: 'a"b\\c\nd' });
    expect(t.exposition()).toContain('{To="a\\"b\\\\c\\nd"} 1\n');
    for (let i = 0; i < 5000; i++) {
      t.count('etcd_network_peer_sent_bytes_total', 1, { To: String(i) });
    }
    expect(about(t, 'etcd_network_peer_sent_bytes_total').length).toBe(4097);
    expect(about(t, 'conclave_metric_series_dropped_total')[1]).toMatch(/ 905$/);
  });

  test('a gauge whose label is the value keeps one series', () => {
    const t = telemetry();
    t.info('etcd_cluster_version', Object.freeze({ cluster_version: '3.5' }));
    t.info('etcd_cluster_version', Object.freeze({ cluster_version: '3.6' }));
    t.info('etcd_cluster_version', Object.freeze({ cluster_version: '3.6' }));
    expect(about(t, 'etcd_cluster_version')[1]).toBe(
      'etcd_cluster_version{cluster_version="3.6"} 1',
    );
    expect(about(t, 'etcd_cluster_version').length).toBe(2);
  });

  test('metrics beyond the catalogue can be added, never twice under one name', () => {
    const t = telemetry({ metrics: [counter('conclave_extra_total', 'Extra.')] });
    t.count('conclave_extra_total', 3);
    expect(about(t, 'conclave_extra_total')[1]).toBe('conclave_extra_total 3');
    const twice = [counter('etcd_mvcc_put_total', 'Twice.')];
    expect(() => telemetry({ metrics: twice })).toThrow('once');
  });

  test('the process is described: memory, files, start, processor time', () => {
    const t = telemetry();
    const value = (name: string): number => Number(about(t, name)[1]?.split(' ')[1]);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(value('process_start_time_seconds')).toBeGreaterThan(1.6e9);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(about(t, 'go_info')[1]).toBe(`go_info{version="${process.version}"} 1`);
  });

  test('every line of the exposition is a comment or a sample', () => {
    const t = telemetry();
    t.observe('grpc_server_handling_seconds', 1, {
      grpc_method: 'M',
      grpc_service: 'S',
      grpc_type: 'unary',
    });
    for (const line of t.exposition().trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{[^{}]*\})? [-+0-9.eInfNa]+)$/,
      );
    }
  });

  test.each([
    [0, '0'],
    [123456, '123456'],
    [999999, '999999'],
    [1000000, '1e+06'],
    [2147483648, '2.147483648e+09'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.128, '0.128'],
    [-1.5, '-1.5'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NaN, 'NaN'],
    [1e21, '1e+21'],
  ])('%p is printed as Go prints it', (value, text) => {
    expect(formatFloat(value)).toBe(text);
  });
});

describe('log lines', () => {
  test('a line has the fields of zap, in the order of zap', () => {
    telemetry().log('info', 'saved snapshot', {
      'snapshot-index': 100001,
      id: 0x7f017e38852508e3n,
      ok: true,
      none: null,
      odd: Number.NaN,
      text: 'a"b\n',
    });
    expect(lines).toEqual([
      '{"level":"info","ts":"2026-11-22T18:07:45.252Z","caller":"etcdserver/snapshot",' +
        '"msg":"saved snapshot","snapshot-index":100001,"id":9151734699010623715,"ok":true,' +
        '"none":null,"odd":"NaN","text":"a\\"b\\n"}\n',
    ]);
  });

  test('a level below the one set is left out, and the level can be changed', () => {
    const t = telemetry();
    t.log('debug', 'quiet');
    t.logger.level = 'debug';
    t.log('debug', 'loud');
    expect(lines.length).toBe(1);
    expect(t.logger.enabled('debug')).toBe(true);
  });

  test('console format is one line of columns', () => {
    const t = telemetry();
    const base = {
      level: 'info',
      format: 'console',
      outputs: ['stdout'],
      wallMs: () => 0,
    } as const;
    const got: string[] = [];
    const made = new Telemetry({
      log: {
        ...base,
        open: () => ({
          write: (bytes, done) => {
            got.push(new TextDecoder().decode(bytes));
            done(null, bytes.length);
          },
          writeSync: (bytes) => bytes.length,
          close: () => undefined,
        }),
      },
    });
    made.log('warn', 'two\nlines', { caller: 'here', n: 1 });
    expect(got).toEqual(['1970-01-01T00:00:00.000Z\twarn\there\ttwo\\nlines\t{"n":1}\n']);
    t.close(() => undefined);
  });

  test('a port without telemetry swallows everything', () => {
    expect(() => NO_PROBE.count('etcd_mvcc_put_total')).not.toThrow();
  });
});

test('a gateway and a member each show their own metrics, and every process what is of processes', () => {
  const names = (catalogue: readonly MetricSpec[]): Set<string> =>
    new Set(catalogue.map(({ name }) => name));
  const [node, gateway, plain] = [NODE_CATALOGUE, GATEWAY_CATALOGUE, PROCESS_CATALOGUE].map(names);
  const shown = (name: string): (boolean | undefined)[] =>
    [node, gateway, plain].map((all) => all?.has(name));
  expect(shown('etcd_server_has_leader')).toEqual([true, false, false]);
  expect(shown('etcd_mvcc_db_total_size_in_bytes')).toEqual([true, false, false]);
  expect(shown('conclave_router_links')).toEqual([false, true, false]);
  expect(shown('grpc_server_handled_total')).toEqual([true, true, false]);
  expect(shown('etcd_network_client_grpc_sent_bytes_total')).toEqual([true, true, false]);
  expect(shown('etcd_server_health_success')).toEqual([true, true, false]);
  expect(shown('conclave_feed_active')).toEqual([true, true, false]);
  expect(shown('process_cpu_seconds_total')).toEqual([true, true, true]);
  expect(shown('conclave_event_loop_delay_seconds')).toEqual([true, true, true]);
});
