/**
 * The alert rules as Prometheus' own tool sees them: which fire in which situation, and which stay quiet. That every
 * metric they name exists is checked beside the catalogue.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const OBSERVE = join(__dirname, '../../../deploy/observe');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const withPromtool = hasPromtool ? test : test.skip;

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`);
}

withPromtool('the scrape configuration and the alert rules are accepted by Prometheus', () => {
  promtool('check', 'config', join(OBSERVE, 'prometheus.yml'));
});

withPromtool(
  'alerts fire when a member, a quorum, a gateway or a disk is in trouble, and not before',
  () => {
    promtool('test', 'rules', join(OBSERVE, 'alerts.test.yml'));
  },
);
