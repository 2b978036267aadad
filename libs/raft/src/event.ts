/**
 * What happens inside Raft, as data: for logs, metrics, transcripts and the judges of a simulation.
 * One flat shape. The probe must not call back into the node.
 */
import type { Index, Term } from '@conclave/base';
import type { MessageType } from '@conclave/wire';
import type { Role, Slot } from './ready.js';

export type RaftEvent =
  | { readonly kind: 'role'; readonly role: Role; readonly term: Term; readonly leader: Slot }
  | {
      readonly kind: 'vote-cast';
      readonly to: Slot;
      readonly term: Term;
      readonly pre: boolean;
      readonly granted: boolean;
    }
  | {
      readonly kind: 'vote-ignored';
      readonly from: Slot;
      readonly term: Term;
      readonly reason: 'leader-alive';
    }
  | { readonly kind: 'campaign-refused'; readonly reason: CampaignRefusal }
  | {
      readonly kind: 'message-ignored';
      readonly type: MessageType;
      readonly from: Slot;
      readonly reason: IgnoreReason;
    }
  | {
      readonly kind: 'append-rejected';
      readonly from: Slot;
      readonly index: Index;
      readonly term: Term;
    }
  | { readonly kind: 'log-truncated'; readonly index: Index }
  | {
      readonly kind: 'commit-beyond-log';
      readonly from: Slot;
      readonly commit: Index;
      readonly last: Index;
    }
  | { readonly kind: 'quorum-lost'; readonly term: Term }
  | { readonly kind: 'disk-stalled'; readonly term: Term }
  | { readonly kind: 'proposal-dropped'; readonly from: Slot; readonly code: string }
  | { readonly kind: 'transfer'; readonly to: Slot; readonly step: 'begun' | 'sent' | 'aborted' }
  | { readonly kind: 'conf-changed'; readonly index: Index }
  | {
      readonly kind: 'snapshot';
      readonly step:
        'needed' | 'announced' | 'accepted' | 'ignored' | 'installed' | 'failed' | 'skipped';
      readonly peer: Slot;
      readonly index: Index;
    };

export type CampaignRefusal =
  'leader' | 'not-promotable' | 'unapplied-conf-change' | 'disk-stalled';

export type IgnoreReason =
  | 'old-term'
  | 'unknown-sender'
  | 'not-for-role'
  | 'not-leader'
  | 'malformed'
  | 'second-leader'
  | 'installing-snapshot'
  | 'stale'
  | 'queue-full';

export interface RaftProbe {
  event(event: RaftEvent): void;
}

export const NO_RAFT_PROBE: RaftProbe = Object.freeze({ event() {} });
