/** The whole edge on a real port, over a handler that plays the member. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

import { NO_PROBE, type Probe, Status } from '@conclave/base';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  KvService,
  RangeRequest,
  RangeResponse,
  WatchService,
} from '@conclave/wire';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';

import { ClientEdge, type ClientEdgeOptions } from './client-edge.js';
import { Member } from './testing/member.js';

let member: Member;
let edge: ClientEdge;
let port: number;
let counts: Map<string, number>;
let client: Client;

const probe: Probe = {
  ...NO_PROBE,
  count(name, by = 1, labels = {}) {
    const key = [name, ...Object.values(labels)].join(' ');
    counts.set(key, (counts.get(key) ?? 0) + by);
  },
};

async function start(options: ClientEdgeOptions = {}): Promise<void> {
  member = new Member();
  counts = new Map();
  const exposition = (): string => '# HELP a b\na 1\n';
  edge = new ClientEdge(options, { handler: member, view: member, probe, exposition });
  port = (await edge.listen('http://127.0.0.1:0')).port;
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
}

afterEach(async () => {
  client.close();
  await new Promise<void>((done) => edge.shutdown(0, done));
});

interface Reply {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function http(
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
  to = port,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: to, path, method, headers, agent: false };
    const request = httpRequest(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

const raw = (bytes: Buffer): Buffer => bytes;

function unary(path: string, bytes: Uint8Array, metadata = new Metadata()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, raw, raw, Buffer.from(bytes), metadata, (error, value) =>
      error === null ? resolve(value ?? Buffer.alloc(0)) : reject(error),
    );
  });
}

/** Looks in every turn; gives up before jest does, so that nothing is left running. */
async function until(test: () => boolean): Promise<void> {
  const end = performance.now() + 4000;
  while (!test()) {
    if (performance.now() > end) throw new Error('it never came true');
    await new Promise((next) => setImmediate(next));
  }
}

async function failureOf(call: Promise<unknown>): Promise<[number, string]> {
  const error = (await call.catch((cause: unknown) => cause)) as ServiceError;
  return [error.code, error.details];
}

const RANGE = RangeRequest.encode(RangeRequest.create({ key: new Uint8Array([97]) }));

