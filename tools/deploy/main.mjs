// A deployment from its first day to its last, with real containers of docker-compose.yml: bootstrap through
// discovery, writes through both gateways all the while, a member killed for good and replaced, partitions in both
// directions and in one, the leader paused, a rolling restart with another image, a backup, everything destroyed and
// restored. At each step every acknowledged write must be there.
//
//   npm run deploy:test [-- --keep]       --keep leaves the containers running at the end
//   npm run deploy:test -- --observe      instead: profile `observe` and what it shows
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { engineFault, freePort, Project, run, until } from './engine.mjs';
import { Ledger } from './ledger.mjs';
import { leaderOf, memberTable, NODES } from './members.mjs';
import { Observed } from './observe.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const keep = process.argv.includes('--keep');
const ctl = path.join(root, 'dist', 'conclavectl.js');
const results = [];

const fault = engineFault();
if (fault !== null) {
  console.error(`no containers can be run here: ${fault}`);
  process.exit(1);
}

const ports = await Promise.all(Array.from({ length: 6 }, freePort));
const name = `conclave-test-${process.pid}`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-deploy-'));
const PASSWORD = 'deployment-test';
for (const secret of ['nats-token', 'grafana-password']) {
  fs.writeFileSync(path.join(folder, secret), `${PASSWORD}\n`);
}
fs.chmodSync(folder, 0o755);
const project = new Project(name, root, {
  CONCLAVE_IMAGE: `${name}:one`,
  GATEWAY1_PORT: String(ports[0]),
  GATEWAY2_PORT: String(ports[1]),
  DISCOVERY_PORT: String(ports[2]),
  NATS_PORT: String(ports[3]),
  PROMETHEUS_PORT: String(ports[4]),
  GRAFANA_PORT: String(ports[5]),
  NATS_TOKEN_FILE: path.join(folder, 'nats-token'),
  GRAFANA_PASSWORD_FILE: path.join(folder, 'grafana-password'),
});
const gateways = [`127.0.0.1:${ports[0]}`, `127.0.0.1:${ports[1]}`];
let ledger = null;

try {
  await (process.argv.includes('--observe') ? observed() : scenario());
} catch (error) {
  results.push(['FAILED', error.message]);
  console.error(`FAILED: ${error.message}`);
  fs.writeFileSync(path.join(folder, 'logs.txt'), await project.compose('logs', '--no-color'));
  console.error(`logs of all containers: ${path.join(folder, 'logs.txt')}`);
  process.exitCode = 1;
} finally {
  await ledger?.stop();
  ledger?.close();
  if (!keep) {
    await project.destroy();
    for (const tag of ['one', 'two']) spawnSync('docker', ['image', 'rm', '-f', `${name}:${tag}`]);
  }
}
console.log(`\n${results.map(([step, text]) => `${step.padEnd(28)} ${text}`).join('\n')}`);
const failed = results.filter(([step]) => step === 'FAILED').length;
console.log(`${results.length - failed} passed, ${failed} failed`);

async function step(title, body) {
  const from = Date.now();
  console.log(`* ${title}`);
  const text = await body();
  const seconds = ((Date.now() - from) / 1000).toFixed(1);
  results.push([title, `${seconds} s${text === undefined ? '' : `, ${text}`}`]);
}

function etcdctl(gateway, ...args) {
  return run('etcdctl', [`--endpoints=${gateways[gateway]}`, ...args], {
    env: { ...process.env, ETCDCTL_API: '3' },
  });
}

async function scenario() {
  await step('build', () => project.compose('build', '--quiet').then(() => undefined));
  await step('up, healthy', () => project.compose('up', '-d', '--wait').then(() => undefined));
  await step('bootstrap by discovery', bootstrap);
  ledger = new Ledger(gateways);
  ledger.start();
  await step('writes through both gateways', async () => {
    await ledger.more(500, 60);
    return stockEtcdctl();
  });
  await step('replace a dead member', replaceMember);
  await step('partition one member', partition);
  await step('one-way partition', oneWay);
  await step('pause the leader', pauseLeader);
  await step('crash of each member', crashEach);
  await step('rolling restart, new image', rollingRestart);
  await step('down and up', downAndUp);
  await step('backup, destroy, restore', disaster);
}

