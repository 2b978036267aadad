/**
 * Traces and metrics by OTLP: one trace through gateway, link, members, log and apply; nothing for a request
 * that is not sampled; and a collector that is down harms nobody.
 */
import { encodeUtf8 } from '@conclave/base';
import { KvService, type PutRequest, type PutResponse } from '@conclave/wire';
import { TestCluster } from './testing/cluster.js';
import { DiscoveryWorld, http } from './testing/discovery.js';
import { OtlpReceiver, type ReceivedSpan } from './testing/otlp-receiver.js';
import { freePorts } from './testing/ports.js';
import { until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

const MEMBERS = ['m1', 'm2', 'm3'];
const OPENED: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of OPENED.splice(0).reverse()) await close();
});

async function startCluster(env: Record<string, string>): Promise<TestCluster> {
  const cluster = await TestCluster.start({ members: 3, gateways: 1, env });
  OPENED.push(() => cluster.stop());
  return cluster;
}

function client(url: string): RawClient {
  const raw = new RawClient(url);
  OPENED.push(() => raw.close());
  return raw;
}

function put(raw: RawClient, metadata: Record<string, string>): Promise<PutResponse> {
  const fields: Partial<PutRequest> = { key: encodeUtf8('k'), value: encodeUtf8('v') };
  return raw.call(KvService.put, fields, metadata);
}

let traces = 0;
function newTrace(): { id: string; span: string } {
  traces++;
  return { id: `${traces}`.padStart(32, 'a'), span: `${traces}`.padStart(16, 'b') };
}

/** Name and instance of a span and of all above it, from the outermost inwards. */
function path(spans: readonly ReceivedSpan[], span: ReceivedSpan): string {
  const parent = spans.find((s) => s.spanId === span.parentSpanId);
  const own = `${span.service === 'conclave-gateway' ? 'gateway' : 'node'}: ${span.name}`;
  return parent === undefined ? own : `${path(spans, parent)} > ${own}`;
}

test('one trace shows a write on its way through gateway, leader, logs, quorum and apply', async () => {
  const receiver = await OtlpReceiver.start();
  OPENED.push(() => receiver.close());
  const cluster = await startCluster({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '300',
    OTEL_METRIC_EXPORT_TIMEOUT: '300',
  });
  const gateway = client(cluster.gateways[0]?.clientUrl as string);
  await put(gateway, {});

  const sampled = newTrace();
  await put(gateway, { traceparent: `00-${sampled.id}-${sampled.span}-01` });
  const unsampled = newTrace();
  await put(gateway, { traceparent: `00-${unsampled.id}-${unsampled.span}-00` });
  // gateway 2, node 2, and log write and apply on each member, replicate on the leader.
  await until('all spans of the write came', () => receiver.spansOf(sampled.id).length >= 11);

  const spans = receiver.spansOf(sampled.id);
  const top = spans.find((s) => s.parentSpanId === sampled.span) as ReceivedSpan;
  expect(top).toMatchObject({ service: 'conclave-gateway', name: 'etcdserverpb.KV/Put' });
  expect(top.attributes).toMatchObject({ 'rpc.method': 'Put', 'rpc.grpc.status_code': 0 });
  const put1 = 'gateway: etcdserverpb.KV/Put > gateway: link > node: etcdserverpb.KV/Put';
  const propose = `${put1} > node: propose`;
  expect(spans.map((s) => path(spans, s)).sort()).toEqual(
    [
      'gateway: etcdserverpb.KV/Put',
      'gateway: etcdserverpb.KV/Put > gateway: link',
      put1,
      propose,
      ...MEMBERS.flatMap(() => [`${propose} > node: apply`, `${propose} > node: log write`]),
      `${propose} > node: replicate`,
    ].sort(),
  );
  for (const name of ['log write', 'apply']) {
    const where = spans.filter((s) => s.name === name).map((s) => s.instance);
    expect(where.sort()).toEqual(MEMBERS);
  }
  // The leader is where the gateway sent it; its write, quorum and apply lie inside the proposal.
  const one = (name: string): ReceivedSpan => spans.find((s) => s.name === name) as ReceivedSpan;
  const leader = one('replicate').instance;
  expect(leader).toBe(one('propose').instance);
  const apply = spans.find((s) => s.name === 'apply' && s.instance === leader) as ReceivedSpan;
  expect(apply.startNs).toBeGreaterThanOrEqual(one('replicate').startNs);
  expect(one('propose').endNs).toBeGreaterThanOrEqual(apply.startNs);

  // Later than any batch that could have held it.
  const last = newTrace();
  await put(gateway, { traceparent: `00-${last.id}-${last.span}-01` });
  await until('a later trace came', () => receiver.spansOf(last.id).length >= 11);
  expect(receiver.spansOf(unsampled.id)).toEqual([]);
  expect(new Set(receiver.spans.map((s) => s.traceId))).toEqual(new Set([sampled.id, last.id]));

  await until('every process sent metrics', () => {
    return new Set(receiver.metrics.map((m) => m.instance)).size === 4;
  });
  const metric = (name: string): object | undefined =>
    receiver.metrics.find((m) => m.name === name);
  expect(metric('etcd_server_has_leader')).toMatchObject({ kind: 'gauge' });
  // A gateway that said 0 of what only members know would raise alarms.
  const leaders = receiver.metrics.filter((m) => m.name === 'etcd_server_has_leader');
  expect(new Set(leaders.map((m) => m.instance)).size).toBe(3);
  const links = receiver.metrics.filter((m) => m.name === 'conclave_router_links');
  expect(new Set(links.map((m) => m.instance)).size).toBe(1);
  expect(metric('etcd_mvcc_put_total')).toMatchObject({ kind: 'sum' });
  expect(metric('etcd_disk_wal_fsync_duration_seconds')).toMatchObject({
    kind: 'histogram',
    unit: 's',
  });
});

