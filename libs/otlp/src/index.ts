// Exports of the otlp room.
export {};
