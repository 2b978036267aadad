/**
 * A periodic timer that does not mistake our own pause for silence of others.
 *
 * Node runs timers before it reads sockets: after a stall (a stopped process, a long collection) a
 * timer would find every peer silent whose bytes lie in the socket buffer. So the timer only sets a
 * flag; the beat is delivered from `setImmediate`, after sockets were read, and says how much longer
 * than one period our own loop stood still.
 */
import type { Clock } from '@conclave/base';

export interface Beat {
  stop(): void;
}

/** Calls `beat(nowMs, pausedMs)` every `periodMs`. Does not keep the process alive. */
export function startBeat(
  clock: Clock,
  periodMs: number,
  beat: (nowMs: number, pausedMs: number) => void,
): Beat {
  let last = clock.monotonicMs();
  let pending = false;
  let stopped = false;
  const timer = setInterval(() => {
    if (pending) return;
    pending = true;
    setImmediate(() => {
      pending = false;
      if (stopped) return;
      const now = clock.monotonicMs();
      const paused = Math.max(0, now - last - 2 * periodMs);
      last = now;
      beat(now, paused);
    });
  }, periodMs);
  timer.unref();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
