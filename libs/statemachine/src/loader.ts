/**
 * Rebuilds everything in memory from the rows of a state: meta first (are format and feature ours?), then the
 * small rooms, the store's index, and last which keys hang on which lease.
 */
import type { EngineReader, EngineRow } from '@conclave/base';
import type { Lessor } from '@conclave/lease';
import type { KvStore } from '@conclave/mvcc';
import { DecodeError } from '@conclave/wire';
import type { Alarms } from './alarms.js';
import { featureTooLow } from './features.js';
import { restoreLease } from './lease-rows.js';
import type { Membership } from './membership.js';
import { ROW_KINDS, RowKind, type StateMeta, readStateMeta, scanRows } from './rows.js';
import type { Sessions } from './sessions.js';

export interface LoadedParts {
  readonly membership: Membership;
  readonly alarms: Alarms;
  readonly sessions: Sessions;
  readonly leases: Lessor;
  readonly store: KvStore;
}

export function loadState(
  reader: EngineReader,
  parts: LoadedParts,
  featureSupported: number,
  done: (failure: string | null, meta: StateMeta | null) => void,
): void {
  readStateMeta(reader, (failure, meta) => {
    if (failure !== null || meta === null) return done(failure, null);
    // Rows of a later feature may mean what this build cannot know.
    if (meta.feature > featureSupported) {
      return done(featureTooLow(meta.feature, featureSupported), null);
    }
    loadKinds(reader, parts, meta, 0, (fault) => {
      if (fault !== null) return done(fault, null);
      parts.sessions.restored();
      parts.store.load((broken) => {
        if (broken !== null) return done(broken, null);
        done(attachLeases(parts), meta);
      });
    });
  });
}

function loadKinds(
  reader: EngineReader,
  parts: LoadedParts,
  meta: StateMeta,
  at: number,
  done: (failure: string | null) => void,
): void {
  const kind = ROW_KINDS[at];
  if (kind === undefined) return done(null);
  const visit = (row: EngineRow): string | null => {
    if (meta.format === null) return 'state: no format number';
    return restoreRow(kind, row, parts);
  };
  scanRows(reader, kind, visit, (failure) => {
    if (failure !== null) done(failure);
    else loadKinds(reader, parts, meta, at + 1, done);
  });
}

function restoreRow(kind: number, row: EngineRow, parts: LoadedParts): string | null {
  try {
    switch (kind) {
      case RowKind.MEMBER:
        return parts.membership.restoreMember(row);
      case RowKind.REMOVED:
        return parts.membership.restoreRemoved(row);
      case RowKind.ALARM:
        return parts.alarms.restore(row);
      case RowKind.LEASE:
        return restoreLease(row, parts.leases);
      case RowKind.SESSION:
        return parts.sessions.restore(row);
      default:
        return null; // Meta rows were read already; an unknown one is of a later feature.
    }
  } catch (error) {
    if (error instanceof DecodeError) return `state: row does not decode: ${error.message}`;
    throw error;
  }
}

function attachLeases(parts: LoadedParts): string | null {
  let fault: string | null = null;
  parts.store.leasedKeys((key, lease) => {
    if (!parts.leases.attach(key, lease)) fault = 'state: a key names a lease that is not there';
  });
  return fault;
}
