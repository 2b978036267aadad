export { MemoryBlobStore } from './memory-blob-store.js';
export { MemoryDataDirectory } from './memory-data-directory.js';
export { type EngineOperation, MemoryEngine } from './memory-engine.js';
export { type CrashFate, type DiskOperation, MemoryLogDisk } from './memory-log-disk.js';
export { TaskQueue } from './task-queue.js';
