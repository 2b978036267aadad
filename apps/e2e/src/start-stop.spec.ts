/**
 * How a node starts and ends (DESIGN §8): codes, lines, times, signals, listeners; and what a process
 * goes through that is killed, stopped and continued, or has nobody who reads its output.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { FullWatcher, Writer, hashesAt, missingWrites } from './testing/load.js';
import { freePorts } from './testing/ports.js';
import {
  type Exit,
  type TestProcess,
  bundle,
  httpGet,
  run,
  startApp,
  until,
} from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

const READY_MS = 1_000;
const READY_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;
const key = encodeUtf8;

let root: string;
let running: TestProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'conclave-start-'));
});

afterEach(async () => {
  await Promise.all(running.map((p) => p.stop('SIGKILL')));
  running = [];
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Place {
  readonly dataDir: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

let places = 0;

async function place(): Promise<Place> {
  const [client, peer] = await freePorts(2);
  return {
    dataDir: join(root, `d${++places}`),
    clientUrl: `http://127.0.0.1:${client}`,
    peerUrl: `http://127.0.0.1:${peer}`,
  };
}

function flagsOf(at: Place): string[] {
  return [
    ...['--data-dir', at.dataDir],
    ...['--listen-client-urls', at.clientUrl, '--advertise-client-urls', at.clientUrl],
    ...['--listen-peer-urls', at.peerUrl, '--initial-advertise-peer-urls', at.peerUrl],
    ...['--initial-cluster', `default=${at.peerUrl}`],
  ];
}

function start(args: readonly string[], env: Record<string, string> = {}): TestProcess {
  const node = startApp('node', args, env);
  running.push(node);
  return node;
}

async function ready(node: TestProcess, url: string): Promise<void> {
  await until('the node serves', async () => {
    if (node.exit !== null) throw new Error(`it ended: ${node.output.slice(-2_000)}`);
    return (await httpGet(`${url}/health`)).status === 200;
  });
}

/** Ends by itself: code and output. */
async function ended(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ exit: Exit; output: string }> {
  const node = start(args, env);
  await Promise.race([node.ended, new Promise((done) => setTimeout(done, 10_000))]);
  if (node.exit === null) throw new Error(`it goes on: ${node.output.slice(-1_000)}`);
  return { exit: node.exit, output: node.output };
}

test(`a node is ready within ${READY_MS} ms on an idle machine`, async () => {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const at = await place();
    const startMs = performance.now();
    const node = start(flagsOf(at));
    await ready(node, at.clientUrl);
    times.push(Math.round(performance.now() - startMs));
    await node.stop('SIGKILL');
  }
  console.log(`ready after ${times.join(', ')} ms`);
  expect(Math.max(...times)).toBeLessThan(READY_MS_MAX);
});