/** The same cluster with telemetry on, and what profile `observe` makes of it. */
async function observed() {
  project.env = {
    ...project.env,
    OTEL_SDK_DISABLED: 'false',
    OTEL_TRACES_SAMPLER_ARG: '0.2',
    OTEL_METRIC_EXPORT_INTERVAL: '5000',
  };
  const observers = { prometheus: ports[4], grafana: ports[5] };
  const profile = new Observed(project, root, observers, PASSWORD);
  await step('build', () => project.compose('build', '--quiet').then(() => undefined));
  await step('up, healthy', () => project.compose('up', '-d', '--wait').then(() => undefined));
  await step('profile observe', () => profile.up());
  ledger = new Ledger(gateways);
  ledger.start();
  await step('writes through both gateways', () => ledger.more(500, 60));
  await step('collector', () => profile.collector());
  await step('Prometheus', () => profile.prometheus());
  await step('Grafana', () => profile.grafana());
  await ledger.stop();
  await step('nothing is missing', () => ledger.check('at the end'));
}

async function bootstrap() {
  const answer = await fetch(`http://127.0.0.1:${ports[2]}/v1/clusters/conclave-compose`);
  const cluster = await answer.json();
  const members = await memberTable(project, 'node1');
  if (members.length !== NODES.length) throw new Error(`${members.length} members`);
  return `${cluster.members.length} of ${cluster.size} registered`;
}

async function stockEtcdctl() {
  if (spawnSync('etcdctl', ['version']).status !== 0) return 'no etcdctl here: npm etcd3 only';
  for (const gateway of [0, 1]) {
    await etcdctl(gateway, 'put', `deploy-ctl/${gateway}`, 'by etcdctl');
    const read = await etcdctl(1 - gateway, 'get', '--print-value-only', `deploy-ctl/${gateway}`);
    if (read !== 'by etcdctl') throw new Error(`etcdctl read ${JSON.stringify(read)}`);
  }
  return 'etcdctl and etcd3';
}

/** Each fault: writes must go on during it, and nothing may be missing after it. */
async function during(body) {
  ledger.mark();
  const text = await body();
  const gap = ledger.longestGap;
  await ledger.check('after it');
  return `${text === undefined ? '' : `${text}, `}longest time without an answer ${gap} ms`;
}

async function replaceMember() {
  return during(async () => {
    const dead = (await memberTable(project, 'node1')).find((row) => row.name === 'node2');
    await project.docker('kill', await project.container('node2'));
    await project.compose('rm', '-f', '-s', '-v', 'node2');
    await project.docker('volume', 'rm', `${name}_node2-data`);
    await ledger.more(100, 60);
    const replacing = project.compose(
      ...['exec', '-T', 'node1', 'conclavectl', 'member', 'replace', dead.id],
      ...['--name=node2', '--peer-urls=http://node2:2380'],
    );
    let fault = null;
    replacing.catch((error) => (fault = error));
    const rows = NODES.map((node) => `${node}=http://${node}:2380`).join(',');
    const joining = new Project(name, root, {
      ...project.env,
      NODE2_DISCOVERY: '',
      NODE2_INITIAL_CLUSTER: rows,
      NODE2_INITIAL_CLUSTER_STATE: 'existing',
    });
    await until('the new member is known', 60, async () => {
      if (fault !== null) throw fault;
      const now = await memberTable(project, 'node1');
      return now.some((row) => row.id !== dead.id && row.peerUrls === 'http://node2:2380');
    });
    await joining.compose('up', '-d', '--wait', 'node2');
    await replacing;
    const after = await memberTable(project, 'node1');
    if (after.length !== 3 || after.some((row) => row.id === dead.id || row.isLearner)) {
      throw new Error(`members after the replacement: ${JSON.stringify(after)}`);
    }
    return 'new id, same address';
  });
}

