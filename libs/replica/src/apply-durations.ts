import { type Probe, type ProbeSeries, assertLt, seriesOf } from '@conclave/base';
import type { Applied } from '@conclave/statemachine';

const MS_PER_S = 1_000;
/** More operations than there are would be a leak of series. */
const OPERATIONS_MAX = 64;

/** Series of one operation, each made with its first entry. */
interface Operation {
  succeeded: ProbeSeries | null;
  failed: ProbeSeries | null;
}

/** `etcd_server_apply_duration_seconds`, by operation and success; their series are found once. */
export class ApplyDurations {
  readonly #probe: Probe;
  readonly #operations = new Map<string, Operation>();
  /** Of the entry before: the next one is mostly like it. */
  #lastName = '';
  #last: Operation = { succeeded: null, failed: null };

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  /** `applied` took `ms`. Nothing is told of empty entries and changes of members. */
  observe({ operation, result }: Applied, ms: number): void {
    if (operation === '') return;
    if (operation !== this.#lastName) this.#turnTo(operation);
    const one = this.#last;
    const series = result.ok
      ? (one.succeeded ??= this.#series(operation, 'true'))
      : (one.failed ??= this.#series(operation, 'false'));
    series.observe(ms / MS_PER_S);
  }

  #turnTo(name: string): void {
    let one = this.#operations.get(name);
    if (one === undefined) {
      assertLt(this.#operations.size, OPERATIONS_MAX, 'ApplyDurations: operations have few names');
      one = { succeeded: null, failed: null };
      this.#operations.set(name, one);
    }
    this.#lastName = name;
    this.#last = one;
  }

  #series(op: string, success: string): ProbeSeries {
    const labels = Object.freeze({ version: 'v3', op, success });
    return seriesOf(this.#probe, 'etcd_server_apply_duration_seconds', labels);
  }
}
