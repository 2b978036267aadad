export { Backup, type BackupPoint, BackupReading, type RowHash, type Sha256 } from './backup.js';
export {
  BACKUP_BLOCK_BYTES,
  BACKUP_FORMAT,
  BACKUP_HEAD_BYTES_MAX,
  BACKUP_SHA_BYTES,
  type BackupEnd,
  type BackupHead,
  type BackupMember,
  BackupRows,
  backupBytes,
  decodeBackupEnd,
  decodeBackupHead,
} from './backup-format.js';
export {
  type BackupPlace,
  type BackupRefusal,
  Backups,
  type BackupsOptions,
  type BackupsPorts,
} from './backups.js';
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
  NO_PACE,
  type OutgoingEvents,
  type OutgoingStream,
  type Pace,
  type ReadHead,
  type ReceivedState,
  SNAPSHOT_FORMAT,
  type SnapshotHead,
} from './types.js';
