/**
 * `--feature-gates Name=true,...` (spec 6.4), and the older flags that say the same. A gate whose feature
 * is not built is accepted at its default and otherwise a fault, never silently ignored.
 */
import { parseBool } from './flag-values.js';
import type { Settings } from './parse.js';

/**
 * etcd's gates: whether on by default, and whether the other value is taken. What is always checked here,
 * or tunes a part that Conclave does not have, may be set either way, as its older flag may.
 */
const GATES: ReadonlyMap<string, { readonly fallback: boolean; readonly built: boolean }> = new Map(
  [
    ['StopGRPCServiceOnDefrag', { fallback: false, built: true }],
    ['InitialCorruptCheck', { fallback: false, built: true }],
    ['CompactHashCheck', { fallback: false, built: true }],
    ['TxnModeWriteWithSharedBuffer', { fallback: true, built: true }],
    ['LeaseCheckpoint', { fallback: false, built: true }],
    ['LeaseCheckpointPersist', { fallback: false, built: true }],
    ['SetMemberLocalAddr', { fallback: false, built: false }],
  ],
);

const OLDER_FLAGS: readonly (readonly [string, string])[] = [
  ['experimental-enable-lease-checkpoint', 'LeaseCheckpoint'],
  ['experimental-enable-lease-checkpoint-persist', 'LeaseCheckpointPersist'],
];

/** The gates that are on. */
export function featureGates(settings: Settings, faults: string[]): ReadonlySet<string> {
  const on = new Set<string>();
  for (const [name, gate] of GATES) if (gate.fallback) on.add(name);
  for (const [flag, gate] of OLDER_FLAGS) if (settings.get(flag) === 'true') on.add(gate);
  for (const part of (settings.get('feature-gates') ?? '').split(',')) {
    if (part.trim() !== '') set(part.trim(), on, faults);
  }
  if (on.has('LeaseCheckpointPersist') && !on.has('LeaseCheckpoint')) {
    const text = 'enabling feature gate LeaseCheckpointPersist requires enabling feature gate';
    faults.push(`${text} LeaseCheckpoint`);
  }
  return on;
}

function set(part: string, on: Set<string>, faults: string[]): void {
  const at = part.indexOf('=');
  const name = at < 0 ? part : part.slice(0, at);
  const gate = GATES.get(name);
  if (gate === undefined) {
    faults.push(`unrecognized feature gate: ${name}`);
    return;
  }
  if (at < 0) {
    faults.push(`missing bool value for ${name}`);
    return;
  }
  const value = parseBool(part.slice(at + 1));
  if (value === null) {
    faults.push(`invalid value of ${part}, err: invalid boolean`);
  } else if (!gate.built && value !== gate.fallback) {
    faults.push(`feature gate ${name} is not supported yet`);
  } else if (value) on.add(name);
  else on.delete(name);
}
