import { type CallHead, type TraceSpan, type Tracer } from '@conclave/base';
import { routeOf } from './request-span.js';
import { Rig } from './testing/rig.js';

const TOKEN = '0123456789abcdef';

test.each([
  ['new', '/new', '/new'],
  ['v2', `/${TOKEN}`, '/{token}'],
  ['v2', `/v2/keys/_etcd/registry/${TOKEN}/_config/size`, '/{token}/_config/size'],
  ['v2', `/${TOKEN}/a1`, '/{token}/{member}'],
  ['v2', `/${TOKEN}/a1/b/c`, null],
  ['api', '/v1/clusters', '/v1/clusters'],
  ['api', `/v1/clusters/${TOKEN}`, '/v1/clusters/{token}'],
  ['api', `/v1/clusters/${TOKEN}/members/a1`, '/v1/clusters/{token}/members/{member}'],
  ['api', `/v1/clusters/${TOKEN}/events`, null],
  ['api', '/v1/other', null],
  ['page', '/', null],
  ['health', '/health', null],
])('a request of kind %s at %s is named %s', (kind, path, route) => {
  expect(routeOf(kind, path)).toBe(route);
});

test('a request continues its caller: name, context and status, and no token', async () => {
  const heads: CallHead[] = [];
  const lines: string[] = [];
  const span: TraceSpan = {
    traceparent: '',
    contextBytes: () => new Uint8Array(25),
    child: () => span,
    mark: () => undefined,
    set: (name, value) => void lines.push(`${name}=${value}`),
    end: (failure = '') => void lines.push(`end ${failure}`),
  };
  const tracer: Tracer = {
    call: (head) => {
      heads.push(head);
      return span;
    },
    resume: () => null,
  };
  const rig = await Rig.start({}, tracer);
  await rig.ask('GET', '/health');
  await rig.ask('PUT', `/${TOKEN}/_config/size`, 'value=3');
  await rig.ask('GET', '/new?size=x');
  await rig.stop();
  expect(heads.map((head) => head.http)).toEqual([
    { method: 'PUT', route: '/{token}/_config/size' },
    { method: 'GET', route: '/new' },
  ]);
  expect(heads[0]?.metadata.get('traceparent')).toBe('of-the-test');
  expect(JSON.stringify(heads)).not.toContain(TOKEN);
  const codes = ['http.response.status_code=201', 'end ', 'http.response.status_code=400', 'end '];
  expect(lines).toEqual(codes);
});
