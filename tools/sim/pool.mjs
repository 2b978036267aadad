// Spreads seeds over worker processes.
import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'worker.mjs');

/**
 * Runs seeds [from, to) of a bundle on `workers` processes. `onSeed` gets each outcome and answers
 * true to stop early. A seed that takes longer than `hangMs` counts as a crash and ends its worker.
 * `node` is the program that runs each worker, with `nodeArguments` and
 * `env`. Resolves when all workers have ended.
 */
export function runSeeds(order) {
  const { bundle, from, to, workers, options, onSeed } = order;
  const { hangMs = 600_000, nodeArguments = [], node = process.execPath, env = {} } = order;
  const count = Math.max(1, Math.min(workers, to - from));
  const runs = Array.from({ length: count }, (_, i) => {
    const child = fork(WORKER, [bundle], {
      execPath: node,
      env: { ...process.env, ...env },
      execArgv: ['--enable-source-maps', ...nodeArguments],
    });
    return { child, order: { from: from + i, to, step: count, options } };
  });
  const stop = () => {
    for (const { child } of runs) if (child.connected) child.send({ stop: true });
  };
  return Promise.all(
    runs.map(
      ({ child, order }) =>
        new Promise((resolve, reject) => {
          let next = order.from;
          let hung = false;
          const giveUp = () => {
            hung = true;
            const nothing = {
              events: 0,
              virtualUs: 0,
              commits: 0,
              reads: 0,
              elections: 0,
              hash: '',
            };
            const message = `no end within ${hangMs} ms`;
            child.kill('SIGKILL');
            const verdict = { exitCode: 1, rule: 'hang', message, coverage: [], ...nothing };
            if (onSeed({ seed: next, ...verdict })) stop();
          };
          let timer = setTimeout(giveUp, hangMs);
          child.on('message', (answer) => {
            clearTimeout(timer);
            if (answer.done) {
              child.disconnect();
              return;
            }
            next = answer.seed + order.step;
            timer = setTimeout(giveUp, hangMs);
            if (onSeed(answer)) stop();
          });
          child.on('error', reject);
          child.on('exit', (code, signal) => {
            clearTimeout(timer);
            if (code === 0 || hung) resolve();
            else reject(new Error(`a worker ended with ${signal ?? code}`));
          });
          child.send(order);
        }),
    ),
  );
}
