/** All judges over what a run has recorded; the first finding is the failure. */
import { ExitCode, type ExitCode as Code } from '../failure.js';
import type { Cluster } from './cluster.js';
import { judgeExactlyOnce } from './judges/exactly-once.js';
import type { Finding } from './judges/history.js';
import { judgeLeases } from './judges/lease.js';
import { judgeLists } from './judges/list-append.js';
import { judgeRegisters } from './judges/linearizability.js';
import { ModelStore } from './judges/model-store.js';
import { judgeRevisions } from './judges/revision.js';
import { judgeWatches } from './judges/watch.js';
import type { LockRecord } from './lock-client.js';
import { prefixEnd } from './requests.js';
import { encodeUtf8, toByteString } from '@conclave/base';

/** `atHead`: the cluster had time to bring every watcher up to date. */
export function judge(cluster: Cluster, atHead: boolean): void {
  const { operations, oracle, scenario, watchRecords, leaseRecords } = cluster;
  const { commits, compactions, leaseEnds } = oracle;
  const history = { operations, commits, compactions };
  const tell = (findings: readonly Finding[]): void => {
    for (const { rule, text } of findings) {
      cluster.trace.note('sim', `finding ${rule}: ${text}`);
      cluster.fail(codeOf(rule), rule, text);
    }
  };
  tell(judgeRevisions(history));
  tell(judgeExactlyOnce(operations, commits, (key) => key.startsWith('u/')));
  tell(judgeRegisters(operations, (key) => key.startsWith('r/')));
  tell(judgeLists(operations));
  tell(judgeWatches(history, watchRecords, atHead));
  tell(judgeLeases(leaseRecords, leaseEnds, scenario.driftPpm / 1_000_000));
  tell(judgeLocks(new ModelStore(commits), cluster.lockRecords));
}

function codeOf(rule: string): Code {
  if (rule === 'C5') return ExitCode.LIVENESS;
  return rule === 'C6' || rule === 'I13' ? ExitCode.CORRECTNESS : ExitCode.SAFETY;
}

/** Whoever was told that the lock is his had the first key of all that waited. */
export function judgeLocks(store: ModelStore, records: readonly LockRecord[]): Finding[] {
  const findings: Finding[] = [];
  for (const { client, prefix, key, revision } of records) {
    const waiting = store.list(encodeUtf8(prefix), prefixEnd(prefix), revision);
    waiting.sort((a, b) => a.createRevision - b.createRevision);
    const first = waiting[0];
    if (first !== undefined && toByteString(first.key) === key) continue;
    const owner = first === undefined ? 'nobody' : toByteString(first.key);
    const text = `${client} has ${key} at revision ${revision}, where ${owner} is first`;
    findings.push({ rule: 'C6', text });
  }
  return findings;
}
