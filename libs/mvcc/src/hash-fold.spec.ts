import { type EngineRow, type EngineSnapshot, Random, assert, encodeUtf8 } from '@conclave/base';
import { DeleteRangeRequest, PutRequest } from '@conclave/wire';
import { type HashFold, KvStore, isVersionRow, readCompactRevision } from './index.js';
import { StoreHarness } from './testing/store-harness.js';

/** A moment of the store as a backup takes it: engine snapshot, revision, hash of the rows to come. */
const SEED = Number(process.env['SEED'] ?? 31);

interface Moment {
  readonly snapshot: EngineSnapshot;
  readonly revision: number;
  readonly fold: HashFold;
}

function take(at: StoreHarness): Moment {
  let moment: Moment | null = null;
  at.store.whenWritten(() => {
    const revision = at.store.writtenRevision;
    const fold = at.store.hashFold(revision, () => undefined);
    moment = { snapshot: at.engine.snapshot(), revision, fold };
  });
  at.flush();
  assert(moment !== null, 'written');
  return moment;
}

function versions(at: StoreHarness, snapshot: EngineSnapshot): EngineRow[] {
  const rows = at.ask<readonly EngineRow[]>((done) =>
    snapshot.scan(new Uint8Array([0]), null, 1_000, (_, found) => done(found)),
  );
  assert(rows.length < 1_000, 'all rows');
  return rows.filter(isVersionRow);
}

/** HashKV as a store says it that is loaded from the snapshot and nothing else. */
function hashOf(at: StoreHarness, snapshot: EngineSnapshot): readonly [number, number, number] {
  const store = new KvStore({}, { engine: snapshot, scheduler: at.tasks });
  at.ask<string | null>((done) => store.load(done));
  const result = at.ask<Parameters<Parameters<KvStore['hashKv']>[1]>[0]>((done) =>
    store.hashKv(0, done),
  );
  if (!result.ok) throw new Error(result.code);
  return [result.hash, result.revision, result.compactRevision];
}

test(`the hash of rows that someone else reads is HashKV of that moment (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  const at = new StoreHarness({ rangeSliceRows: 5, compactionBatchRows: 4 });
  const key = (): Uint8Array => encodeUtf8(`k${random.below(12)}`);
  const writeSome = (): void => {
    for (let i = random.below(12); i >= 0; i--) {
      if (random.below(4) === 0) {
        at.write({ type: 'delete-range', request: DeleteRangeRequest.create({ key: key() }) });
      } else {
        const value = encodeUtf8(`${random.below(1_000)}`);
        at.write({ type: 'put', request: PutRequest.create({ key: key(), value }) });
      }
    }
  };
  const compactSome = (): void => {
    const { revision, compactRevision } = at.store;
    const to = compactRevision + random.below(Math.max(1, revision - compactRevision + 1));
    if (to > compactRevision && to > 0) at.store.compact(to);
    for (let i = random.below(6); i > 0; i--) {
      at.store.compactionStep();
      at.tasks.run();
    }
  };
  for (let round = 0; round < 40; round++) {
    writeSome();
    compactSome();
    const { snapshot, revision, fold } = take(at);
    const compacted = at.ask<number>((done) => readCompactRevision(snapshot, (_, n) => done(n)));
    expect(compacted).toBe(fold.floor);
    // The store goes on meanwhile; what the hash needs must stay.
    writeSome();
    compactSome();
    at.flush();
    for (let i = 0; i < 40; i++) {
      at.store.compactionStep();
      at.tasks.run();
    }
    at.ask<null>((done) => fold.begin(() => done(null)));
    const rows = versions(at, snapshot);
    for (let i = 0; i < rows.length; i += 3) fold.add(rows.slice(i, i + 3));
    expect([fold.end(), revision, fold.floor]).toEqual(hashOf(at, snapshot));
    snapshot.release();
    if (random.below(3) === 0) at.compactFully();
  }
});
