import { assert } from '@conclave/base';
import type { EngineOp } from '@conclave/base';
import { readSnapshotHead } from '@conclave/statemachine';
import { MemoryEngine } from '@conclave/testkit';
import type { TaskQueue } from '@conclave/testkit';
import type { SnapshotMeta } from '@conclave/wire';
import type { MiniMember } from './mini-cluster.js';

/** What a snapshot stream does, in one go: all rows of one moment into a fresh engine at the peer. */
export function copyState(
  tasks: TaskQueue,
  from: MiniMember,
  to: MiniMember,
  done: (meta: SnapshotMeta | null) => void,
): void {
  const snapshot = from.engine.snapshot();
  readSnapshotHead(snapshot, (failure, meta) => {
    if (failure !== null || meta === null) {
      done(null);
      return;
    }
    const stateNumber = to.current.stateNumber + 1;
    const engine = new MemoryEngine(tasks);
    const copy = (lo: Uint8Array): void =>
      snapshot.scan(lo, null, 1_000, (fault, rows) => {
        assert(fault === null, 'a model engine reads');
        const last = rows[rows.length - 1];
        if (!last) {
          engine.flush(() => {
            snapshot.release();
            to.engines.set(stateNumber, engine);
            to.received = { meta, state: { stateNumber, engine } };
            done(meta);
          });
          return;
        }
        const ops = rows.map(({ key, value }): EngineOp => ({ type: 'put', key, value }));
        engine.write(ops, () => copy(new Uint8Array([...last.key, 0])));
      });
    copy(new Uint8Array(0));
  });
}
