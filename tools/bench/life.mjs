// `npm run bench -- life [flags]`: the life of a cluster with much data, as one table.
//
// Three members of ours are filled; a backup is saved, a member stopped and started again, the backup
// restored. Then, under a steady load of writes (open loop, so that a stall shows in the latencies): a
// while as it is, a fourth member added until it has caught up, a backup saved. Last, what was done without
// load is done with three members of etcd that were filled in the same way. Only what it started is ever
// ended.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import load from './load.cjs';
import { lifeTable, ratioLines, restartLines } from './life-table.mjs';
import { freePorts } from './local.mjs';
import { applied, get, post, status } from './pages.mjs';
import {
  cpuSeconds,
  loopDelays,
  loopText,
  pressureNow,
  pressureText,
  residentMib,
} from './pressure.mjs';
import { median } from './report.mjs';
import workloads from './workload.cjs';

const { Load } = load;
const { RANGE, Workload, keyOf, rangeMessage } = workloads;
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const url = (port) => `http://127.0.0.1:${port}`;
const POLL_MS = 20;
const READY_MS = 600_000;
const COUNT_FIELD = 4;
const FILL_CLIENTS = 64;
const FILL_CONNS = 8;
const FILLS_MAX = 10;
/** One process for each phase of load, so that its own work does not show in the next. */
const PHASE_CLIENTS = 2_000;

/** Answers `{lines, json}`; `say` gets a line as each step ends. */
export async function life(options, say, onStart) {
  const directory = fs.mkdtempSync(path.join(options.dir || os.tmpdir(), 'conclave-life-'));
  const bench = new Life(options, directory, say);
  onStart(() => bench.stop());
  try {
    return await bench.run();
  } finally {
    await bench.stop();
  }
}

class Life {
  #options;
  #directory;
  #say;
  #started = [];
  #loads = [];

  constructor(options, directory, say) {
    this.#options = options;
    this.#directory = directory;
    this.#say = say;
  }

