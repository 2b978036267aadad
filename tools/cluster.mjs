// A local cluster in one command: `npm run cluster -- --members 3 --gateways 2 [--data DIR]
// [--base-port P]`. Logs carry the process' name; a process that dies, killed or not, is started
// again after half a second; DIR/cluster.json tells who runs where and is replaced atomically at
// every change. Ctrl-C stops all.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const RESTART_MS = 500;
const READY_POLL_MS = 100;
const STOP_MS = 10_000;
/** The ninth member's peer port is 181 above. */
const BASE_PORT_MAX = 65_535 - 181;
/** Exit code of a member whose flags are wrong: starting it again does not mend them. */
const WRONG_USAGE = 2;
const COLOURS = [36, 33, 32, 35, 34, 31, 96, 93, 92];

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const options = readOptions(process.argv.slice(2));
const stateFile = path.join(options.data, 'cluster.json');
/** What the data are of, and which process of this kind uses them. */
const ownerFile = path.join(options.data, 'owner.json');

const url = (port) => `http://127.0.0.1:${port}`;
const members = Array.from({ length: options.members }, (_, i) => ({
  kind: 'member',
  name: `m${i + 1}`,
  peerPort: options.basePort + 101 + 10 * i,
  clientPort:
    options.gateways === 0 && i === 0 ? options.basePort : options.basePort + 100 + 10 * i,
}));
const gateways = Array.from({ length: options.gateways }, (_, i) => ({
  kind: 'gateway',
  name: `g${i + 1}`,
  clientPort: options.basePort + i,
}));
const processes = [...members, ...gateways];
const initialCluster = members.map((m) => `${m.name}=${url(m.peerPort)}`).join(',');
let stopping = false;
let announced = false;

refuseOthersData();
await refuseBusyPorts();
fs.mkdirSync(options.data, { recursive: true });
fs.rmSync(stateFile, { force: true });
const owner = { pid: process.pid, members: options.members, basePort: options.basePort };
fs.writeFileSync(ownerFile, `${JSON.stringify(owner)}\n`);
processes.forEach((process_, i) => {
  process_.colour = COLOURS[i % COLOURS.length];
  start(process_);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
// Members first: a gateway that is asked before there is a leader says so in its log.
await Promise.all(members.map(waitReady));
await Promise.all(gateways.map(waitReady));
if (!stopping) {
  writeState();
  say(
    `ready: ${gateways.length > 0 ? 'gateways' : 'members'} at ${clientEndpoints()}; who runs where: ${stateFile}`,
  );
}

function readOptions(args) {
  const result = { members: 3, gateways: 2, data: 'cluster-data', basePort: 2379, extra: [] };
  const numbers = { '--members': 'members', '--gateways': 'gateways', '--base-port': 'basePort' };
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = args[i].split('=', 2);
    if (name === '--') {
      result.extra = args.slice(i + 1);
      break;
    }
    const value = inline ?? args[++i];
    if (name === '--data' && value) result.data = value;
    else if (numbers[name] && /^\d{1,5}$/.test(value ?? '')) result[numbers[name]] = Number(value);
    else if (numbers[name] || name === '--data') {
      usage(
        `${name} needs a ${numbers[name] ? 'number' : 'directory'}${value ? `, not ${value}` : ''}`,
      );
    } else usage(`${name} is no flag of this command; flags for the members go behind --`);
  }
  if (result.members < 1 || result.members > 9) usage('--members is from 1 to 9');
  if (result.gateways > 9) usage('--gateways is from 0 to 9');
  if (result.basePort < 1 || result.basePort > BASE_PORT_MAX) {
    usage(`--base-port is from 1 to ${BASE_PORT_MAX}`);
  }
  result.data = path.resolve(result.data);
  return result;
}

function usage(fault) {
  console.error(fault);
  console.error(
    'usage: npm run cluster -- [--members 3] [--gateways 2] [--data DIR] [--base-port 2379] [-- member flags]',
  );
  process.exit(2);
}

/** Members know each other by the ports they were born with, and two clusters cannot share data. */
function refuseOthersData() {
  let found;
  try {
    found = JSON.parse(fs.readFileSync(ownerFile, 'utf8'));
  } catch {
    return;
  }
  const { pid, members: count, basePort } = found;
  let fault = null;
  if (isRunning(pid))
    fault = `a cluster that runs as process ${pid} uses it (if it does not, remove ${ownerFile})`;
  else if (count !== options.members || basePort !== options.basePort) {
    fault = `it holds a cluster of --members ${count} --base-port ${basePort}: start it so`;
  }
  if (fault === null) return;
  console.error(`${options.data}: ${fault}, or name another directory by --data`);
  process.exit(1);
}

function isRunning(pid) {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A port taken by somebody else would make a member die for ever: say so at once. */
async function refuseBusyPorts() {
  const ports = processes.flatMap((p) => [p.clientPort, p.peerPort]).filter((p) => p !== undefined);
  for (const port of ports) {
    const busy = await new Promise((resolve) => {
      const server = net.createServer();
      server.once('error', () => resolve(true));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
    });
    if (busy) {
      console.error(`port ${port} is in use; choose another --base-port`);
      process.exit(1);
    }
  }
}

function commandOf(p) {
  if (p.kind === 'gateway') {
    const endpoints = members.map((m) => url(m.peerPort)).join(',');
    const args = [
      '--name',
      p.name,
      '--listen-client-urls',
      url(p.clientPort),
      '--endpoints',
      endpoints,
    ];
    return [path.join(root, 'dist/conclave-gateway.js'), args];
  }
  const args = [
    ['--name', p.name],
    ['--data-dir', path.join(options.data, p.name)],
    ['--listen-client-urls', url(p.clientPort)],
    ['--advertise-client-urls', url(p.clientPort)],
    ['--listen-peer-urls', url(p.peerPort)],
    ['--initial-advertise-peer-urls', url(p.peerPort)],
    ['--initial-cluster', initialCluster],
    options.extra,
  ].flat();
  return [path.join(root, 'dist/conclave-node.js'), args];
}

function start(p) {
  const [file, args] = commandOf(p);
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  p.child = child;
  prefix(child.stdout, process.stdout, p);
  prefix(child.stderr, process.stderr, p);
  child.on('exit', (code, signal) => {
    p.child = null;
    if (stopping) return;
    if (code === WRONG_USAGE && !announced) {
      say(`${p.name} does not understand its flags; see above`);
      process.exitCode = 2;
      stop();
      return;
    }
    say(`${p.name} ended (${signal ?? `exit ${code}`}); starting it again`);
    setTimeout(() => {
      if (stopping) return;
      start(p);
      if (announced) writeState();
    }, RESTART_MS);
  });
  if (announced) writeState();
}

function prefix(from, to, p) {
  const label = to.isTTY ? `\x1b[${p.colour}m${p.name}\x1b[0m | ` : `${p.name} | `;
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    if (lines.length > 0) to.write(lines.map((line) => `${label}${line}\n`).join(''));
  });
}