async function partition() {
  return during(async () => {
    const victim = await leaderOf(project);
    const container = await project.container(victim);
    await project.docker('network', 'disconnect', `${name}_default`, container);
    await ledger.more(200, 60);
    await project.docker('network', 'connect', '--alias', victim, `${name}_default`, container);
    await until('healthy again', 60, async () => (await project.health(victim)) === 'healthy');
    return `${victim}, the leader`;
  });
}

async function oneWay() {
  const probe = spawnSync('iptables', ['-n', '-L', 'DOCKER-USER']);
  if (probe.status !== 0) return 'left out: iptables is not to be had here';
  return during(async () => {
    const leader = await leaderOf(project);
    const others = NODES.filter((node) => node !== leader);
    const from = await project.address(leader);
    const rules = [];
    for (const other of others) {
      const rule = ['-s', await project.address(other), '-d', from, '-j', 'DROP'];
      await run('iptables', ['-I', 'DOCKER-USER', ...rule]);
      rules.push(rule);
    }
    try {
      await ledger.more(200, 60);
    } finally {
      for (const rule of rules) await run('iptables', ['-D', 'DOCKER-USER', ...rule]);
    }
    return `${leader}, the leader, heard nobody`;
  });
}

async function pauseLeader() {
  return during(async () => {
    const leader = await leaderOf(project);
    await project.docker('pause', await project.container(leader));
    await ledger.more(200, 60);
    await project.docker('unpause', await project.container(leader));
    await until('healthy again', 60, async () => (await project.health(leader)) === 'healthy');
    return leader;
  });
}

async function crashEach() {
  return during(async () => {
    for (const node of NODES) {
      const restarts = Number(await project.inspect(node, '{{.RestartCount}}'));
      await project.crash(node);
      await until(`${node} is back`, 60, async () => {
        const now = Number(await project.inspect(node, '{{.RestartCount}}'));
        return now > restarts && (await project.health(node)) === 'healthy';
      });
      await ledger.more(50, 60);
    }
    return 'restarted by its policy';
  });
}

async function rollingRestart() {
  return during(async () => {
    const failures = ledger.failures;
    await run('docker', ['build', '-q', '-t', `${name}:two`, '--label', 'rebuilt=1', root], {
      env: project.env,
    });
    project.env = { ...project.env, CONCLAVE_IMAGE: `${name}:two` };
    for (const node of NODES) await project.compose('up', '-d', '--no-deps', '--wait', node);
    return `${ledger.failures - failures} failed writes`;
  });
}

async function downAndUp() {
  await ledger.stop();
  await project.compose('down', '--timeout', '15');
  await project.compose('up', '-d', '--wait');
  await ledger.check('after down and up');
  ledger.start();
  await ledger.more(100, 60);
}

async function disaster() {
  await ledger.stop();
  const file = path.join(folder, 'backup.snapshot');
  await run(process.execPath, [ctl, `--endpoints=${gateways[1]}`, 'snapshot', 'save', file]);
  await project.destroy();
  const rows = NODES.map((node) => `${node}=http://${node}:2380`).join(',');
  fs.chmodSync(folder, 0o755);
  fs.chmodSync(file, 0o644);
  for (const node of NODES) {
    await project.compose(
      ...['run', '--rm', '--no-deps', '-v', `${folder}:/backup:ro`, node],
      ...['conclavectl', 'snapshot', 'restore', '/backup/backup.snapshot', '--data-dir=/data'],
      ...[`--name=${node}`, `--initial-cluster=${rows}`, '--initial-cluster-token=restored'],
      `--initial-advertise-peer-urls=http://${node}:2380`,
    );
  }
  await project.compose('up', '-d', '--wait');
  await ledger.check('after the restore');
  ledger.start();
  await ledger.more(100, 60);
  return `${(fs.statSync(file).size / 1024).toFixed(0)} KiB`;
}
