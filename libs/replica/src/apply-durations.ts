import type { Probe } from '@conclave/base';
import type { Applied } from '@conclave/statemachine';

type Labels = Readonly<Record<string, string>>;

/** More operations than there are would be a leak of series. */
const OPERATIONS_MAX = 64;

/**
 * `etcd_server_apply_duration_seconds`, by operation and success. The labels of an operation are made once and
 * frozen: telemetry finds the series of such an object without building a key.
 */
export class ApplyDurations {
  readonly #probe: Probe;
  readonly #labels = new Map<string, readonly [Labels, Labels]>();

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  /** `applied` took `ms`. Nothing is told of empty entries and changes of members. */
  observe({ operation, result }: Applied, ms: number): void {
    if (operation === '') return;
    const [succeeded, failed] = this.#labels.get(operation) ?? this.#make(operation);
    const labels = result.ok ? succeeded : failed;
    this.#probe.observe('etcd_server_apply_duration_seconds', ms / 1_000, labels);
  }

  #make(op: string): readonly [Labels, Labels] {
    const made = [
      Object.freeze({ version: 'v3', op, success: 'true' }),
      Object.freeze({ version: 'v3', op, success: 'false' }),
    ] as const;
    if (this.#labels.size < OPERATIONS_MAX) this.#labels.set(op, made);
    return made;
  }
}
