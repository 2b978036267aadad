import { type ChildProcess, spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');
const OUTPUT_MAX = 1_000_000;

/** An app's bundle; `node-feature-0` is an older build of a member (`tools/bundle.mjs --feature-max 0`). */
export type Bundle = 'node' | 'node-feature-0' | 'gateway' | 'cli' | 'discovery';

/** The bundle of an app; `E2E_DIST` names a directory of others, for a build under test. */
export function bundle(app: Bundle): string {
  const directory = process.env['E2E_DIST'] ?? join(ROOT, 'dist');
  return join(directory, app === 'cli' ? 'conclavectl.js' : `conclave-${app}.js`);
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process under test: output kept, ended only by its own handle. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Exit>;
  output = '';
  exit: Exit | null = null;

  constructor(
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
    uid?: number,
  ) {
    // Ours, and unknown to the process, which would warn.
    const { CONCLAVE_E2E: _own, ...inherited } = process.env;
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...env },
      ...(uid === undefined ? {} : { uid }),
    });
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-OUTPUT_MAX);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.output += String(error);
        resolve((this.exit = { code: -1, signal: null }));
      });
      this.child.on('close', (code, signal) => resolve((this.exit = { code, signal })));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.exit === null) this.child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.kill(signal);
    return this.ended;
  }
}

/** Runs `node <bundle> args`, as another user if `uid` says so. */
export function startApp(
  app: Bundle,
  args: readonly string[],
  env: Record<string, string> = {},
  uid?: number,
): TestProcess {
  return new TestProcess(process.execPath, [bundle(app), ...args], env, uid);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, or kills it after `timeoutMs`. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...options.env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 20_000);
    child.on('error', (error) => (stderr += String(error)));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Asks until `check` answers true; fails with what it waited for. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Status and body of a GET; status 0 if nobody answers. */
export function httpGet(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2_000 }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve({ status: 0, body: '' }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: 0, body: '' }));
  });
}