  async stop() {
    for (const one of this.#started) await end(one, 'SIGKILL');
    this.#started = [];
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }

  async run() {
    const { keys, valSize, rounds, only } = this.#options;
    const ours = await this.#cluster('c', 3);
    this.#loads.push(os.loadavg()[0]);
    const filled = await this.#fill(ours, keys);
    if (only === 'restart') return this.#restartsInTurn(ours, keys, rounds);
    if (only === 'join') return this.#joinsOfBoth(ours, keys);
    if (only !== '') return this.#part(only, ours);
    const idle = path.join(this.#directory, 'idle-backup');
    const savedIdle = await this.#save(ours, idle);
    for (const member of ours) await end(member, 'SIGTERM');
    const restarts = await this.#restarts(ours[0], ours, keys, rounds);
    const restored = this.#restore(idle);
    for (const member of ours) this.#run(member);
    for (const member of ours) await this.#ready(member);
    const before = await this.#under(ours, 'before', null);
    const joined = await this.#under(ours, 'a member is added', () => this.#join(ours));
    const backup = path.join(this.#directory, 'backup');
    const saved = await this.#under(ours, 'a backup is saved', () => this.#save(ours, backup));
    for (const member of ours) await end(member, 'SIGTERM');
    const etcd = await this.#etcd(keys, rounds);
    const of = (list) => ({ median: median(list), min: Math.min(...list), max: Math.max(...list) });
    const figures = {
      keys,
      valueBytes: valSize,
      backupBytes: fs.statSync(idle).size,
      loadedBackupBytes: fs.statSync(backup).size,
      saveSeconds: savedIdle,
      loadAverage: { first: this.#loads[0], max: Math.max(...this.#loads, os.loadavg()[0]) },
      fillSeconds: filled,
      p99BeforeMs: before.p99,
      join: { seconds: joined.seconds, p99Ms: joined.p99, ratio: joined.p99 / before.p99 },
      backup: { seconds: saved.seconds, p99Ms: saved.p99, ratio: saved.p99 / before.p99 },
      restoreSeconds: restored,
      restartSeconds: of(restarts.took),
      restartCpuSeconds: of(restarts.cpu),
      etcdRestartSeconds: etcd === null ? null : of(etcd.restarts.took),
      etcdRestartCpuSeconds: etcd === null ? null : of(etcd.restarts.cpu),
      etcdSaveSeconds: etcd?.save ?? null,
      etcdRestoreSeconds: etcd?.restore ?? null,
    };
    return { figures, lines: lifeTable(figures) };
  }

  /** One part of it alone, as often as --rounds says: for whoever works on that part. */
  async #part(only, ours) {
    const backup = path.join(this.#directory, 'backup');
    const figures = { keys: this.#options.keys, only, rounds: [] };
    for (let i = 0; i < this.#options.rounds; i++) {
      if (only === 'backup') {
        const seconds = await this.#save(ours, backup);
        this.#say(`saved without load in ${seconds.toFixed(2)} s`);
        const before = await this.#under(ours, 'before', null);
        const saved = await this.#under(ours, 'a backup is saved', () => this.#save(ours, backup));
        figures.rounds.push({ seconds, before, saved, ratio: saved.p99 / before.p99 });
      } else {
        if (i === 0) {
          await this.#save(ours, backup);
          for (const member of ours) await end(member, 'SIGTERM');
        }
        fs.rmSync(path.join(this.#directory, 'restored'), { recursive: true, force: true });
        figures.rounds.push({ seconds: this.#restore(backup) });
      }
    }
    return { figures, lines: [...ratioLines('ours', figures.rounds), this.#busy()] };
  }

  /** `--only join`: ours, then etcd's, since both at once would not leave each other's latencies alone. */
  async #joinsOfBoth(ours, keys) {
    const figures = { keys, only: 'join', conclave: await this.#joins(ours), etcd: [] };
    for (const member of ours) await end(member, 'SIGTERM');
    if (hasEtcd()) figures.etcd = await this.#joins(await this.#etcdFilled(keys));
    const lines = [...ratioLines('ours', figures.conclave), ...ratioLines('etcd', figures.etcd)];
    return { figures, lines: [...lines, this.#busy()] };
  }

  async #joins(members) {
    const rounds = [];
    for (let i = 0; i < this.#options.rounds; i++) {
      const before = await this.#under(members, 'before', null);
      const joined = await this.#under(members, 'a member is added', () => this.#join(members));
      rounds.push({ before, joined, ratio: joined.p99 / before.p99 });
      if (i + 1 < this.#options.rounds) await this.#leave(members);
    }
    return rounds;
  }

  #busy() {
    const busy = Math.max(...this.#loads, os.loadavg()[0]);
    return `load average ${this.#loads[0].toFixed(1)} at first, ${busy.toFixed(1)} at most`;
  }

  /** The member added last goes again, and its data. */
  async #leave(members) {
    const member = members.pop();
    const { body } = await post(`${url(members[0].port)}/v3/cluster/member/list`);
    const { ID } = JSON.parse(body).members.find(({ name }) => name === member.name);
    this.#etcdctl(members, 'member', 'remove', BigInt(ID).toString(16));
    await end(member, 'SIGKILL');
    fs.rmSync(member.dataDir, { recursive: true, force: true });
  }

  /** A founding cluster; each member's client port takes calls once it is ready. */
  async #cluster(letter, count) {
    const ports = await freePorts(2 * count);
    const members = Array.from({ length: count }, (_, i) => ({
      name: `${letter}${i + 1}`,
      port: ports.shift(),
      peerUrl: url(ports.shift()),
    }));
    const initial = members.map((m) => `${m.name}=${m.peerUrl}`).join(',');
    for (const member of members) this.#start(member, initial, 'new');
    for (const member of members) await this.#ready(member);
    return members;
  }

  #start(member, initial, state, more = []) {
    const { name, port, peerUrl } = member;
    member.dataDir = path.join(this.#directory, name);
    member.command = [
      ...(member.program ?? [process.execPath, path.join(root, 'dist', 'conclave-node.js')]),
      ...['--name', name, '--data-dir', member.dataDir],
      ...['--listen-client-urls', url(port), '--advertise-client-urls', url(port)],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', initial, '--initial-cluster-state', state, ...more],
      ...['--quota-backend-bytes', '8589934592', '--log-level', 'error'],
    ];
    this.#run(member);
    if (!this.#started.includes(member)) this.#started.push(member);
  }

  #run(member) {
    const [file, ...args] = member.command;
    member.process = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    member.output = '';
    member.process.stderr.on('data', (text) => {
      member.output = (member.output + String(text)).slice(-2_000);
    });
  }

  async #ready(member) {
    const until = Date.now() + READY_MS;
    while ((await status(`${url(member.port)}/health`)) !== 200) {
      if (member.process.exitCode !== null) throw new Error(`${member.name}: ${member.output}`);
      if (Date.now() > until) throw new Error(`${member.name} is not ready: ${member.output}`);
      await pause(POLL_MS);
    }
  }

  /**
   * All keys once. A leader that changes on a busy machine fails some calls: those keys alone are sent again,
   * so that both sides hold the same, and by few clients, so that calls do not queue until they time out.
   */
  async #fill(members, keys) {
    const startMs = performance.now();
    const options = { ...this.#options, verb: 'put', sequential: true, onlyMissing: true };
    const workload = new Workload(options);
    let again = 0;
    for (let tries = 1; workload.missing > 0; tries++) {
      const total = workload.missing;
      const { errors } = await this.#with(members, FILL_CLIENTS, FILL_CONNS, (many) =>
        many.run(workload, { total }),
      );
      again += workload.missing;
      if (workload.missing > 0 && tries === FILLS_MAX) {
        throw new Error(`filling: ${JSON.stringify(errors)}`);
      }
    }
    const seconds = (performance.now() - startMs) / 1_000;
    const { valSize } = this.#options;
    this.#say(
      `filled ${keys} keys of ${valSize} bytes in ${seconds.toFixed(1)} s, ${again} sent again`,
    );
    return seconds;
  }

  /** Write latencies while `work` runs, or for --seconds. */
  async #under(members, what, work) {
    const { rate, seconds } = this.#options;
    const load = rate > 0 ? rate : 1_000;
    const options = { ...this.#options, verb: 'put', sequential: false };
    return this.#with(members.slice(0, 3), PHASE_CLIENTS, 30, async (many) => {
      await many.run(new Workload(options), { seconds: 1, rate: load });
      const startMs = performance.now();
      let done = work === null ? null : { seconds: null };
      const ended = work?.().then((took) => (done.seconds = took));
      const p99s = [];
      const max = [];
      const cpuBefore = new Map(members.map((m) => [m, cpuSeconds(m.process.pid)]));
      const pressureBefore = pressureNow();
      const delaysBefore = await this.#delays(members.slice(0, 3));
      // In pieces, so that the load ends soon after the work, and a spread can be told.
      do {
        const result = await many.run(new Workload(options), { seconds: 2, rate: load });
        if (result.failed > 0) this.#say(`${what}: ERRORS ${JSON.stringify(result.errors)}`);
        p99s.push(result.latencyMs.p99);
        max.push(result.latencyMs.max);
      } while (
        work === null ? performance.now() - startMs < seconds * 1_000 : done.seconds === null
      );
      await ended;
      this.#loads.push(os.loadavg()[0]);
      const p99 = median(p99s);
      const tookS = (performance.now() - startMs) / 1_000;
      const cpu = members.map((m) => cpuSeconds(m.process.pid) - (cpuBefore.get(m) ?? 0));
      const delays = await this.#delays(members.slice(0, 3));
      const late = delays.map((rows, i) => loopText(delaysBefore[i], rows)).join(' ');
      this.#say(
        `${what}: write p99 ${p99.toFixed(1)} ms (${Math.min(...p99s).toFixed(1)} .. ` +
          `${Math.max(...p99s).toFixed(1)}), max ${Math.max(...max).toFixed(0)} ms at ${load}/s` +
          (done === null ? '' : `; took ${done.seconds.toFixed(1)} s`) +
          `; CPU of each member ${cpu.map((s) => s.toFixed(1)).join(' ')} s in ${tookS.toFixed(1)} s` +
          `; ${pressureText(pressureBefore, pressureNow())}; loops late by up to ${late} ms`,
      );
      return { p99, seconds: done?.seconds ?? null, cpu, tookS };
    });
  }

  #delays(members) {
    return Promise.all(
      members.map(async (m) => loopDelays((await get(`${url(m.port)}/metrics`)).body)),
    );
  }

  /** Until a member that was added serves and stands where the others stand. */
  async #join(members) {
    // Not chosen earlier: a connection of ours could have got the port meanwhile.
    const [port, peerPort] = await freePorts(2);
    const { program } = members[0];
    const name = `${members[0].name[0]}${members.length + 1}`;
    const member = { name, port, peerUrl: url(peerPort), program };
    const startMs = performance.now();
    this.#etcdctl(
      members,
      'member',
      'add',
      member.name,
      `--peer-urls=${member.peerUrl}`,
      '--learner',
    );
    const initial = [...members, member].map((m) => `${m.name}=${m.peerUrl}`).join(',');
    this.#start(member, initial, 'existing');
    members.push(member);
    const until = Date.now() + READY_MS;
    for (;;) {
      const [leader, own] = await Promise.all([applied(members[0].port), applied(member.port)]);
      if (own > 0 && leader > 0 && leader - own < 2_000) break;
      if (member.process.exitCode !== null) throw new Error(`${member.name}: ${member.output}`);
      if (Date.now() > until) throw new Error(`${member.name} did not catch up: ${member.output}`);
      await pause(100);
    }
    return (performance.now() - startMs) / 1_000;
  }

  async #save(members, file) {
    const startMs = performance.now();
    await this.#cli('snapshot', 'save', file, '--endpoints', `127.0.0.1:${members[0].port}`);
    return (performance.now() - startMs) / 1_000;
  }

  #restore(file) {
    const startMs = performance.now();
    const dataDir = path.join(this.#directory, 'restored');
    const args = ['snapshot', 'restore', file, '--data-dir', dataDir];
    const done = spawnSync(process.execPath, [cli(), ...args], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`restore: ${done.stderr}`);
    const seconds = (performance.now() - startMs) / 1_000;
    this.#say(`restored in ${seconds.toFixed(1)} s: ${done.stdout.trim().split('\n').at(-1)}`);
    return seconds;
  }

  /** How long from the start of the process until `member` answers a read of its own data. */
  async #restarts(member, all, keys, rounds) {
    const took = [];
    const cpu = [];
    for (let i = 0; i < rounds; i++) {
      const one = await this.#restart(member, all, keys);
      took.push(one.seconds);
      cpu.push(one.cpuSeconds);
    }
    const texts = took.map((s, i) => `${s.toFixed(2)} (CPU ${cpu[i].toFixed(2)})`);
    this.#say(`restart of ${member.name}: ${texts.join(', ')} s`);
    return { took, cpu };
  }

