import { Rig } from './testing/rig.js';

const T = '/0123456789abcdef';
const KEY = `/_etcd/registry${T}`;

describe('a discovery service', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.start();
  });

  afterEach(() => rig.stop());

  const made = (size = 3): Promise<unknown> => rig.ask('PUT', `${T}/_config/size`, `value=${size}`);
  const join = (id: string, value = `n${id}=http://h${id}:1`): ReturnType<Rig['ask']> => {
    return rig.ask('PUT', `${T}/${id}?prevExist=false`, new URLSearchParams({ value }).toString());
  };

  test('/new answers the URL of a new token as text', async () => {
    const answer = await rig.ask('GET', '/new?size=5');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    const path = new URL(answer.body).pathname;
    const { node } = JSON.parse((await rig.ask('GET', `${path}/_config/size`)).body);
    expect(node.value).toBe('5');
    expect((await rig.ask('POST', '/new')).status).toBe(200);
  });

  test.each([
    ['/new?size=x', 400, 'strconv.Atoi: parsing "x": invalid syntax\n'],
    ['/new?size=0', 400, 'size must be from 1 to 64\n'],
    ['/new?size=65', 400, 'size must be from 1 to 64\n'],
    ['/nothing', 404, '404 page not found\n'],
    ['/health', 200, 'OK'],
    ['/healthz', 200, 'OK'],
    ['/metrics', 200, 'metric 1\n'],
    ['/%zz', 400, 'the path is not well encoded\n'],
  ])('GET %s answers %i', async (path, status, body) => {
    expect(await rig.ask('GET', path)).toMatchObject({ status, body });
  });

  test('a registration is etcd’s v2 create, and the directory hides _config', async () => {
    await made();
    const created = await join('a1');
    expect(created.status).toBe(201);
    expect(created.headers['x-etcd-index']).toBe('3');
    const node = { key: `${KEY}/a1`, value: 'na1=http://ha1:1', modifiedIndex: 3, createdIndex: 3 };
    expect(created.body).toBe(`${JSON.stringify({ action: 'create', node })}\n`);
    const listed = await rig.ask('GET', `${T}?quorum=false&recursive=false&sorted=false`);
    const directory = { key: KEY, dir: true, nodes: [node], modifiedIndex: 2, createdIndex: 2 };
    expect(listed.body).toBe(`${JSON.stringify({ action: 'get', node: directory })}\n`);
    expect((await rig.ask('GET', `/v2/keys${KEY}/a1`)).body).toContain('"action":"get"');
  });

  test.each([
    ['GET', `${T}x`, '', 404, 100, 'Key not found', `${KEY}x`],
    ['GET', `${T}/ff`, '', 404, 100, 'Key not found', `${KEY}/ff`],
    ['PUT', `${T}/a1?prevExist=false`, 'value=x', 412, 105, 'Key already exists', `${KEY}/a1`],
    ['PUT', `${T}/ff?prevExist=true`, 'value=x', 404, 100, 'Key not found', `${KEY}/ff`],
    ['PUT', `${T}x/ff?prevExist=false`, 'value=x', 404, 100, 'Key not found', `${KEY}x`],
    ['PUT', `${T}/_config/size`, 'value=4', 412, 105, 'Key already exists', `${KEY}/_config/size`],
    ['PUT', `${T}y/_config/size`, 'value=no', 400, 209, 'Invalid field', 'size is a number from 1'],
    [
      'GET',
      `${T}?recursive=perhaps`,
      '',
      400,
      209,
      'Invalid field',
      'invalid value for "recursive"',
    ],
    ['GET', `${T}?wait=true&waitIndex=x`, '', 400, 203, 'The given index', '"waitIndex"'],
    ['PUT', `${T}/ff?wait=true`, 'value=x', 400, 209, 'Invalid field', '"wait" can only be used'],
    ['DELETE', T, '', 403, 102, 'Not a file', KEY],
    ['DELETE', `${T}/_config/size`, '', 400, 107, 'Root is read only', 'size'],
  ])('%s %s %s answers %i', async (method, path, form, status, code, message, cause) => {
    await made();
    await join('a1');
    const answer = await rig.ask(method, path, form);
    expect(answer.status).toBe(status);
    const error = JSON.parse(answer.body);
    expect(error.errorCode).toBe(code);
    expect(error.message).toContain(message);
    expect(error.cause).toContain(cause);
    expect(answer.headers['x-etcd-index']).toBe(String(error.index));
  });

  test('a wait is answered by the next registration, or at once by one that is there', async () => {
    await made();
    let isBegun = false;
    const path = `${T}?recursive=true&wait=true&waitIndex=3`;
    const begun = new Promise<void>((resolve) => {
      void rig
        .ask('GET', path, '', () => {
          isBegun = true;
          resolve();
        })
        .then((answer) => answers.push(answer.body));
    });
    const answers: string[] = [];
    await begun;
    expect(isBegun).toBe(true);
    expect(rig.http.waitingCount).toBe(1);
    await join('a1');
    await join('a2');
    const again = await rig.ask('GET', path);
    expect(answers).toEqual([again.body]);
    expect(JSON.parse(again.body)).toMatchObject({ action: 'create', node: { createdIndex: 3 } });
    const own = await rig.ask('GET', `${T}/a2?recursive=false&wait=true&waitIndex=4`);
    expect(JSON.parse(own.body).node.key).toBe(`${KEY}/a2`);
    expect(rig.http.waitingCount).toBe(0);
  });

  test('the removal of a member is no event: who waits is sent to look again', async () => {
    await made();
    await join('a1');
    const path = `${T}?recursive=true&wait=true&waitIndex=4`;
    let begun: () => void = () => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const waiting = rig.ask('GET', path, '', begun);
    await isBegun;
    expect((await rig.ask('DELETE', `${T}/a1`)).status).toBe(200);
    expect(await waiting).toMatchObject({ status: 200, body: '' });
    expect((await rig.ask('GET', path)).status).toBe(503);
    const now = await rig.ask('GET', T);
    expect(JSON.parse(now.body).node.nodes).toBeUndefined();
  });

  test('a service that stops ends its waits without an event', async () => {
    await made();
    let begun: () => void = () => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const waiting = rig.ask('GET', `${T}?recursive=true&wait=true`, '', begun);
    await isBegun;
    rig.http.close();
    expect(await waiting).toMatchObject({ status: 200, body: '' });
  });

  test('the JSON API makes, shows and removes clusters', async () => {
    const created = await rig.ask('POST', '/v1/clusters', '{"size":2,"token":"my-cluster"}');
    expect(created.status).toBe(201);
    expect(JSON.parse(created.body)).toMatchObject({
      url: `${rig.url}/my-cluster`,
      size: 2,
      isComplete: false,
      initialCluster: null,
    });
    for (const id of ['1', '2', '3']) {
      await rig.ask('PUT', `/my-cluster/${id}`, `value=n${id}=http://h${id}:1`);
    }
    const shown = JSON.parse((await rig.ask('GET', '/v1/clusters/my-cluster')).body);
    expect(shown).toMatchObject({
      isComplete: true,
      registered: 3,
      initialCluster: 'n1=http://h1:1,n2=http://h2:1',
    });
    const founders = shown.members.map((m: { isFounder: boolean }) => m.isFounder);
    expect(founders).toEqual([true, true, false]);
    expect((await rig.ask('DELETE', '/v1/clusters/my-cluster/members/3')).status).toBe(204);
    expect((await rig.ask('DELETE', '/v1/clusters/my-cluster')).status).toBe(204);
    expect((await rig.ask('GET', '/v1/clusters/my-cluster')).status).toBe(404);
  });

  test.each([
    ['POST', '/v1/clusters', '{"size":0}', 400, 'bad-size'],
    ['POST', '/v1/clusters', '{"size":1.5}', 400, 'bad-size'],
    ['POST', '/v1/clusters', '{', 400, 'bad-request'],
    ['POST', '/v1/clusters', '{"token":"a/b"}', 400, 'bad-token'],
    ['GET', '/v1/clusters', '', 405, 'method-not-allowed'],
    ['GET', '/v1/clusters/short', '', 400, 'bad-token'],
    ['GET', '/v1/other', '', 404, 'not-found'],
    ['DELETE', '/v1/clusters/no-such-token', '', 404, 'no-token'],
  ])('%s %s %s answers %i', async (method, path, form, status, code) => {
    const answer = await rig.ask(method, path, form);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.code).toBe(code);
  });

  test('events tell the cluster after each change, and that it is gone', async () => {
    await made(1);
    let begun: () => void = () => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const events = rig.ask('GET', `/v1/clusters${T}/events`, '', begun);
    await isBegun;
    await join('a1', 'n1=http://h:1');
    await rig.ask('DELETE', `/v1/clusters${T}`);
    const { body, headers } = await events;
    expect(headers['content-type']).toBe('text/event-stream');
    expect(body.match(/^event: \w+$/gm)?.at(-1)).toBe('event: gone');
    expect(body).toContain('"isComplete":true');
  });

  test('the page allows nothing from elsewhere, and its script is whole', async () => {
    for (const path of ['/', `/ui${T}`]) {
      const page = await rig.ask('GET', path);
      expect(page.status).toBe(200);
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      expect(page.body).not.toMatch(/https?:|<style|<script>|\son\w+=/);
    }
    const script = (await rig.ask('GET', '/page.js')).body;
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/innerHTML|eval/);
  });
});