function waitReady(p) {
  return new Promise((resolve) => {
    const ask = () => {
      const again = () => setTimeout(ask, READY_POLL_MS);
      const request = http.get(`${url(p.clientPort)}/health`, { timeout: 1_000 }, (response) => {
        response.resume();
        if (response.statusCode === 200) resolve();
        else again();
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', again);
    };
    ask();
  });
}

function writeState() {
  announced = true;
  const pid = (p) => p.child?.pid ?? null;
  const state = {
    members: members.map((m) => ({
      name: m.name,
      pid: pid(m),
      url: url(m.peerPort),
      clientUrl: url(m.clientPort),
    })),
    gateways: gateways.map((g) => ({ name: g.name, pid: pid(g), url: url(g.clientPort) })),
  };
  const part = `${stateFile}.${process.pid}.part`;
  fs.writeFileSync(part, `${JSON.stringify(state, null, 2)}\n`);
  fs.renameSync(part, stateFile);
}

function clientEndpoints() {
  return (gateways.length > 0 ? gateways : members)
    .map((p) => `127.0.0.1:${p.clientPort}`)
    .join(',');
}

function say(text) {
  console.log(`cluster | ${text}`);
}

function stop() {
  if (stopping) return;
  stopping = true;
  say('stopping');
  const running = processes.filter((p) => p.child);
  let left = running.length;
  const done = () => {
    fs.rmSync(stateFile, { force: true });
    process.exit();
  };
  if (left === 0) done();
  for (const p of running) {
    p.child.on('exit', () => --left === 0 && done());
    p.child.kill('SIGTERM');
  }
  setTimeout(() => {
    for (const p of running) p.child?.kill('SIGKILL');
  }, STOP_MS).unref();
}
