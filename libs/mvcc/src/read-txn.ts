/**
 * A read-only transaction: compares and ranges at one revision, in slices like a Range.
 */
import { type Revision, assert } from '@conclave/base';
import type { RangeRequest, RequestOp, TxnRequest } from '@conclave/wire';
import { comparePlaces } from './prefetch.js';
import { type RangePlan, planRange } from './range-plan.js';
import { RangeRead } from './range-read.js';
import type { Read } from './reads.js';
import { type RecordId, recordId } from './record-cache.js';
import { ResponseField, responseOp, txnBody } from './response.js';
import type { State } from './state.js';
import { type Path, checkPath, takePath } from './txn-path.js';
import type { LeaseMove, MvccEvent, WriteResult } from './types.js';

const NO_EVENTS: readonly MvccEvent[] = [];
const NO_MOVES: readonly LeaseMove[] = [];

const RANGES_A_TURN = 64;

export class ReadTxn implements Read {
  floor: Revision = 0;
  readonly #state: State;
  readonly #request: TxnRequest;
  readonly #done: (result: WriteResult) => void;
  #revision: Revision = 0;
  #compactRevision: Revision = -1;
  #responses: Uint8Array[] = [];

  constructor(state: State, request: TxnRequest, done: (result: WriteResult) => void) {
    this.#state = state;
    this.#request = request;
    this.#done = done;
  }

  restart(): void {
    const state = this.#state;
    this.#revision = state.revision;
    this.#compactRevision = state.compactRevision;
    this.#responses = [];
    this.floor = this.#oldest();
    state.reads.add(this);
    const places = comparePlaces(state, this.#request);
    state.records.fetch(places, (records) => {
      const found = new Map<RecordId, Uint8Array>();
      for (let i = 0; i < places.length; i++) {
        const place = places[i] as { main: number; sub: number };
        found.set(recordId(place.main, place.sub), records[i] as Uint8Array);
      }
      const recordOf = (main: Revision, sub: number): Uint8Array =>
        found.get(recordId(main, sub)) as Uint8Array;
      this.#take(takePath(state.index, this.#request, this.#revision, recordOf));
    });
  }

  /** The oldest revision that one of the ranges may read at. */
  #oldest(): Revision {
    let oldest = this.#revision;
    const look = (ops: readonly RequestOp[]): void => {
      for (const op of ops) {
        assert(op.request?.$case === 'requestRange', 'readTxn: every op is a range');
        const { revision } = op.request.requestRange;
        if (revision > 0 && revision < oldest) oldest = revision;
      }
    };
    look(this.#request.success);
    look(this.#request.failure);
    return Math.max(oldest, this.#state.compactRevision);
  }

  #take(path: Path): void {
    const begin = {
      index: this.#state.index,
      revision: this.#revision,
      compactRevision: this.#compactRevision,
    };
    const code = checkPath(begin, path, () => true);
    if (code === null) this.#next(path, 0);
    else this.#finish({ ok: false, code });
  }

  #next(path: Path, at: number): void {
    const op = path.ops[at];
    if (op === undefined) {
      const body = txnBody(false, path.succeeded, this.#responses);
      this.#finish({
        ok: true,
        revision: this.#revision,
        body,
        events: NO_EVENTS,
        leaseMoves: NO_MOVES,
      });
      return;
    }
    const request = (op.request as { requestRange: RangeRequest }).requestRange;
    this.#state.counts.ranges++;
    const plan = planRange(request) as RangePlan;
    const fixed = request.revision > 0 ? request.revision : this.#revision;
    const read = new RangeRead(
      this.#state,
      plan,
      (result) => {
        if (!result.ok) {
          this.#finish(result);
          return;
        }
        this.#responses.push(responseOp(ResponseField.range, result.body));
        if ((at + 1) % RANGES_A_TURN !== 0) this.#next(path, at + 1);
        else this.#later(() => this.#next(path, at + 1));
      },
      fixed,
      this.#revision,
    );
    read.restart();
  }

  #later(task: () => void): void {
    const { records, scheduler } = this.#state;
    const epoch = records.epoch;
    scheduler.yieldTo(() => {
      if (epoch === records.epoch) task();
    });
  }

  #finish(result: WriteResult): void {
    this.#state.reads.remove(this);
    this.#done(result);
  }
}
