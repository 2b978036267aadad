export {
  type BackupFileCode,
  type BackupFileInfo,
  type BackupFileOptions,
  readBackupFile,
  readBackupHead,
} from './backup-file.js';
export { type StorageCode, storageError } from './disk-trouble.js';
export { FileBlobStore } from './file-blob-store.js';
export { FileLogDisk } from './file-log-disk.js';
export { type FileSystem, NODE_FS } from './file-system.js';
export { RocksEngine } from './rocks-engine.js';
export { MemberDirectory, RESTORING } from './member-directory.js';
export { type Identity, readMemberFilesSync } from './member-files.js';
export { clusterId, memberId } from './member-ids.js';
