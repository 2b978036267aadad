/**
 * What a run has seen: counts by name of everything that ought to happen sometimes. A simulation in
 * which something never happens proves nothing about it, so the runner lists what stayed at zero.
 */
import type { RaftEvent } from '@conclave/raft';
import { MessageType } from '@conclave/wire';

/** Each must be seen in a large enough set of seeds. */
export const SOMETIMES = [
  'role:leader',
  'role:candidate',
  'role:pre-candidate',
  'vote-cast:granted',
  'vote-cast:refused',
  'vote-ignored:leader-alive',
  'campaign-refused:not-promotable',
  'campaign-refused:unapplied-conf-change',
  'campaign-refused:disk-stalled',
  'message-ignored:old-term',
  'message-ignored:unknown-sender',
  'message-ignored:not-for-role',
  'message-ignored:stale',
  'message-ignored:installing-snapshot',
  'append-rejected',
  'log-truncated',
  'quorum-lost',
  'disk-stalled',
  'proposal-dropped',
  'transfer:begun',
  'transfer:sent',
  'transfer:aborted',
  'conf-changed',
  'snapshot:needed',
  'snapshot:announced',
  'snapshot:accepted',
  'snapshot:ignored',
  'snapshot:installed',
  'snapshot:failed',
  'snapshot:skipped',
  'sim:crash',
  'sim:crash-with-writes-in-flight',
  'sim:restart',
  'sim:power-loss',
  'sim:pause',
  'sim:disk-failed',
  'sim:log-lost',
  'sim:log-damaged',
  'sim:bad-read-noticed',
  'sim:disk-full',
  'sim:clock-frozen',
  'sim:other-settings',
  'sim:leader-elected-in-joint',
  'sim:snapshot-accepted-in-joint',
  'sim:snapshots-to-two-at-once',
  'sim:crash-while-installing',
  'sim:truncated-with-writes-in-flight',
  'sim:reads-dropped',
  'sim:operation-abandoned',
  'sim:stale-frame-dropped',
  'sim:heal-all',
  'sim:heal-minority-dead',
  'sim:heal-minority-cut',
  'sim:heal-minority-deaf',
  'sim:heal-minority-mute',
  'sim:heal-one-link',
] as const;

export class Coverage {
  readonly #counts = new Map<string, number>();

  see(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  event(e: RaftEvent): void {
    this.see(nameOf(e));
  }
}

export function nameOf(e: RaftEvent): string {
  switch (e.kind) {
    case 'role':
      return `role:${e.role}`;
    case 'vote-cast':
      return e.granted ? 'vote-cast:granted' : 'vote-cast:refused';
    case 'vote-ignored':
    case 'campaign-refused':
    case 'message-ignored':
      return `${e.kind}:${e.reason}`;
    case 'transfer':
    case 'snapshot':
      return `${e.kind}:${e.step}`;
    default:
      return e.kind;
  }
}

const TYPE_NAMES = new Map<number, string>(
  Object.entries(MessageType).map(([name, value]) => [value, name]),
);

export function messageName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE_${type}`;
}
