export { Lessor, type LessorOptions, MAX_TTL_SECONDS } from './lessor.js';
export type { GrantResult, LeaseView, Leases } from './types.js';
