export { Lessor, type LessorOptions, MAX_TTL_SECONDS } from './lessor.js';
export type { Checkpoint, GrantResult, LeaseView, Leases, Renewal } from './types.js';