test('one trace goes from an HTTP client through gateway, link, leader, logs, quorum and apply', async () => {
  const receiver = await OtlpReceiver.start();
  OPENED.push(() => receiver.close());
  const cluster = await startCluster({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const door = cluster.gateways[0]?.clientUrl as string;
  const body = JSON.stringify({ key: 'aw==', value: 'dg==' });
  const post = (headers: Record<string, string>): ReturnType<typeof http> => {
    return http('POST', `${door}/v3/kv/put`, body, 'application/json', headers);
  };
  const trace = newTrace();
  const context = `00-${trace.id}-${trace.span}-01`;
  expect((await post({ traceparent: context, tracestate: 'a=1' })).status).toBe(200);
  await until('all spans of the write came', () => receiver.spansOf(trace.id).length >= 11);
  const spans = receiver.spansOf(trace.id);
  const top = spans.find((s) => s.parentSpanId === trace.span) as ReceivedSpan;
  expect(top).toMatchObject({ service: 'conclave-gateway', name: 'POST /v3/kv/put' });
  expect(top.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v3/kv/put',
    'rpc.method': 'Put',
    'rpc.grpc.status_code': 0,
  });
  const put1 = 'gateway: POST /v3/kv/put > gateway: link > node: etcdserverpb.KV/Put';
  const propose = `${put1} > node: propose`;
  expect(spans.map((s) => path(spans, s)).sort()).toEqual(
    [
      'gateway: POST /v3/kv/put',
      'gateway: POST /v3/kv/put > gateway: link',
      put1,
      propose,
      ...MEMBERS.flatMap(() => [`${propose} > node: apply`, `${propose} > node: log write`]),
      `${propose} > node: replicate`,
    ].sort(),
  );

  // As gRPC metadata under etcd's prefix, and at a member itself.
  const second = newTrace();
  await post({ 'Grpc-Metadata-Traceparent': `00-${second.id}-${second.span}-01` });
  await until('the second came', () => receiver.spansOf(second.id).length >= 11);
  const third = newTrace();
  const member = cluster.members[0]?.clientUrl as string;
  const headers = { traceparent: `00-${third.id}-${third.span}-01` };
  await http('POST', `${member}/v3/kv/range`, '{"key":"aw=="}', 'application/json', headers);
  await until('the third came', () => receiver.spansOf(third.id).length >= 2);
  const names = receiver.spansOf(third.id).map((s) => s.name);
  expect(names).toEqual(expect.arrayContaining(['POST /v3/kv/range', 'read index']));
});

test('a discovery service continues the trace of who asks it', async () => {
  const receiver = await OtlpReceiver.start();
  OPENED.push(() => receiver.close());
  const world = new DiscoveryWorld();
  OPENED.push(() => world.stop());
  const [port] = await freePorts(1);
  await world.startDiscovery(port as number, [], 'discovery', {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '300',
    OTEL_METRIC_EXPORT_TIMEOUT: '300',
  });
  const url = `http://127.0.0.1:${port}`;
  const trace = newTrace();
  const headers = { traceparent: `00-${trace.id}-${trace.span}-01` };
  const made = await http('POST', `${url}/new?size=3`, '', 'text/plain', headers);
  const token = new URL(made.body).pathname.slice(1);
  await http('GET', `${url}/${token}/_config/size`, '', 'text/plain', headers);
  await http('GET', `${url}/health`, '', 'text/plain', headers);
  await http('GET', `${url}/new`);
  await until('both spans came', () => receiver.spansOf(trace.id).length >= 2);
  const spans = receiver.spansOf(trace.id);
  expect(spans.map((s) => [s.service, s.name, s.parentSpanId])).toEqual([
    ['conclave-discovery', 'POST /new', trace.span],
    ['conclave-discovery', 'GET /{token}/_config/size', trace.span],
  ]);
  expect(spans[0]?.attributes).toMatchObject({ 'http.response.status_code': 200 });
  expect(JSON.stringify(receiver.spans.map((s) => [s.name, s.attributes]))).not.toContain(token);
  await until('metrics came', () => receiver.metrics.length > 0);
  expect(receiver.metrics.map((m) => m.name)).toContain('conclave_discovery_tokens');
  expect(new Set(receiver.spans.map((s) => s.traceId))).toEqual(new Set([trace.id]));
});

test('a write through a follower and a read show where each waited', async () => {
  const receiver = await OtlpReceiver.start();
  OPENED.push(() => receiver.close());
  const cluster = await startCluster({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const raw = cluster.members.map((m) => client(m.clientUrl));
  const leaderId = (await (raw[0] as RawClient).status()).leader;
  const ids = await Promise.all(raw.map((r) => r.status()));
  const at = ids.findIndex((s) => s.header?.memberId !== leaderId);
  const follower = raw[at] as RawClient;
  const name = cluster.members[at]?.name;

  const write = newTrace();
  await put(follower, { traceparent: `00-${write.id}-${write.span}-01` });
  await until('the write came', () => receiver.spansOf(write.id).length >= 9);
  const spans = receiver.spansOf(write.id);
  const instance = (s: string): unknown => spans.find((x) => x.name === s)?.instance;
  expect(instance('propose')).toBe(name);
  expect(instance('replicate')).not.toBe(name);
  expect(spans.filter((s) => s.name === 'log write')).toHaveLength(3);

  const read = newTrace();
  const context = { traceparent: `00-${read.id}-${read.span}-01` };
  await follower.call(KvService.range, { key: encodeUtf8('k') }, context);
  await until('the read came', () => receiver.spansOf(read.id).length >= 3);
  const names = receiver.spansOf(read.id).map((s) => s.name);
  expect(names).toEqual(
    expect.arrayContaining(['read index', 'engine read', 'etcdserverpb.KV/Range']),
  );
});

test('a collector that is down harms nobody, and is told of once', async () => {
  const [port] = await freePorts(1);
  const cluster = await startCluster({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const gateway = client(cluster.gateways[0]?.clientUrl as string);
  const leader = cluster.members.find((m) => m.name === 'm1');
  const told = (): string[] => {
    const lines = (leader?.process.output ?? '').split('\n');
    return lines.filter((line) => /cannot send telemetry.*"signal":"traces"/.test(line));
  };
  let end = Number.POSITIVE_INFINITY;
  let slowestMs = 0;
  const giveUp = Date.now() + 20_000;
  while (Date.now() < Math.min(end, giveUp)) {
    // Two seconds and a further batch after the first line.
    if (told().length > 0) end = Math.min(end, Date.now() + 2_000);
    const startMs = Date.now();
    await put(gateway, {});
    slowestMs = Math.max(slowestMs, Date.now() - startMs);
  }
  // On a busy machine; an export that a write waits for would take longer.
  expect(slowestMs).toBeLessThan(2_000);
  expect(told()).toHaveLength(1);
  const start = Date.now();
  const exit = await leader?.process.stop('SIGTERM');
  expect(exit?.signal).toBe('SIGTERM');
  expect(Date.now() - start).toBeLessThan(4_000);
});