  async #restart(member, all, keys) {
    for (const one of all) if (one !== member) this.#run(one);
    for (const one of all) if (one !== member) await this.#ready(one);
    const startMs = performance.now();
    this.#run(member);
    await this.#counted(member, keys);
    const took = (performance.now() - startMs) / 1_000;
    const { pid } = member.process;
    const done = { seconds: took, cpuSeconds: cpuSeconds(pid), residentMib: residentMib(pid) };
    for (const one of all) await end(one, 'SIGTERM');
    return done;
  }

  /** `--only restart`: ours and etcd's in turn, so that a busy moment of the machine meets both. */
  async #restartsInTurn(ours, keys, rounds) {
    for (const member of ours) await end(member, 'SIGTERM');
    const etcd = hasEtcd() ? await this.#etcdFilled(keys) : null;
    for (const member of etcd ?? []) await end(member, 'SIGTERM');
    const figures = { keys, only: 'restart', conclave: [], etcd: [] };
    for (let i = 0; i < rounds; i++) {
      this.#loads.push(os.loadavg()[0]);
      figures.conclave.push(await this.#restart(ours[0], ours, keys));
      if (etcd !== null) figures.etcd.push(await this.#restart(etcd[0], etcd, keys));
    }
    return { figures, lines: [...restartLines(figures), this.#busy()] };
  }

  /** The first right answer to a serializable count of all keys. */
  async #counted(member, keys) {
    const until = Date.now() + READY_MS;
    const { keySize, valSize } = this.#options;
    const rangeEnd = Buffer.concat([keyOf(keySize, keys - 1), Buffer.from([0])]);
    const message = rangeMessage(keyOf(keySize, 0), {
      rangeEnd,
      countOnly: true,
      serializable: true,
    });
    while (Date.now() < until) {
      const found = await this.#with([member], 1, 1, (one) => one.ask(RANGE, message)).catch(
        () => null,
      );
      if (found !== null && Number(found.get(COUNT_FIELD) ?? 0n) === keys) return;
      if (member.process.exitCode !== null) throw new Error(`${member.name}: ${member.output}`);
      await pause(POLL_MS);
    }
    throw new Error(`${member.name} has not all ${keys} keys of ${valSize} bytes`);
  }

  /** The same data in etcd: three members, as ours. Null where there is no etcd. */
  async #etcd(keys, rounds) {
    if (!hasEtcd()) return null;
    const members = await this.#etcdFilled(keys);
    const file = path.join(this.#directory, 'etcd-backup');
    let startMs = performance.now();
    this.#etcdctl([members[0]], 'snapshot', 'save', file);
    const save = (performance.now() - startMs) / 1_000;
    for (const member of members) await end(member, 'SIGTERM');
    const restarts = await this.#restarts(members[0], members, keys, rounds);
    startMs = performance.now();
    const dataDir = path.join(this.#directory, 'etcd-restored');
    this.#etcdctl([members[0]], 'snapshot', 'restore', file, '--data-dir', dataDir);
    return { restarts, save, restore: (performance.now() - startMs) / 1_000 };
  }

  async #etcdFilled(keys) {
    const ports = await freePorts(6);
    const members = Array.from({ length: 3 }, (_, i) => ({
      name: `e${i + 1}`,
      port: ports.shift(),
      peerUrl: url(ports.shift()),
      program: ['etcd'],
    }));
    const initial = members.map((m) => `${m.name}=${m.peerUrl}`).join(',');
    for (const member of members) this.#start(member, initial, 'new');
    for (const member of members) await this.#ready(member);
    await this.#fill(members, keys);
    return members;
  }

  #etcdctl(members, ...args) {
    const endpoints = members.map((m) => `127.0.0.1:${m.port}`).join(',');
    const env = { ...process.env, ETCDCTL_API: '3' };
    const done = spawnSync('etcdctl', ['--endpoints', endpoints, ...args], {
      env,
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${done.stderr}`);
  }

  #cli(...args) {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli(), ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let text = '';
      child.stderr.on('data', (bytes) => (text += String(bytes)));
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(text))));
    });
  }

  async #with(members, clients, conns, work) {
    const endpoints = members.map(({ port }) => ({ host: '127.0.0.1', port }));
    const many = new Load(endpoints, { clients, conns, timeoutMs: this.#options.timeoutMs });
    try {
      await many.connect();
      return await work(many);
    } finally {
      many.close();
    }
  }
}

const hasEtcd = () => spawnSync('etcd', ['--version']).status === 0;
const cli = () => path.join(root, 'dist', 'conclavectl.js');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function end(member, signal) {
  const child = member.process;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill(signal);
  });
}