describe('what the command line says', () => {
  test('--version prints four lines and ends with 0', async () => {
    const { code, stdout } = await run(process.execPath, [bundle('node'), '--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^etcd Version: 3\.6\.\d+\nConclave Version: \d+\.\d+\.\d+\nNode Version: \d+\.\d+\.\d+\nNode OS\/Arch: \w+\/\w+\n$/,
    );
  });

  test('the bundle is executable by itself', async () => {
    expect((await run(bundle('node'), ['--version'])).code).toBe(0);
    expect((await run(bundle('gateway'), ['--version'])).code).toBe(0);
  });

  test('an unknown flag ends with 2 and names the nearest one', async () => {
    const { code, stderr } = await run(process.execPath, [
      bundle('node'),
      '--listen-clent-urls',
      'x',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('flag provided but not defined: -listen-clent-urls');
    expect(stderr).toContain('did you mean --listen-client-urls?');
  });

  test('a flag that is not built yet ends with 1 and one line', async () => {
    const { code, stderr } = await run(process.execPath, [bundle('node'), '--cert-file', 'x']);
    expect(code).toBe(1);
    expect(stderr).toContain('--cert-file is not supported yet');
  });

  test('an unknown variable of the environment only warns', async () => {
    const at = await place();
    const node = start(flagsOf(at), { ETCD_NO_SUCH_THING: '1' });
    await ready(node, at.clientUrl);
    expect(node.output).toContain('unrecognized environment variable ETCD_NO_SUCH_THING');
  });

  test('a config file says it all', async () => {
    const at = await place();
    const file = join(root, 'conf.yml');
    writeFileSync(
      file,
      `name: filed\ndata-dir: ${at.dataDir}\nlisten-client-urls: ${at.clientUrl}\n` +
        `advertise-client-urls: ${at.clientUrl}\nlisten-peer-urls: ${at.peerUrl}\n` +
        `initial-advertise-peer-urls: ${at.peerUrl}\ninitial-cluster: filed=${at.peerUrl}\n`,
    );
    const node = start(['--config-file', file]);
    await ready(node, at.clientUrl);
    expect(node.output).toContain('"name":"filed"');
  });
});

describe('listeners', () => {
  test.each(['clientUrl', 'peerUrl'] as const)(
    'a %s in use ends with 1 and names it',
    async (which) => {
      const at = await place();
      const first = start(flagsOf(at));
      await ready(first, at.clientUrl);
      const other = { ...(await place()), [which]: at[which] };
      const { exit, output } = await ended(flagsOf(other));
      expect(exit).toEqual({ code: 1, signal: null });
      const fatal = output.split('\n').filter((line) => line.includes('"level":"fatal"'));
      expect(fatal.length).toBe(1);
      expect(JSON.parse(fatal[0] as string)).toMatchObject({
        msg:
          `cannot start: cannot listen at ${at[which]}: listen EADDRINUSE: address already in use ` +
          `${new URL(at[which]).host}; stop the process that has it, or name another URL`,
        code: 'listen-failed',
      });
      expect(first.exit).toBeNull();
    },
  );

  test('several, one of them a Unix socket', async () => {
    const at = await place();
    const [second] = await freePorts(1);
    const socket = join(root, 'client.sock');
    const more = `http://127.0.0.1:${second}`;
    const flags = flagsOf(at);
    flags[3] = `${at.clientUrl},${more},unix://${socket}`;
    const node = start(flags);
    await ready(node, at.clientUrl);
    expect((await httpGet(`${more}/health`)).status).toBe(200);
    const status = await new Promise((resolve) => {
      get({ socketPath: socket, path: '/health' }, (r) => resolve(r.resume().statusCode));
    });
    expect(status).toBe(200);
    const client = new RawClient(`unix:${socket}`);
    await client.put({ key: key('over'), value: key('a socket') });
    client.close();
    await node.stop('SIGTERM');
    expect(existsSync(socket)).toBe(false);
  });

  test('a Unix socket left by a killed node is no obstacle', async () => {
    const at = await place();
    const socket = join(root, 'stale.sock');
    const flags = flagsOf(at);
    flags[3] = `${at.clientUrl},unix://${socket}`;
    const first = start(flags);
    await ready(first, at.clientUrl);
    await first.stop('SIGKILL');
    expect(existsSync(socket)).toBe(true);
    await ready(start(flags), at.clientUrl);
  });
});

/** HTTP/2 preface, then a client that never reads a byte. */
function neverReads(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
  return socket;
}

describe('signals', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    '%s ends a shell’s node with %i, in time, under load and open streams',
    async (signal, code) => {
      const at = await place();
      // Behind a shell, which shows the code that scripts see.
      const script =
        '"$@" & child=$!; trap "" TERM INT; echo "pid $child"; wait $child; echo "code $?"';
      const shell = spawn('sh', [
        '-c',
        script,
        'sh',
        process.execPath,
        bundle('node'),
        ...flagsOf(at),
      ]);
      let output = '';
      shell.stdout.on('data', (chunk) => (output += String(chunk)));
      shell.stderr.on('data', (chunk) => (output += String(chunk)));
      const over = new Promise((done) => shell.once('close', done));
      await until(
        'it serves',
        async () => (await httpGet(`${at.clientUrl}/health`)).status === 200,
      );
      const writers = [1, 2].map((i) => new Writer(`w${i}`, at.clientUrl).start());
      const watcher = new FullWatcher(at.clientUrl);
      const idle = new RawClient(at.clientUrl);
      const watch = idle.watch({ response: () => undefined, end: () => undefined });
      for (let i = 0; i < 100; i++) watch.create({ key: key(`idle/${i}`) });
      const lazy = neverReads(at.clientUrl);
      await until('some writes', () => writers.every((w) => w.acknowledged.size > 20));
      const pid = Number(/pid (\d+)/.exec(output)?.[1]);
      const startMs = performance.now();
      process.kill(pid, signal);
      await over;
      const tookMs = performance.now() - startMs;
      await Promise.all(writers.map((w) => w.stop()));
      watcher.close();
      watch.close();
      idle.close();
      lazy.destroy();
      expect(output).toContain(`code ${code}`);
      expect(tookMs).toBeLessThan(STOP_MS_MAX);
      expect(output).toContain('received signal; shutting down');
      console.log(`${signal}: ended after ${Math.round(tookMs)} ms`);
      const again = start(flagsOf(at));
      await ready(again, at.clientUrl);
      const reader = new RawClient(at.clientUrl);
      for (const writer of writers) expect(await missingWrites(reader, writer)).toEqual([]);
      reader.close();
    },
  );

  test('SIGKILL and an immediate start on the same ports, five times, lose nothing', async () => {
    const at = await place();
    const written: string[] = [];
    for (let round = 0; round < 5; round++) {
      const node = start(flagsOf(at));
      await ready(node, at.clientUrl);
      const client = new RawClient(at.clientUrl);
      const kvs = (await client.range({ key: key('r/'), rangeEnd: key('r0') })).kvs;
      expect(kvs.map((kv) => Buffer.from(kv.key).toString())).toEqual(written);
      for (let i = 0; i < 20; i++) {
        const name = `r/${round}/${String(i).padStart(2, '0')}`;
        await client.put({ key: key(name) });
        written.push(name);
      }
      client.close();
      node.kill('SIGKILL');
      await node.ended;
    }
  });

  test('two signals are no more than one', async () => {
    const at = await place();
    const node = start(flagsOf(at));
    await ready(node, at.clientUrl);
    node.kill('SIGTERM');
    node.kill('SIGTERM');
    node.kill('SIGTERM');
    const exit = await node.ended;
    expect(node.output.match(/received signal; shutting down/g)).toHaveLength(1);
    // On a machine that gives it no time it ends by its own bound, as after one signal.
    const isLate = node.output.includes('the stop took longer than 5000 ms');
    expect(exit).toEqual(isLate ? { code: 1, signal: null } : { code: null, signal: 'SIGTERM' });
  });
});

test('a node goes on when nobody reads its output any more', async () => {
  const at = await place();
  const node = start([...flagsOf(at), '--log-level', 'debug']);
  await ready(node, at.clientUrl);
  node.child.stdout?.destroy();
  node.child.stderr?.destroy();
  const client = new RawClient(at.clientUrl);
  for (let i = 0; i < 50; i++) await client.put({ key: key(`quiet/${i}`) });
  // Each of these is a line that nobody will see.
  for (let i = 0; i < 5; i++) neverReads(at.peerUrl).destroy();
  for (let i = 0; i < 50; i++) await client.put({ key: key(`quiet/${i}`) });
  client.close();
  expect((await httpGet(`${at.clientUrl}/health`)).status).toBe(200);
  expect(node.exit).toBeNull();
  // Nothing tells its end but the process itself.
  const over = new Promise((done) => node.child.once('exit', (_code, signal) => done(signal)));
  node.kill('SIGTERM');
  expect(await over).toBe('SIGTERM');
});

test('a node goes on when the reader of its output has stopped reading', async () => {
  const at = await place();
  const node = start([...flagsOf(at), '--log-level', 'debug']);
  await ready(node, at.clientUrl);
  node.child.stdout?.pause();
  node.child.stderr?.pause();
  const client = new RawClient(at.clientUrl);
  for (let i = 0; i < 200; i++) await client.put({ key: key(`stuck/${i % 10}`) });
  client.close();
  expect((await httpGet(`${at.clientUrl}/health`)).status).toBe(200);
  const over = new Promise((done) => node.child.once('exit', (_code, signal) => done(signal)));
  const startMs = performance.now();
  node.kill('SIGTERM');
  expect(await over).toBe('SIGTERM');
  expect(performance.now() - startMs).toBeLessThan(STOP_MS_MAX);
});

describe('three members', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({ members: 3 });
  });

  afterAll(() => (cluster as TestCluster | undefined)?.stop());

  async function leader(among: readonly MemberSlot[]): Promise<MemberSlot | null> {
    for (const member of among) {
      const client = new RawClient(member.clientUrl, { deadlineMs: 1_000 });
      try {
        const status = await client.status();
        if (status.leader !== 0n && status.leader === status.header?.memberId) return member;
      } catch {
        // It is not the one.
      } finally {
        client.close();
      }
    }
    return null;
  }

  test('a leader stopped for 3 s and continued: another leads, it steps down, nothing is lost', async () => {
    const old = await leader(cluster.members);
    if (old === null) throw new Error('no leader');
    const others = cluster.members.filter((m) => m !== old);
    const writers = others.map((m, i) => new Writer(`stop${i}`, m.clientUrl).start());
    const stale = new Writer('stale', old.clientUrl).start();
    await until('some writes', () => writers.every((w) => w.acknowledged.size > 10));
    old.process.kill('SIGSTOP');
    const stoppedMs = performance.now();
    let next: MemberSlot | null = null;
    await until('another leader', async () => (next = await leader(others)) !== null, 10_000);
    const electedMs = Math.round(performance.now() - stoppedMs);
    await new Promise((done) => setTimeout(done, Math.max(0, 3_000 - electedMs)));
    const before = writers.map((w) => w.acknowledged.size);
    old.process.kill('SIGCONT');
    const client = new RawClient(old.clientUrl);
    await until('the old one follows', async () => {
      const status = await client.status();
      return status.leader !== 0n && status.leader !== status.header?.memberId;
    });
    await until('writes go on', () =>
      [...writers].every((w, i) => w.acknowledged.size > (before[i] as number) + 10),
    );
    await Promise.all([...writers, stale].map((w) => w.stop()));
    expect(old.process.exit).toBeNull();
    for (const writer of [...writers, stale]) {
      expect(await missingWrites(client, writer)).toEqual([]);
    }
    const revision = (await client.range({ key: key('x') })).header?.revision ?? 0;
    const clients = cluster.members.map((m) => new RawClient(m.clientUrl));
    expect(new Set(await hashesAt(clients, revision)).size).toBe(1);
    for (const c of [client, ...clients]) c.close();
    console.log(`another leader after ${electedMs} ms`);
  });

  test('a member whose data directory was wiped is refused by the others, and says so', async () => {
    const victim = cluster.members[2] as MemberSlot;
    await victim.process.stop('SIGKILL');
    rmSync(victim.dataDir, { recursive: true });
    cluster.startMember(victim);
    await until('it is told', () =>
      victim.process.output.includes('has a wiped data directory: remove and add this member'),
    );
    const others = cluster.members.slice(0, 2);
    const client = new RawClient((others[0] as MemberSlot).clientUrl);
    // It may have led: what is asked before another one does, may be lost with it.
    await until('a write without it', () =>
      client.put({ key: key('without'), value: key('it') }).then(
        () => true,
        () => false,
      ),
    );
    client.close();
    for (const other of others) expect(other.process.exit).toBeNull();
    // It stops at the first refusal: the other one may never have heard of it.
    const refusals = others.filter((o) => o.process.output.includes('"code":"other-incarnation"'));
    expect(refusals).not.toEqual([]);
  });
});
