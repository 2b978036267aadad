/**
 * The bundle of `conclavectl` as a process: exit codes, pipes, and a member that runs.
 */
import { TestCluster } from './testing/cluster.js';
import { bundle, run } from './testing/process.js';

const conclavectl = (...args: string[]): ReturnType<typeof run> =>
  run(process.execPath, [bundle('cli'), ...args]);

describe('conclavectl', () => {
  it('tells its version and its help', async () => {
    const version = await conclavectl('version');
    expect(version).toMatchObject({ code: 0, stderr: '' });
    expect(version.stdout).toMatch(/^conclavectl version: \d+\.\d+\.\d+\nAPI version: 3\.\d+\n$/);
    expect((await conclavectl('help')).stdout).toContain('conclavectl log dump --data-dir DIR');
  });

  it('ends with 2 on wrong usage and 1 on trouble, and says why on standard error', async () => {
    const usage = await conclavectl('log', 'dump');
    expect(usage).toMatchObject({ code: 2, stdout: '' });
    expect(usage.stderr).toContain('--data-dir is required');
    const trouble = await conclavectl('log', 'dump', '--data-dir', '/nowhere');
    expect(trouble).toMatchObject({ code: 1, stdout: '' });
    expect(trouble.stderr).toContain('/nowhere/member/identity');
  });

  it('dumps the log of a running member, also to a reader that leaves', async () => {
    const cluster = await TestCluster.start({ members: 1 });
    try {
      for (let i = 0; i < 20; i++) await cluster.etcdctl(['put', `key-${i}`, 'x'.repeat(20_000)]);
      const dataDir = cluster.members[0]?.dataDir ?? '';
      const whole = await conclavectl('log', 'dump', '--data-dir', dataDir);
      expect(whole).toMatchObject({ code: 0, stderr: '' });
      const lines = whole.stdout.trimEnd().split('\n');
      expect(lines.map((line) => Number(line.split(' ')[0]))).toEqual(lines.map((_, i) => i + 1));
      const decoded = await conclavectl('log', 'dump', '--data-dir', dataDir, '--decode');
      expect(decoded.stdout.match(/^\d+ 2 norm put [0-9a-f]+$/gm)).toHaveLength(20);
      const command = `"${process.execPath}" "${bundle('cli')}" log dump --data-dir "${dataDir}"`;
      const cut = await run('sh', ['-c', `(${command}; echo "code $?" >&2) | head -n 1`]);
      expect(cut.stdout.trimEnd()).toBe(lines[0]);
      expect(cut.stderr).toBe('code 0\n');
    } finally {
      await cluster.stop();
    }
  }, 60_000);
});
