export { PROGRESS_KEY } from './progress-row.js';
export {
  SnapshotExchange,
  type SnapshotExchangeOptions,
  type SnapshotExchangePorts,
} from './snapshot-exchange.js';
export {
  SnapshotReceiver,
  type SnapshotReceiverOptions,
  type SnapshotReceiverPorts,
} from './snapshot-receiver.js';
export {
  SnapshotSender,
  type SnapshotSenderOptions,
  type SnapshotSenderPorts,
} from './snapshot-sender.js';
export {
  type FreshState,
  type IncomingEvents,
  type IncomingStream,
  type OutgoingEvents,
  type OutgoingStream,
  type ReadHead,
  type ReceivedState,
  SNAPSHOT_FORMAT,
  type SnapshotHead,
} from './types.js';
