export { MemoryBlobStore } from './memory-blob-store.js';
export { MemoryEngine } from './memory-engine.js';
export { TaskQueue } from './task-queue.js';
