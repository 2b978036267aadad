/** `npm run cluster`: one command, and what other people's rigs rely on. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdctl } from './testing/cluster.js';
import { freePorts } from './testing/ports.js';
import { TestProcess, httpGet, until } from './testing/process.js';

jest.setTimeout(60_000);

interface Listed {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly clientUrl?: string;
}

interface ClusterFile {
  readonly members: readonly Listed[];
  readonly gateways: readonly Listed[];
}

const ROOT = join(__dirname, '../../..');

/** The ports above a free one are free, most likely; a taken one ends the command with its number. */
async function startCluster(data: string): Promise<TestProcess> {
  for (let attempt = 0; ; attempt++) {
    const [base] = (await freePorts(1)) as [number];
    const process_ = new TestProcess(process.execPath, [
      join(ROOT, 'tools/cluster.mjs'),
      ...['--members', '3', '--gateways', '2', '--data', data, '--base-port', String(base)],
    ]);
    await until(
      'cluster.json or an end',
      () => existsSync(join(data, 'cluster.json')) || process_.exit !== null,
      30_000,
    );
    if (process_.exit === null) return process_;
    if (attempt === 5 || !process_.output.includes('is in use')) throw new Error(process_.output);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('starts, restarts what dies, tells who runs where, and stops all', async () => {
  const data = mkdtempSync(join(tmpdir(), 'conclave-cluster-'));
  const read = (): ClusterFile => JSON.parse(readFileSync(join(data, 'cluster.json'), 'utf8'));
  const command = await startCluster(data);
  try {
    const first = read();
    expect(first.members.map((m) => m.name)).toEqual(['m1', 'm2', 'm3']);
    expect(first.gateways.map((g) => g.name)).toEqual(['g1', 'g2']);
    for (const p of [...first.members, ...first.gateways]) expect(isAlive(p.pid)).toBe(true);
    for (const p of first.gateways) {
      expect((await httpGet(`${p.url}/health`)).status).toBe(200);
    }
    for (const p of first.members) {
      expect((await httpGet(`${p.url}/members`)).status).toBe(200);
      expect((await httpGet(`${p.clientUrl}/health`)).status).toBe(200);
    }
    const gateway = (first.gateways[0] as Listed).url.replace('http://', '');
    expect((await etcdctl(gateway, ['put', 'a', '1'])).stdout).toBe('OK\n');

    for (const victim of [first.members[1], first.gateways[1]] as Listed[]) {
      process.kill(victim.pid, 'SIGKILL');
      const now = (): Listed | undefined =>
        [...read().members, ...read().gateways].find((p) => p.name === victim.name);
      await until('another pid is told', () => (now()?.pid ?? victim.pid) !== victim.pid);
      const health = `${victim.clientUrl ?? victim.url}/health`;
      await until('it is well', async () => (await httpGet(health)).status === 200);
      expect(now()?.url).toBe(victim.url);
    }
    expect((await etcdctl(gateway, ['get', 'a', '--print-value-only'])).stdout).toBe('1\n');
    expect(command.output).toMatch(/^m2 \| \{/m);

    const last = read();
    const again = (...flags: string[]): [number | null, string] => {
      const args = [join(ROOT, 'tools/cluster.mjs'), '--data', data, ...flags];
      const ran = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
      return [ran.status, ran.stderr];
    };
    expect(again()).toEqual([1, expect.stringContaining(`runs as process ${command.pid} uses it`)]);
    expect(read()).toEqual(last);
    const exit = await command.stop('SIGINT');
    expect(exit.code).toBe(0);
    for (const p of [...last.members, ...last.gateways]) expect(isAlive(p.pid)).toBe(false);
    expect(existsSync(join(data, 'cluster.json'))).toBe(false);
    const held = 'it holds a cluster of --members 3 --base-port ';
    expect(again('--members', '5')).toEqual([1, expect.stringContaining(held)]);
    expect(again('--base-port', '9')).toEqual([1, expect.stringContaining(held)]);
  } finally {
    await command.stop('SIGINT');
    rmSync(data, { recursive: true, force: true });
  }
});

test.each([
  [['--membrs', '3'], '--membrs is no flag of this command; flags for the members go behind --'],
  [['--members', '0'], '--members is from 1 to 9'],
  [['--base-port', 'x'], '--base-port needs a number, not x'],
  [['--base-port', '70000'], '--base-port is from 1 to 65354'],
  [['--data'], '--data needs a directory'],
])('%j is wrong usage, told in one line and the usage', (args, fault) => {
  const script = join(ROOT, 'tools/cluster.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toBe(
    `${fault}\nusage: npm run cluster -- [--members 3] [--gateways 2] [--data DIR] ` +
      '[--base-port 2379] [-- member flags]\n',
  );
});
