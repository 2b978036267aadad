/**
 * A scenario: everything that decides a run, as plain data. Drawn from a seed, or read from a small
 * script; shrinking edits it. Same scenario, same run.
 */
import { assert, assertLe } from '@conclave/base';
import type { ConfChangeType } from '@conclave/wire';

/** The numbers of one world. Times are in milliseconds. */
export interface Knobs {
  /** Voters at birth: slots 1 to `voters`. */
  readonly voters: number;
  /** Slots behind them that may join later. */
  readonly spares: number;
  /** Founders begin with their own addition in the log, instead of behind a cut. */
  readonly foundersInLog: boolean;
  readonly clients: number;
  readonly keys: number;
  readonly thinkMs: number;
  readonly readShare: number;
  readonly paddingMax: number;
  /** Chaos lasts this long; then the world heals and must make progress. */
  readonly durationMs: number;
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly stepDownOnRemoval: boolean;
  readonly proposalForwarding: boolean;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly committedBytesMax: number;
  readonly cacheBytesMax: number;
  readonly diskStallTicks: number;
  readonly driftPpm: number;
  readonly delayMinUs: number;
  readonly delayMeanUs: number;
  readonly drop: number;
  readonly duplicate: number;
  readonly replay: number;
  readonly reorder: boolean;
  /** Frames on their way to a member that dies reach its next life. */
  readonly staleFrames: boolean;
  readonly diskMeanUs: number;
  readonly diskGroupMax: number;
  readonly applyDelayUs: number;
  readonly applyBatch: number;
  /** Applied entries between two flushes of the state, and kept in the log behind a flush. */
  readonly flushEvery: number;
  readonly keepEntries: number;
  readonly snapshotMs: number;
  /** Use the real log room over a model disk of bytes. */
  readonly realLog: boolean;
  /** Bytes of a segment of the real log; 64 KiB if not said. */
  readonly segmentBytes?: number;
  /** Between a sync and the moment the member hears of it; always the same, so order holds. */
  readonly ackDelayUs?: number;
  /** A read of the log gives one entry where more would fit, with this chance. */
  readonly shortReads?: number;
  /** Some lives of a process run with other settings, as in the middle of an upgrade. */
  readonly mixed?: boolean;
  /** What stays broken when the world heals. */
  readonly healShape: HealShape;
}

/** `all`: nothing. The others leave a minority (or one link) broken for good. */
export type HealShape =
  'all' | 'minority-dead' | 'minority-cut' | 'minority-deaf' | 'minority-mute' | 'one-link';

/** What can have become of a log while nobody looked. */
export type Damage = 'hole' | 'flip' | 'truncate' | 'delete' | 'rollback' | 'misplaced';

/** A bit is another one; nothing was ever written there; the bytes of another place. */
export type BadRead = 'flip' | 'stale' | 'misplaced';

/** `node` 0 means: whoever leads then. Times are in milliseconds from the beginning. */
export type Fault =
  | { readonly type: 'crash'; readonly at: number; readonly node: number; readonly downMs: number }
  | { readonly type: 'power-loss'; readonly at: number; readonly downMs: number }
  | { readonly type: 'pause'; readonly at: number; readonly node: number; readonly forMs: number }
  | {
      readonly type: 'cut';
      readonly at: number;
      readonly forMs: number;
      /** Directions [from, to]. */
      readonly links: readonly (readonly [number, number])[];
    }
  | {
      readonly type: 'isolate-leader';
      readonly at: number;
      readonly forMs: number;
      readonly side: 'both' | 'in' | 'out';
    }
  | {
      /** What the leader is sent is held back and comes all at once; soon it is not heard either. */
      readonly type: 'strand-leader';
      readonly at: number;
      readonly forMs: number;
    }
  | {
      readonly type: 'cut-types';
      readonly at: number;
      readonly forMs: number;
      readonly mask: number;
    }
  | {
      readonly type: 'clog';
      readonly at: number;
      readonly forMs: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly type: 'reset'; readonly at: number; readonly a: number; readonly b: number }
  | {
      readonly type: 'disk-stall';
      readonly at: number;
      readonly node: number;
      readonly forMs: number;
    }
  | { readonly type: 'eio'; readonly at: number; readonly node: number }
  | { readonly type: 'enospc'; readonly at: number; readonly node: number; readonly forMs: number }
  | {
      /** The machine dies, and its disk does not bring back what was written. */
      readonly type: 'lose-log';
      readonly at: number;
      readonly node: number;
      readonly how?: Damage;
    }
  | {
      /** One read of the log gives other bytes than those on the disk. */
      readonly type: 'bad-read';
      readonly at: number;
      readonly node: number;
      readonly how: BadRead;
    }
  | {
      /** The clock stands still, while the process goes on. */
      readonly type: 'freeze-clock';
      readonly at: number;
      readonly node: number;
      readonly forMs: number;
    }
  | {
      readonly type: 'clock-rate';
      readonly at: number;
      readonly node: number;
      /** Millionths by which the clock is fast from now on. */
      readonly ppm: number;
    }
  | { readonly type: 'transfer'; readonly at: number; readonly to: number }
  /** A member asks its leader to hand over to it. */
  | { readonly type: 'ask-transfer'; readonly at: number; readonly node: number }
  | { readonly type: 'campaign'; readonly at: number; readonly node: number }
  | { readonly type: 'forget-leader'; readonly at: number; readonly node: number }
  | { readonly type: 'compact'; readonly at: number; readonly node: number }
  | {
      readonly type: 'conf-change';
      readonly at: number;
      readonly transition: 0 | 1 | 2;
      readonly changes: readonly {
        readonly type: ConfChangeType;
        readonly slot: number;
      }[];
    };

export interface Scenario {
  /** What it shows; for scripts that are kept. */
  readonly name?: string;
  readonly seed: number;
  readonly knobs: Knobs;
  /** In order of time. */
  readonly faults: readonly Fault[];
}

/** A scenario from outside (a script) is checked before it runs. */
export function checkScenario({ knobs, faults }: Scenario): void {
  assertLe(1, knobs.voters, 'scenario: voters');
  assertLe(knobs.voters + knobs.spares, MEMBERS_MAX, 'scenario: members');
  assertLe(knobs.clients, 100, 'scenario: clients');
  assertLe(1, knobs.keys, 'scenario: keys');
  assert(knobs.heartbeatTicks < knobs.electionTicks, 'scenario: heartbeat < election');
  let before = 0;
  for (const { at } of faults) {
    assertLe(before, at, 'scenario: faults are in order of time');
    before = at;
  }
}

export const MEMBERS_MAX = 12;
