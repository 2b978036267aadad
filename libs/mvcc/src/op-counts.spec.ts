import { NO_PROBE, encodeUtf8 } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '@conclave/wire';
import { KvStore } from './kv-store.js';

test('each put, deletion and range is counted once, and a write of several as a transaction too', () => {
  const counted: Record<string, number> = {};
  const count = (name: string, by = 1): void => void (counted[name] = (counted[name] ?? 0) + by);
  const scheduler = new TaskQueue();
  const engine = new MemoryEngine(scheduler);
  const store = new KvStore({}, { engine, scheduler, probe: { ...NO_PROBE, count } });
  store.load(() => undefined);
  scheduler.run();
  const key = encodeUtf8('k');
  const requestPut = PutRequest.create({ key, value: key });
  const requestRange = RangeRequest.create({ key });
  const requestDeleteRange = DeleteRangeRequest.create({ key });
  const success = [
    RequestOp.create({ request: { $case: 'requestPut', requestPut } }),
    RequestOp.create({ request: { $case: 'requestRange', requestRange } }),
    RequestOp.create({ request: { $case: 'requestDeleteRange', requestDeleteRange } }),
  ];
  const noLease = (): boolean => false;
  store.write({ type: 'put', request: requestPut }, noLease);
  store.write({ type: 'txn', request: TxnRequest.create({ success }) }, noLease);
  store.range(requestRange, () => undefined);
  store.takeOps();
  const all = {
    etcd_mvcc_put_total: 2,
    etcd_mvcc_range_total: 2,
    etcd_mvcc_delete_total: 1,
    etcd_mvcc_txn_total: 1,
  };
  expect(counted).toEqual(all);
  store.opsDone();
  store.takeOps();
  expect(counted).toEqual(all);
});
