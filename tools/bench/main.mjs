// `npm run bench -- <verb> [flags]`: load on any etcd v3 endpoint, and comparisons of two. See
// options.mjs for the flags and docs/BENCHMARKS.md for figures.
//
// Exit code 0: measured; 1: a system failed, lost a key, or every call was an error; 2: bad flags.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import os from 'node:os';
import { life } from './life.mjs';
import { startBoth } from './local.mjs';
import { USAGE, readOptions } from './options.mjs';
import { errorLines, ratio, ratioLine, roundLine, summary, summaryLines } from './report.mjs';
import { System } from './system.mjs';

const { options, faults } = readOptions(process.argv.slice(2));
if (faults) {
  for (const fault of faults) console.error(fault);
  console.error('`npm run bench -- --help` tells all flags');
  process.exit(2);
}
const say = (line) => {
  if (!options.json) console.log(line);
};
process.stdout.on('error', () => process.exit(0));

let cleanUp = async () => undefined;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    void cleanUp().finally(() => process.exit(130));
  });
}
try {
  if (options.help) console.log(USAGE);
  else if (options.verb === 'self') await self();
  else if (options.verb === 'life') await wholeLife();
  else if (options.local) await local();
  else await remote();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}

async function remote() {
  const { compare, endpoints, pid, pidA, pidB } = options;
  const port = { host: '127.0.0.1', port: 2379 };
  if (compare === null)
    await measure([new System('system', endpoints ?? [port], () => pid, options)]);
  else {
    const pair = [
      new System('A', compare, () => pidA, options),
      new System('B', options.with, () => pidB, options),
    ];
    await measure(pair);
  }
}

async function local() {
  const both = startBoth(options, say);
  cleanUp = () => both.stop();
  await both.ready();
  const [ours, etcd] = [both.ours, both.etcd];
  // etcd 3.4 copies a buffer at each read that a burst of writes, such as ours, has made large; a start
  // makes it small again. We compare with etcd at its best.
  const filled = options.verb === 'get' ? () => both.restart() : null;
  const pair = [
    new System('conclave', ours.endpoints, () => ours.pids(), options),
    new System(
      options.against === '' ? 'etcd' : 'against',
      etcd.endpoints,
      () => etcd.pids(),
      options,
    ),
  ];
  await measure(pair, filled);
}

async function wholeLife() {
  const { figures, lines } = await life(options, say, (stop) => (cleanUp = stop));
  if (options.json) console.log(JSON.stringify(figures, null, 2));
  for (const line of lines) say(line);
}

/** What the tool itself can do: the answerer has a process, and so a core, of its own. */
async function self() {
  const child = fork(fileURLToPath(new URL('answerer.cjs', import.meta.url)));
  cleanUp = async () => child.kill();
  const port = await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message.port));
    child.once('error', reject);
  });
  const idle = { ...options, verb: 'put' };
  const system = new System('self', [{ host: '127.0.0.1', port }], () => [child.pid], idle);
  const result = await system.round();
  const perCore = result.ok / result.clientCpuSeconds;
  if (options.json) console.log(JSON.stringify({ perCore, ...result }, null, 2));
  say(roundLine('self', result));
  say(`${Math.round(perCore).toLocaleString('en-US')} calls per CPU second of this tool`);
}

/** `filled`, or null, runs between the writing of all keys and the first round. */
async function measure(systems, filled = null) {
  const { verb, clients, conns, keySize, valSize, rounds } = options;
  say(
    `${verb}: ${clients} clients on ${conns} connections, keys of ${keySize} and values of ` +
      `${valSize} bytes, ${options.keys} keys; ${os.cpus().length} CPUs, Node ${process.version}`,
  );
  for (const system of systems) {
    await system.look();
    say(`${system.name}: etcd API ${system.version} at ${system.address}`);
    if ((verb === 'get' || verb === 'mix') && !options.noFill) await system.fill();
  }
  if (filled !== null && !options.noFill) await filled();
  for (let i = 0; i < (systems.length === 1 ? 1 : rounds); i++) {
    for (const system of systems) {
      const result = await system.round();
      say(roundLine(system.name, result));
      for (const line of errorLines(result)) say(line);
    }
  }
  await conclude(systems);
}

async function conclude(systems) {
  const summaries = [];
  for (const system of systems) summaries.push(summary(system, await system.verify()));
  const [a, b] = summaries;
  const compared = b === undefined ? null : ratio(a, b);
  if (options.json) {
    const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version };
    console.log(JSON.stringify({ options, machine, systems: summaries, ratio: compared }, null, 2));
  }
  for (const line of summaries.flatMap(summaryLines)) say(line);
  if (compared !== null) say(ratioLine(a, b, compared));
  const bad = summaries.some((s) => s.failed === s.requests || (s.verified?.lost ?? 0) > 0);
  if (bad) process.exitCode = 1;
}
