// Exports of the discovery room.
export {};
