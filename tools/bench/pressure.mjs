// How short of CPU the machine is while something runs, and how late each member's loop: what a latency is made
// of that no single request shows. Linux only; elsewhere nothing is told.
import fs from 'node:fs';

const DELAY = 'conclave_event_loop_delay_seconds';
const IDLE = 3;
const TICKS_PER_SECOND = 100;

/** What has been so far: seconds of CPU, idle and in all; seconds in which something waited for one. */
export function pressureNow() {
  try {
    const ticks = fs.readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1);
    const waited = /^some .*total=(\d+)/m.exec(fs.readFileSync('/proc/pressure/cpu', 'utf8'));
    return {
      atMs: performance.now(),
      idle: Number(ticks[IDLE]),
      all: ticks.reduce((sum, part) => sum + Number(part), 0),
      waited: Number(waited?.[1] ?? NaN) / 1e6,
    };
  } catch {
    return null;
  }
}

/** User and system time of a process so far, threads included. Throws if it is gone. */
export function cpuSeconds(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may have blanks and brackets in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** In memory now. */
export function residentMib(pid) {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)[1]) / 1024);
}

/** The time between two of them, in words. */
export function pressureText(before, after) {
  if (before === null || after === null) return '';
  const idle = (after.idle - before.idle) / (after.all - before.all);
  const waited = (after.waited - before.waited) / ((after.atMs - before.atMs) / 1_000);
  return `idle ${percent(idle)}, something waited for a CPU ${percent(waited)} of the time`;
}

/** Buckets of the worst delay in each second, from a member's `/metrics`; none for others than ours. */
export function loopDelays(metrics) {
  const rows = metrics.matchAll(new RegExp(`^${DELAY}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'));
  return [...rows].map(([, le, count]) => ({ le: Number(le), count: Number(count) }));
}

/** Upper bounds, in milliseconds, of the worst delay of the median second between two of them. */
export function loopText(before, after) {
  const grown = after.map(({ le, count }, i) => ({ le, count: count - (before[i]?.count ?? 0) }));
  const seconds = grown.at(-1)?.count ?? 0;
  if (seconds === 0) return '-';
  const found = grown.find(({ count }) => count >= seconds / 2);
  return `${(found.le * 1_000).toFixed(0)}`;
}

function percent(part) {
  return `${(100 * part).toFixed(0)} %`;
}
