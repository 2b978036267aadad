// Spreads seeds over worker processes.
import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'worker.mjs');

/**
 * Runs seeds [from, to) of a bundle on `workers` processes. `onSeed` gets each outcome and answers
 * true to stop early. Resolves when all workers have ended.
 */
export function runSeeds({ bundle, from, to, workers, options, onSeed }) {
  const count = Math.max(1, Math.min(workers, to - from));
  const runs = Array.from({ length: count }, (_, i) => {
    const child = fork(WORKER, [bundle], {
      execArgv: ['--enable-source-maps'],
      serialization: 'advanced',
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
          child.on('message', (answer) => {
            if (answer.done) child.disconnect();
            else if (onSeed(answer)) stop();
          });
          child.on('error', reject);
          child.on('exit', (code, signal) => {
            if (code === 0) resolve();
            else reject(new Error(`a worker ended with ${signal ?? code}`));
          });
          child.send(order);
        }),
    ),
  );
}
