import type { Probe } from '@conclave/base';

/**
 * What was asked of the store since the last `flush`, under etcd's names: each put, deletion and
 * range counts,
 * inside a transaction as well as alone, and a write of more than one counts as a transaction too. Plain
 * numbers, for the hot path; told with each batch.
 */
export class OpCounts {
  puts = 0;
  deletes = 0;
  ranges = 0;
  txns = 0;
  /** Versions that compaction removed. */
  compacted = 0;
  /** Of all records put so far, not only since the last `flush`. */
  putBytes = 0;
  #toldBytes = 0;

  /** Of the kinds that make a write a transaction. */
  get ops(): number {
    return this.puts + this.deletes + this.ranges;
  }

  flush(probe: Probe): void {
    if (this.puts > 0) probe.count('etcd_mvcc_put_total', this.puts);
    if (this.deletes > 0) probe.count('etcd_mvcc_delete_total', this.deletes);
    if (this.ranges > 0) probe.count('etcd_mvcc_range_total', this.ranges);
    if (this.txns > 0) probe.count('etcd_mvcc_txn_total', this.txns);
    if (this.compacted > 0) {
      probe.count('etcd_debugging_mvcc_db_compaction_keys_total', this.compacted);
    }
    if (this.putBytes !== this.#toldBytes) {
      this.#toldBytes = this.putBytes;
      probe.gauge('etcd_debugging_mvcc_total_put_size_in_bytes', this.putBytes);
    }
    this.puts = 0;
    this.deletes = 0;
    this.ranges = 0;
    this.txns = 0;
    this.compacted = 0;
  }
}
