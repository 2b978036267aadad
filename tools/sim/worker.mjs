// Runs seeds of one bundle, told over IPC: {from, to, options} -> one {seed, ...} a seed, then {done}.
// While a seed runs, nothing may ask the machine for time or chance.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const simulator = require(process.argv[2]);
let stopped = false;

/** Time and chance of the machine throw while `task` runs. */
export function sealed(task) {
  const { random } = Math;
  const { now } = Date;
  const timeout = globalThis.setTimeout;
  const refuse = () => {
    throw new Error('a simulated run asked the machine for time or chance');
  };
  Math.random = refuse;
  Date.now = refuse;
  globalThis.setTimeout = refuse;
  try {
    return task();
  } finally {
    Math.random = random;
    Date.now = now;
    globalThis.setTimeout = timeout;
  }
}

function run(seed, options) {
  const { runScenario, drawScenario } = simulator;
  const outcome = sealed(() => runScenario(drawScenario(seed, options)));
  const { exitCode, rule, message, events, virtualUs, hash, commits, reads, elections } = outcome;
  const coverage = [...outcome.coverage.counts];
  return {
    seed,
    exitCode,
    rule,
    message,
    events,
    virtualUs,
    hash,
    commits,
    reads,
    elections,
    coverage,
  };
}

process.on('message', (order) => {
  if (order.stop) stopped = true;
  else void work(order);
});

async function work({ from, to, step = 1, options }) {
  for (let seed = from; seed < to && !stopped; seed += step) {
    process.send(run(seed, options));
    // Let an order to stop come in.
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.send({ done: true });
}