describe('limits', () => {
  test('a body, a value, and a number of waits that are too large are refused', async () => {
    const rig = await Rig.start({ bodyBytesMax: 600, valueBytesMax: 100, waitingMax: 1 });
    await rig.ask('PUT', `${T}/_config/size`, 'value=3');
    expect((await rig.ask('PUT', `${T}/a1`, `value=${'x'.repeat(700)}`)).status).toBe(413);
    const large = await rig.ask('PUT', `${T}/a1`, `value=${'x'.repeat(101)}`);
    expect(JSON.parse(large.body)).toMatchObject({ errorCode: 209 });
    let begun: () => void = () => {};
    const isBegun = new Promise<void>((resolve) => (begun = resolve));
    const waiting = rig.ask('GET', `${T}?recursive=true&wait=true`, '', begun);
    await isBegun;
    expect((await rig.ask('GET', `${T}?recursive=true&wait=true`)).status).toBe(503);
    expect((await rig.ask('GET', `/v1/clusters${T}/events`)).status).toBe(503);
    rig.http.close();
    await waiting;
    await rig.stop();
  });

  test('a wait without an event ends after its time with an empty body', async () => {
    const rig = await Rig.start({ waitMs: 20 });
    await rig.ask('PUT', `${T}/_config/size`, 'value=3');
    const answer = await rig.ask('GET', `${T}?recursive=true&wait=true&waitIndex=9`);
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers['x-etcd-index']).toBe('2');
    await rig.stop();
  });

  test('an address that asks too often gets 503 where etcd waits, 429 elsewhere', async () => {
    const rig = await Rig.start({ requestsPerSecond: 1 });
    for (let i = 0; i < 4; i++) await rig.ask('GET', '/version');
    expect((await rig.ask('GET', T)).status).toBe(503);
    expect((await rig.ask('GET', '/new')).status).toBe(429);
    expect((await rig.ask('GET', '/health')).status).toBe(200);
    await rig.stop();
  });

  test('tokens of one address have a rate of their own', async () => {
    const rig = await Rig.start({ tokensPerMinute: 2 });
    const status = async (method: string, path: string, form = ''): Promise<number> => {
      return (await rig.ask(method, path, form)).status;
    };
    expect(await status('GET', '/new')).toBe(200);
    expect(await status('POST', '/v1/clusters', '{"size":3}')).toBe(201);
    expect(await status('GET', '/new')).toBe(429);
    expect(await status('POST', '/v1/clusters', '{"size":3}')).toBe(429);
    expect(await status('PUT', `${T}/_config/size`, 'value=3')).toBe(503);
    await rig.stop();
  });
});
