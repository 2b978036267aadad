// Exports of the discovery service.
export {};
