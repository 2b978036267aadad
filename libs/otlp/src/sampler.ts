/** Decides whether a request is traced, before anything is allocated for it. */
import type { Sampling } from './settings.js';
import type { TraceContext } from './trace-context.js';

/** Hex digits of the trace id that chance is read from, so that all processes decide alike. */
const CHANCE_DIGITS = 13;
const CHANCES = 16 ** CHANCE_DIGITS;

/** Should a request that comes with `parent` be traced? */
export function isSampled(sampling: Sampling, parent: TraceContext): boolean {
  if (sampling.parentBased) return parent.sampled;
  return Number.parseInt(parent.traceId.slice(-CHANCE_DIGITS), 16) / CHANCES < sampling.ratio;
}

/** Should a request that comes without a context begin a trace? `chance` is in [0, 1). */
export function mayBegin(sampling: Sampling, chance: number): boolean {
  return chance < sampling.ratio;
}
