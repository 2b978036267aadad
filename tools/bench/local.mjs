// Both systems on this machine for one comparison: Conclave, and Debian's etcd or another build of Conclave
// (`--against`, to see what a change or telemetry costs), with the same number of members, each with its own data on the same disk, on free loopback ports. Both stay up; one at a time
// is under load.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const READY_MS = 30_000;
const POLL_MS = 50;
const STOP_MS = 5_000;
const OUTPUT_MAX = 4_000;
const TMPFS_MAGIC = 0x0102_1994;

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const url = (port) => `http://127.0.0.1:${port}`;
const words = (text) => text.split(/\s+/).filter((word) => word !== '');

export function startBoth(options, say) {
  const directory = fs.mkdtempSync(path.join(options.dir || os.tmpdir(), 'conclave-bench-'));
  if (fs.statfsSync(directory).type === TMPFS_MAGIC) {
    say(`warning: ${directory} is in memory, so nothing is synced to a disk; give a --dir`);
  }
  return new Both(options, directory);
}

class Both {
  ours = null;
  etcd = null;
  #options;
  #directory;
  /** {name, command, process, output, ended}; `ended` is null while it runs. */
  #processes = [];
  /** Takes telemetry and throws it away; null: there is none. */
  #sink = null;

  constructor(options, directory) {
    this.#options = options;
    this.#directory = directory;
  }

  async ready() {
    const { members, gateways, nodeFlags, etcdFlags, against } = this.#options;
    const env = await this.#telemetry();
    const ports = await freePorts(4 * members + gateways);
    const node = (app) => [process.execPath, path.join(root, 'dist', `conclave-${app}.js`)];
    const flags = words(nodeFlags);
    const ours = this.#cluster({ letter: 'c', command: node('node'), flags, env }, members, ports);
    const other =
      against === ''
        ? { command: ['etcd'], flags: ['--log-level', 'error', ...words(etcdFlags)] }
        : { command: [process.execPath, path.resolve(against)], flags };
    this.etcd = this.#cluster({ letter: 'e', env: {}, ...other }, members, ports);
    await Promise.all([...ours.members, ...this.etcd.members].map((one) => this.#healthy(one)));
    const doors = [];
    for (let i = 1; i <= gateways; i++) {
      const port = ports.shift();
      const peers = ours.members.map((member) => member.peerUrl).join(',');
      const flags = ['--name', `g${i}`, '--listen-client-urls', url(port), '--endpoints', peers];
      doors.push({ port, child: this.#spawn(`g${i}`, [...node('gateway'), ...flags], env) });
    }
    await Promise.all(doors.map((door) => this.#healthy(door)));
    if (doors.length > 0) {
      ours.endpoints = doors.map(({ port }) => ({ host: '127.0.0.1', port }));
      ours.gateways = doors;
    }
    this.ours = ours;
  }

  /** Ends every process and starts it again on its data. */
  async restart() {
    await Promise.all(this.#processes.map(endProcess));
    for (const started of this.#processes) this.#run(started);
    const { ours, etcd } = this;
    const all = [...ours.members, ...etcd.members, ...ours.gateways];
    await Promise.all(all.map((one) => this.#healthy(one)));
  }

  /** Ends what was started, and nothing else; removes the data. */
  async stop() {
    await Promise.all(this.#processes.map(endProcess));
    this.#sink?.closeAllConnections();
    this.#sink?.close();
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Variables that make our processes send telemetry to `#sink`; none if it was not asked for. */
  async #telemetry() {
    const { traceRatio } = this.#options;
    if (traceRatio === null) return {};
    const sink = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => response.setHeader('Content-Type', 'application/json').end('{}'));
    });
    this.#sink = sink;
    await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: url(sink.address().port),
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(traceRatio),
    };
  }

  #cluster({ letter, command, flags, env }, count, ports) {
    const members = Array.from({ length: count }, (_, i) => ({
      name: `${letter}${i + 1}`,
      port: ports.shift(),
      peerUrl: url(ports.shift()),
    }));
    const initial = members.map((member) => `${member.name}=${member.peerUrl}`).join(',');
    for (const member of members) {
      const { name, port, peerUrl } = member;
      const args = [
        ...command,
        ...['--name', name, '--data-dir', path.join(this.#directory, name)],
        ...['--listen-client-urls', url(port), '--advertise-client-urls', url(port)],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', initial, '--initial-cluster-token', letter, ...flags],
      ];
      member.child = this.#spawn(name, args, env);
    }
    return {
      members,
      gateways: [],
      endpoints: members.map(({ port }) => ({ host: '127.0.0.1', port })),
      pids() {
        return [...this.members, ...this.gateways].map((one) => one.child.process.pid);
      },
    };
  }

  #spawn(name, command, env) {
    const started = { name, command, env, output: '', process: null, ended: null };
    this.#processes.push(started);
    this.#run(started);
    return started;
  }

  #run(started) {
    const [file, ...args] = started.command;
    started.ended = null;
    const env = { ...process.env, ...started.env };
    started.process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const keep = (chunk) => {
      started.output = (started.output + String(chunk)).slice(-OUTPUT_MAX);
    };
    started.process.stdout.on('data', keep);
    started.process.stderr.on('data', keep);
    started.process.on('error', (error) => (started.ended = error.message));
    started.process.on('exit', (code, signal) => (started.ended = signal ?? `exit code ${code}`));
  }

  async #healthy({ port, child }) {
    const until = Date.now() + READY_MS;
    while ((await healthStatus(port)) !== 200) {
      if (child.ended !== null) {
        throw new Error(`${child.name} ended (${child.ended}): ${child.output}`);
      }
      if (Date.now() > until) throw new Error(`${child.name} is not healthy: ${child.output}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function endProcess({ process: child }) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      clearTimeout(timer);
      resolve();
    } else child.kill('SIGTERM');
  });
}

function healthStatus(port) {
  return new Promise((resolve) => {
    const request = http.get(`${url(port)}/health`, { timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

/** Ports on the loopback that were free a moment ago. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = net.createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
