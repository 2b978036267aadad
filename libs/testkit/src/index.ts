export { MemoryBlobStore } from './memory-blob-store.js';
export { MemoryDataDirectory } from './memory-data-directory.js';
export { MemoryEngine } from './memory-engine.js';
export { type DiskOperation, MemoryLogDisk } from './memory-log-disk.js';
export { TaskQueue } from './task-queue.js';
