// The container engine that `docker` reaches, and one compose project on it.
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';

/** What is missing to run containers, as one sentence; null if nothing is. */
export function engineFault() {
  const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    encoding: 'utf8',
  });
  if (engine.error !== undefined) return 'there is no `docker` command';
  if (engine.status !== 0) return `docker reaches no engine: ${engine.stderr.trim()}`;
  const compose = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' });
  if (compose.status !== 0) return 'docker has no compose plugin (Compose v2)';
  console.log(`engine ${engine.stdout.trim()}, compose ${compose.stdout.trim()}`);
  return null;
}

/** A TCP port of 127.0.0.1 that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs a command to its end; resolves to its output, rejects with it if the status is not 0. */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(out.trim());
      else reject(new Error(`${file} ${args.join(' ')}: status ${status}\n${out}${err}`));
    });
  });
}

/** One compose project: `docker compose -p NAME ...` in `folder` with these variables. */
export class Project {
  constructor(name, folder, env) {
    this.name = name;
    this.folder = folder;
    this.env = { ...process.env, ...env };
  }

  compose(...args) {
    return run('docker', ['compose', '-p', this.name, ...args], {
      cwd: this.folder,
      env: this.env,
    });
  }

  docker(...args) {
    return run('docker', args, { env: this.env });
  }

  /** The id of the container of a service, running or not. */
  async container(service) {
    const id = await this.compose('ps', '-a', '-q', service);
    if (id === '') throw new Error(`service ${service} has no container`);
    return id.split('\n')[0];
  }

  async inspect(service, format) {
    return this.docker('inspect', '-f', format, await this.container(service));
  }

  address(service) {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    return this.inspect(service, format);
  }

  async health(service) {
    return this.inspect(service, '{{if .State.Health}}{{.State.Health.Status}}{{end}}');
  }

  /** Removes containers, volumes and networks of the project, by label: in whatever state they are. */
  async destroy() {
    const ours = ['--filter', `label=com.docker.compose.project=${this.name}`, '-q'];
    const containers = await this.docker('ps', '-a', ...ours);
    if (containers !== '') await this.docker('rm', '-f', ...containers.split('\n'));
    for (const kind of ['network', 'volume']) {
      const found = await this.docker(kind, 'ls', ...ours);
      if (found !== '') await this.docker(kind, 'rm', ...found.split('\n'));
    }
  }

  /** Kills the program itself, so that the restart policy acts as after a crash. */
  async crash(service) {
    const init = Number(await this.inspect(service, '{{.State.Pid}}'));
    process.kill(init, 'SIGKILL');
  }
}

/** Waits until `check` answers true; it may throw meanwhile. Rejects with the last fault. */
export async function until(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  let fault = 'it never was';
  for (;;) {
    try {
      if (await check()) return;
    } catch (error) {
      fault = error.message;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s (${fault})`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