describe('gRPC', () => {
  test('a call reaches the handler and is counted', async () => {
    await start({ extensiveMetrics: true });
    const answer = RangeResponse.decode(await unary(KvService.range.path, RANGE));
    expect(answer.count).toBe(7);
    const labels = 'Range etcdserverpb.KV unary';
    expect(counts.get(`grpc_server_started_total ${labels}`)).toBe(1);
    expect(counts.get(`grpc_server_handled_total ${labels} OK`)).toBe(1);
    expect(counts.get(`grpc_server_msg_received_total ${labels}`)).toBe(1);
    expect(counts.get(`grpc_server_msg_sent_total ${labels}`)).toBe(1);
    expect(counts.get('etcd_network_client_grpc_received_bytes_total')).toBe(RANGE.length);
    expect(counts.get('etcd_server_client_requests_total unary unknown')).toBe(1);
  });

  test('every series of every method is there with 0 before the first call', async () => {
    await start();
    const handled = [...counts].filter(([name]) => name.startsWith('grpc_server_handled_total'));
    expect(handled.length % 17).toBe(0);
    expect(handled.every(([, value]) => value === 0)).toBe(true);
    expect(counts.get('grpc_server_started_total Watch etcdserverpb.Watch bidi_stream')).toBe(0);
    expect(
      counts.get('grpc_server_started_total Snapshot etcdserverpb.Maintenance server_stream'),
    ).toBe(0);
    expect(counts.get('grpc_server_started_total Check grpc.health.v1.Health unary')).toBe(0);
  });

  test('unknown methods and services get etcd texts, and our own session service is unknown', async () => {
    await start();
    expect(await failureOf(unary('/etcdserverpb.KV/Foo', RANGE))).toEqual([
      status.UNIMPLEMENTED,
      'unknown method Foo for service etcdserverpb.KV',
    ]);
    expect(await failureOf(unary('/conclave.Session/Open', RANGE))).toEqual([
      status.UNIMPLEMENTED,
      'unknown service conclave.Session',
    ]);
    expect(member.heads.length).toBe(0);
  });

  test('metadata under our own prefix never comes from a client', async () => {
    await start();
    const metadata = new Metadata();
    metadata.set('conclave-session', '0123456789abcdef');
    metadata.set('token', 't');
    await unary(KvService.range.path, RANGE, metadata);
    expect([...(member.heads[0]?.metadata ?? [])]).toEqual([['token', 't']]);
  });

  test('a unary call without a message is UNKNOWN EOF and the handler hears of it', async () => {
    await start();
    const stream = client.makeBidiStreamRequest(KvService.range.path, raw, raw, new Metadata(), {});
    stream.on('error', () => undefined);
    const ended = new Promise<{ code: number; details: string }>((end) => stream.on('status', end));
    stream.resume();
    stream.end();
    expect(await ended).toMatchObject({ code: status.UNKNOWN, details: 'EOF' });
    expect(member.cancelled).toBe(1);
  });

  test('a cancelled stream is counted as Canceled, a late one as DeadlineExceeded', async () => {
    await start();
    const method = WatchService.watch.path;
    const gone = client.makeBidiStreamRequest(method, raw, raw, new Metadata(), {});
    gone.on('error', () => undefined);
    gone.write(Buffer.alloc(0));
    const late = client.makeBidiStreamRequest(method, raw, raw, new Metadata(), {
      deadline: Date.now() + 60,
    });
    late.on('error', () => undefined);
    await new Promise((end) => late.on('status', end));
    gone.cancel();
    await until(() => member.cancelled === 2);
    const labels = 'grpc_server_handled_total Watch etcdserverpb.Watch bidi_stream';
    expect(counts.get(`${labels} Canceled`)).toBe(1);
    expect(counts.get(`${labels} DeadlineExceeded`)).toBe(1);
  });

  test('the health service knows the empty name only, and watchers hear of a change', async () => {
    await start();
    const check = '/grpc.health.v1.Health/Check';
    const ask = (service: string): Uint8Array =>
      HealthCheckRequest.encode(HealthCheckRequest.create({ service }));
    expect(HealthCheckResponse.decode(await unary(check, ask(''))).status).toBe(1);
    expect(await failureOf(unary(check, ask('x')))).toEqual([status.NOT_FOUND, 'unknown service']);
    const statuses: number[] = [];
    const watch = client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      raw,
      raw,
      Buffer.from(ask('')),
    );
    watch.on('error', () => undefined);
    await new Promise<void>((done) => {
      watch.on('data', (bytes: Buffer) => {
        statuses.push(HealthCheckResponse.decode(bytes).status);
        if (statuses.length === 1) edge.setServing(false);
        else done();
      });
    });
    expect(statuses).toEqual([1, 2]);
    watch.cancel();
  });

  test('a health request that is no message is INTERNAL', async () => {
    await start();
    const [code, text] = await failureOf(
      unary('/grpc.health.v1.Health/Check', new Uint8Array([255, 255, 255])),
    );
    expect(code).toBe(status.INTERNAL);
    expect(text).toMatch(/^grpc: error unmarshalling request: /);
  });

  test('the client version becomes a label if it looks like one', async () => {
    await start();
    for (const version of ['3.6.9', 'x'.repeat(100), '<script>']) {
      const metadata = new Metadata();
      metadata.set('client-api-version', version);
      await unary(KvService.range.path, RANGE, metadata);
    }
    expect(counts.get('etcd_server_client_requests_total unary 3.6.9')).toBe(1);
    expect(counts.get('etcd_server_client_requests_total unary unknown')).toBe(2);
  });
});

