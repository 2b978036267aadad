import { type Probe, type Revision, assert } from '@conclave/base';
import { CompactionRequest, RequestField } from '@conclave/wire';
import { proposal } from './leader-duties.js';
import type { ProposalResult, ReplicaView } from './types.js';

/** How `--auto-compaction-mode` and `--auto-compaction-retention` are meant (spec 2.6). */
export type AutoCompactionPolicy =
  | { readonly mode: 'periodic'; readonly periodMs: number }
  | { readonly mode: 'revision'; readonly keep: number };

export interface AutoCompactionPorts {
  readonly replica: Pick<ReplicaView, 'isLeader' | 'machine' | 'propose'>;
  readonly probe: Probe;
}

const HOUR_MS = 3_600_000;
const REVISION_EVERY_MS = 5 * 60_000;
/** Samples in one compaction interval: etcd's figure. */
const SAMPLES_PER_INTERVAL = 10;
const TIMEOUT_MS = 10_000;
/** 1,000,000 samples an hour's tenth apart: more than eleven years. */
export const PERIOD_MS_MAX = 1_000_000 * (HOUR_MS / SAMPLES_PER_INTERVAL);

/**
 * Compacts by itself, as etcd: on the leader alone, through the log like any other compaction.
 *
 * `periodic` with period P: every member samples its revision each tenth of min(P, 1 h), leading or not, so
 * that whoever leads next knows what the revision was P ago; the first compaction comes P after the
 * start, the next ones each min(P, 1 h). `revision`: each 5 minutes to the present revision less `keep`.
 * What was compacted is not asked for again; a compaction that failed is, at the next sample.
 */
export class AutoCompaction {
  readonly #policy: AutoCompactionPolicy;
  readonly #ports: AutoCompactionPorts;
  readonly #stepMs: number;
  readonly #samplesMax: number;
  /** Oldest first. */
  readonly #samples: Revision[] = [];
  #nextMs: number;
  #lastSuccessMs: number;
  #last: Revision = 0;
  /** What must pass since the last success: the whole period before the first. */
  #waitMs: number;
  #underWay = false;

  constructor(policy: AutoCompactionPolicy, ports: AutoCompactionPorts, nowMs: number) {
    this.#policy = policy;
    this.#ports = ports;
    this.#lastSuccessMs = nowMs;
    if (policy.mode === 'revision') {
      assert(policy.keep > 0, 'a retention of 0 is no policy');
      this.#stepMs = REVISION_EVERY_MS;
      this.#samplesMax = 1;
      this.#waitMs = 0;
      this.#nextMs = nowMs + this.#stepMs;
      return;
    }
    const { periodMs } = policy;
    assert(periodMs > 0 && periodMs <= PERIOD_MS_MAX, 'a period within its bounds');
    this.#stepMs = Math.max(1, Math.min(periodMs, HOUR_MS) / SAMPLES_PER_INTERVAL);
    this.#samplesMax = Math.max(1, Math.floor(periodMs / this.#stepMs));
    this.#waitMs = periodMs;
    this.#sample();
    this.#nextMs = nowMs + this.#stepMs;
  }

  /** Time passes; call often. After a long gap one step is made, not all that were missed. */
  poll(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#stepMs;
    const target = this.#target();
    if (this.#policy.mode === 'periodic') this.#sample();
    if (target <= 0 || target === this.#last || this.#underWay) return;
    if (!this.#ports.replica.isLeader || nowMs - this.#lastSuccessMs < this.#waitMs) return;
    this.#compact(target, nowMs);
  }

  #target(): Revision {
    if (this.#policy.mode === 'periodic') return this.#samples[0] as Revision;
    return this.#ports.replica.machine.store.revision - this.#policy.keep;
  }

  #sample(): void {
    this.#samples.push(this.#ports.replica.machine.store.revision);
    if (this.#samples.length > this.#samplesMax) this.#samples.shift();
  }

  #compact(revision: Revision, nowMs: number): void {
    const { replica, probe } = this.#ports;
    const { mode } = this.#policy;
    const fields = { revision };
    this.#underWay = true;
    probe.log('info', `starting auto ${mode} compaction`, fields);
    const body = CompactionRequest.encode({ revision, physical: false });
    replica.propose(proposal(RequestField.COMPACTION, body), TIMEOUT_MS, (result) => {
      this.#underWay = false;
      const error = faultOf(result);
      if (error !== null) {
        probe.log('warn', `failed auto ${mode} compaction`, { ...fields, error });
        return;
      }
      this.#last = revision;
      this.#lastSuccessMs = nowMs;
      if (this.#policy.mode === 'periodic') this.#waitMs = Math.min(this.#policy.periodMs, HOUR_MS);
      probe.log('info', `completed auto ${mode} compaction`, fields);
    });
  }
}

/** Null: it is compacted, by us or by somebody before. */
function faultOf(result: ProposalResult): string | null {
  if (!result.ok) return result.code;
  return result.result.ok || result.result.code === 'compacted' ? null : result.result.code;
}
