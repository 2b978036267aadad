export { type WatchPorts, WatchRoom } from './watch-room.js';
export type { WatchHub, WatchOptions, WatchSink, WatchStream } from './types.js';
