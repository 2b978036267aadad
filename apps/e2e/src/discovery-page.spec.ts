/** The page of the discovery service in a real browser: it makes a token and shows a cluster of stock etcds forming. */
import { Browser, hasBrowser } from './testing/browser.js';
import { DiscoveryWorld, healthy, http } from './testing/discovery.js';
import { freePorts } from './testing/ports.js';
import { until } from './testing/process.js';

const withBrowser = hasBrowser() ? it : it.skip;
const MARKUP = '<img><script>document.title + 1</script>';

describe('the page of the discovery service', () => {
  let world: DiscoveryWorld;
  let browser: Browser | null = null;
  let base = '';

  beforeEach(async () => {
    world = new DiscoveryWorld();
    const [port = 0] = await freePorts(1);
    base = `http://127.0.0.1:${port}`;
  });

  afterEach(async () => {
    await browser?.close();
    browser = null;
    await world.stop();
  });

  const text = (id: string): Promise<string> =>
    (browser as Browser).evaluate(`document.getElementById('${id}')?.textContent ?? ''`);
  const shows = (id: string, part: string): Promise<void> =>
    until(`#${id} shows ${JSON.stringify(part)}`, async () => (await text(id)).includes(part));

  withBrowser(
    'makes a token, and shows three members of stock etcd arriving without being loaded again',
    async () => {
      await world.startDiscovery(Number(new URL(base).port));
      browser = await Browser.open(`${base}/`);
      await browser.evaluate(`document.querySelector('#create button').click()`);
      await shows('state', '0 of 3 members');
      const token = await browser.evaluate<string>(`location.pathname.replace('/ui/', '')`);
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      expect(await text('command')).toContain(`--discovery ${base}/${token}`);
      await browser.evaluate('window.isSame = true');
      const members = [];
      for (const [i, name] of ['n1', 'n2', 'n3'].entries()) {
        members.push(await world.startMember('etcd', name, ['--discovery', `${base}/${token}`]));
        await shows('state', i < 2 ? `${i + 1} of 3 members` : 'Complete: 3 of 3');
        await shows('members', `${name}${members[i]?.peerUrl}`);
      }
      await healthy(members);
      expect(await browser.evaluate('window.isSame')).toBe(true);
      expect(await browser.evaluate('document.title')).toBe('3/3 – Conclave discovery');
      expect(browser.complaints).toEqual([]);
    },
    90_000,
  );

  withBrowser(
    'shows what members registered as text, survives a restart of the service, and tells of a token that is gone',
    async () => {
      const port = Number(new URL(base).port);
      const service = await world.startDiscovery(port);
      await http('PUT', `${base}/some-cluster/_config/size`, 'value=2');
      browser = await Browser.open(`${base}/ui/some-cluster`);
      await shows('state', '0 of 2 members');
      const value = `value=${encodeURIComponent(`${MARKUP}=http://127.0.0.1:1`)}`;
      expect((await http('PUT', `${base}/some-cluster/1?prevExist=false`, value)).status).toBe(201);
      await shows('state', '1 of 2 members');
      expect(await browser.evaluate(`document.querySelectorAll('#members img').length`)).toBe(0);
      expect(await text('members')).toContain(MARKUP);
      await service.stop('SIGKILL');
      await shows('trouble', 'does not answer; trying again');
      await world.startDiscovery(port);
      await until('it follows again', async () => (await text('trouble')) === '');
      await http('PUT', `${base}/some-cluster/2?prevExist=false`, 'value=n2=http://127.0.0.1:2');
      await shows('state', 'Complete: 2 of 2');
      await browser.goTo(`${base}/ui/nobody-made-this`);
      await shows('trouble', 'There is no such token');
    },
    90_000,
  );
});