describe('/health', () => {
  test('a member in order says so, with the headers of etcd', async () => {
    await start();
    const reply = await http('/health');
    expect(reply).toMatchObject({ code: 200, body: '{"health":"true","reason":""}' });
    expect(reply.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'access-control-allow-origin': '*',
    });
    expect(member.ranges[0]).toMatchObject({ limit: 1, keysOnly: true, serializable: false });
    expect(counts.get('etcd_server_health_success')).toBe(1);
  });

  test('an alarm fails it unless excluded by name', async () => {
    await start();
    member.active = ['NOSPACE'];
    expect(await http('/health')).toMatchObject({
      code: 503,
      body: '{"health":"false","reason":"ALARM NOSPACE"}\n',
    });
    expect((await http('/health?exclude=NOSPACE')).code).toBe(200);
    member.active = ['NOSPACE', 'CORRUPT'];
    expect((await http('/health?exclude=NOSPACE')).body).toContain('ALARM CORRUPT');
    expect((await http('/health?exclude=NOSPACE&exclude=CORRUPT')).code).toBe(200);
    expect(counts.get('etcd_server_health_failures')).toBe(2);
  });

  test('no leader fails it, but not the serializable form', async () => {
    await start();
    member.leader = false;
    expect((await http('/health')).body).toBe('{"health":"false","reason":"RAFT NO LEADER"}\n');
    expect((await http('/health?serializable=true')).code).toBe(200);
    expect(member.ranges.at(-1)?.serializable).toBe(true);
  });

  test('a store that cannot be read fails it with the reason; one that asks for a user does not', async () => {
    await start();
    member.rangeFailure = {
      code: Status.UNAVAILABLE,
      text: 'etcdserver: request timed out',
      linearizableOnly: false,
    };
    expect((await http('/health')).body).toBe(
      '{"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n',
    );
    member.rangeFailure = {
      code: Status.INVALID_ARGUMENT,
      text: 'etcdserver: user name is empty',
      linearizableOnly: false,
    };
    expect((await http('/health')).code).toBe(200);
  });

  test('a store that never answers fails it after the request timeout, and the call is cancelled', async () => {
    await start({ requestTimeoutMs: 30 });
    member.isStuck = true;
    expect((await http('/health')).body).toContain('RANGE ERROR:context deadline exceeded');
    expect(member.cancelled).toBe(1);
  });

  test('only GET is allowed', async () => {
    await start();
    const reply = await http('/health', 'POST');
    expect(reply).toMatchObject({ code: 405, body: 'Method Not Allowed\n' });
    expect(reply.headers['allow']).toBe('GET');
  });
});

describe('/livez and /readyz', () => {
  test('all is well in one word, or check by check', async () => {
    await start();
    const reply = await http('/livez');
    expect(reply).toMatchObject({ code: 200, body: 'ok\n' });
    expect(reply.headers['x-content-type-options']).toBe('nosniff');
    expect((await http('/readyz?verbose')).body).toBe(
      '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
    );
    expect(counts.get('etcd_server_healthchecks_total livez serializable_read success')).toBe(1);
  });

  test('a lost quorum fails readyz and not livez', async () => {
    await start();
    member.rangeFailure = { code: Status.UNAVAILABLE, text: 'no quorum', linearizableOnly: true };
    expect((await http('/livez')).code).toBe(200);
    const reply = await http('/readyz');
    expect(reply.code).toBe(503);
    expect(reply.body).toContain('[-]linearizable_read failed: no quorum\n');
    expect(reply.body).toContain('[+]serializable_read ok\n');
    expect((await http('/readyz?exclude=linearizable_read&exclude=nonsense')).code).toBe(200);
  });

  test('NOSPACE leaves readyz alone, CORRUPT and a learner do not', async () => {
    await start();
    member.active = ['NOSPACE'];
    expect((await http('/readyz')).code).toBe(200);
    member.active = ['CORRUPT'];
    expect((await http('/readyz/data_corruption')).code).toBe(503);
    expect((await http('/readyz/linearizable_read')).code).toBe(200);
    member.active = [];
    member.learner = true;
    expect((await http('/readyz/non_learner')).code).toBe(503);
  });

  test('a check nobody knows is 404, another method 405', async () => {
    await start();
    expect((await http('/livez/linearizable_read')).code).toBe(404);
    expect((await http('/readyz/')).code).toBe(404);
    expect((await http('/readyz/__proto__')).code).toBe(404);
    expect((await http('/livez', 'PUT')).code).toBe(405);
  });
});

