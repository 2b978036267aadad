import { readFileSync } from 'node:fs';
import { settingsOfFile } from './config-file.js';
import { FLAG_GROUPS } from './flag-table.js';
import { validate } from './node-config.js';
import type { NodeConfig } from './node-config.js';
import { parseArguments, withEnvironment } from './parse.js';
import type { ParseResult } from './parse.js';

export type LoadResult =
  | { readonly type: 'run'; readonly config: NodeConfig; readonly warnings: readonly string[] }
  | { readonly type: 'show'; readonly what: 'version' | 'help' }
  | { readonly type: 'fault'; readonly text: string; readonly exitCode: 1 | 2 };

const SEE_HELP = "See 'conclave-node --help'.";

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags, environment and config file, with etcd's precedence and conflicts (spec 6.1). */
export function loadConfig(args: readonly string[], environment: Environment): LoadResult {
  const { file, rest } = takeConfigFile(args, environment);
  if (file !== null) return finish(readFile(file));
  const flags = parseArguments(rest);
  if (!flags.ok || 'show' in flags) return finish(flags);
  return finish(withEnvironment(flags.settings, environment));
}

/** `--config-file` makes all other flags and variables void. */
function takeConfigFile(
  args: readonly string[],
  environment: Environment,
): { file: string | null; rest: readonly string[] } {
  for (let i = 0; i < args.length; i++) {
    const match = /^--?config-file(?:=(.*))?$/.exec(args[i] as string);
    if (match) return { file: match[1] ?? args[i + 1] ?? '', rest: [] };
  }
  const named = environment['CONCLAVE_CONFIG_FILE'] ?? environment['ETCD_CONFIG_FILE'];
  return { file: named ? named : null, rest: args };
}

function readFile(file: string): ParseResult {
  try {
    return settingsOfFile(readFileSync(file, 'utf8'));
  } catch (error) {
    return {
      ok: false,
      exitCode: 1,
      message: `cannot read the config file: ${(error as Error).message}`,
    };
  }
}

function finish(parsed: ParseResult): LoadResult {
  if (!parsed.ok) {
    // etcd adds the usage, some 300 lines in which the fault is hard to find.
    const { message, exitCode } = parsed;
    const text = exitCode === 2 ? `${message}\n${SEE_HELP}` : message;
    return { type: 'fault', text, exitCode };
  }
  if ('show' in parsed) return { type: 'show', what: parsed.show };
  const result = validate(parsed.settings);
  if ('faults' in result) {
    const text = result.faults.map((fault) => `error verifying flags, ${fault}`).join('\n');
    return { type: 'fault', text: `${text}\n${SEE_HELP}`, exitCode: 1 };
  }
  return { type: 'run', config: result.config, warnings: parsed.warnings };
}

export function usage(): string {
  const lines = ['Usage:', '', '  conclave-node [flags]', '    Start a member.', ''];
  for (const [title, flags] of FLAG_GROUPS) {
    lines.push(`${title}:`);
    for (const flag of flags) {
      const state = flag.support === 'default-only' ? ' (not supported yet)' : '';
      lines.push(`  --${flag.name} '${flag.fallback}'`, `    ${flag.help}${state}`);
    }
    lines.push('');
  }
  lines.push('  --config-file', '    YAML or JSON file; all other flags are ignored then.');
  lines.push('  --version', '    Print the version and exit.');
  return lines.join('\n');
}
