export type { RangeWatchers, WatchersByRange } from './watch-survey.js';
export { type WatchPorts, WatchRoom } from './watch-room.js';
export type { WatchHub, WatchOptions, WatchSink, WatchStream } from './types.js';
