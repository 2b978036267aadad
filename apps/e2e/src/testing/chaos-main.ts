/** `npm run chaos -- --fault F --minutes M [--seed S]`: exit status 0 if nothing was lost, 3 if it cannot be had here. */
import { type ChaosOptions, FAULT_NAMES, reportLines, runChaos } from './chaos-run.js';

const USAGE = `usage: npm run chaos -- --fault F [--minutes M] [--rounds N] [--seed S]
  F: ${FAULT_NAMES.join(' ')}`;

function readOptions(args: readonly string[]): ChaosOptions | null {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] as string).split('=', 2);
    const value = inline ?? args[++i];
    if (!/^--(fault|minutes|rounds|seed)$/.test(name) || value === undefined) return null;
    values.set(name.slice(2), value);
  }
  const number = (name: string, otherwise: number): number =>
    values.has(name) ? Number(values.get(name)) : otherwise;
  const fault = values.get('fault') ?? '';
  const rounds = number('rounds', Infinity);
  const minutes = number('minutes', values.has('rounds') ? Infinity : 1);
  const seed = number('seed', Date.now() % 1_000_000);
  if (!FAULT_NAMES.includes(fault) || !(minutes > 0) || !(rounds > 0)) return null;
  if (!Number.isSafeInteger(seed)) return null;
  return { fault, minutes, rounds, seed, say: (line) => console.log(line) };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.error(USAGE);
    return 2;
  }
  console.log(`chaos: ${options.fault}, seed ${options.seed}`);
  try {
    const report = await runChaos(options);
    if (typeof report === 'string') {
      console.log(`${options.fault} is skipped: ${report}`);
      return 3;
    }
    for (const line of reportLines(options, report)) console.log(line);
    return 0;
  } catch (error) {
    console.error(`FAILED, seed ${options.seed}: ${(error as Error).message}`);
    return 1;
  }
}

void main().then((code) => process.exit(code));