describe('the other paths', () => {
  test('/version answers what is known', async () => {
    await start();
    const body = '{"etcdserver":"3.6.9","etcdcluster":"3.6.0","storage":"unknown"}';
    const reply = await http('/version');
    expect(reply).toMatchObject({ code: 200, body });
    expect(reply.headers['content-type']).toBe('application/json');
    member.leader = false;
    expect((await http('/version')).body).toContain('"etcdcluster":"not_decided"');
    expect((await http('/version', 'HEAD')).code).toBe(405);
  });

  test('/metrics takes any method', async () => {
    await start();
    for (const method of ['GET', 'PUT']) {
      const reply = await http('/metrics', method);
      expect(reply).toMatchObject({ code: 200, body: '# HELP a b\na 1\n' });
      expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    }
  });

  test.each(['/nope', '/', '/health/', '/version/x', '/__proto__'])('%s is 404', async (path) => {
    await start();
    expect(await http(path)).toMatchObject({ code: 404, body: '404 page not found\n' });
  });

  test('a path that is not clean is redirected with its query, for every method', async () => {
    await start();
    const get = await http('/a/../health?x=1&y=2');
    expect(get.code).toBe(301);
    expect(get.headers['location']).toBe('/health?x=1&y=2');
    expect(get.body).toBe('<a href="/health?x=1&amp;y=2">Moved Permanently</a>.\n\n');
    const post = await http('//health', 'POST');
    expect(post).toMatchObject({ code: 301, body: '' });
    expect(post.headers['location']).toBe('/health');
    expect((await http('//evil.example/x/')).headers['location']).toBe('/evil.example/x/');
  });

  test('a target that cannot be decoded is 400', async () => {
    await start();
    expect((await http('/%ff%zz')).code).toBe(400);
  });

  test('OPTIONS is answered for every path', async () => {
    await start();
    const reply = await http('/zzz', 'OPTIONS');
    expect(reply).toMatchObject({ code: 200, body: '' });
    expect(reply.headers['access-control-allow-methods']).toBe('POST, GET, OPTIONS, PUT, DELETE');
  });

  test('with a list of origins only those are let in', async () => {
    await start({ cors: ['http://a.example:80'] });
    const good = await http('/version', 'GET', { Origin: 'http://a.example:80' });
    expect(good.headers['access-control-allow-origin']).toBe('http://a.example:80');
    const other = await http('/version', 'GET', { Origin: 'http://b.example' });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    expect(other.code).toBe(200);
  });

  test('with a list of hosts every other is 421, OPTIONS too', async () => {
    await start({ hostWhitelist: ['good.example'] });
    expect((await http('/version', 'GET', { Host: 'good.example:2379' })).code).toBe(200);
    for (const method of ['GET', 'OPTIONS']) {
      const evil = await http('/version', method, { Host: 'evil.example' });
      expect(evil.code).toBe(421);
      expect(evil.body).toContain('--host-whitelist "evil.example"');
      expect(evil.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('a metrics port serves metrics and health, and neither gRPC nor anything else', async () => {
    await start({ hostWhitelist: ['good.example'] });
    const metrics = (await edge.listen('http://127.0.0.1:0', 'metrics')).port;
    for (const path of ['/metrics', '/health', '/livez', '/readyz']) {
      const reply = await http(path, 'GET', {}, metrics);
      expect(reply.code).toBe(200);
      expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect((await http('/version', 'GET', {}, metrics)).code).toBe(404);
    const grpc = new Client(`127.0.0.1:${metrics}`, credentials.createInsecure());
    const refused = await new Promise((done) => {
      grpc.makeUnaryRequest(KvService.range.path, raw, raw, Buffer.from(RANGE), (error) =>
        done(error?.code),
      );
    });
    expect(refused).toBe(status.UNAVAILABLE);
    grpc.close();
  });

  test('a port that speaks gRPC alone closes HTTP/1.1', async () => {
    await start();
    const only = (await edge.listen('http://127.0.0.1:0', 'grpc')).port;
    await expect(http('/health', 'GET', {}, only)).rejects.toThrow();
  });
});

test('a shutdown tells open streams that the server stopped', async () => {
  await start();
  const watch = client.makeBidiStreamRequest(WatchService.watch.path, raw, raw, new Metadata(), {});
  watch.on('error', () => undefined);
  watch.resume();
  watch.write(Buffer.alloc(0));
  await until(() => member.heads.length === 1);
  const ended = new Promise<{ code: number; details: string }>((end) => watch.on('status', end));
  await new Promise<void>((done) => edge.shutdown(20, done));
  expect(await ended).toMatchObject({
    code: status.UNAVAILABLE,
    details: 'etcdserver: server stopped',
  });
  expect(edge.connectionCount).toBe(0);
});
