// Exports of the feed room.
export {};
