// What a run tells people, and the JSON of the same. Errors are always part of it.

const whole = (n) => Math.round(n).toLocaleString('en-US');
const ms = (n) => (n < 10 ? n.toFixed(2) : n < 100 ? n.toFixed(1) : n.toFixed(0));

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function roundLine(label, result) {
  const { latencyMs: l, serverCpuSeconds: cpu } = result;
  const per = (seconds) => ((seconds * 100_000) / Math.max(1, result.ok)).toFixed(2);
  const parts = [
    `${label.padEnd(10)} ${whole(result.perSecond).padStart(9)}/s`,
    `p50 ${ms(l.p50)} p90 ${ms(l.p90)} p99 ${ms(l.p99)} p99.9 ${ms(l.p999)} max ${ms(l.max)} ms`,
    ...(cpu === null ? [] : [`CPU s/100k: server ${per(cpu)}`]),
    `client ${per(result.clientCpuSeconds)}`,
  ];
  const trouble = [
    ...(result.failed > 0 ? [`ERRORS ${whole(result.failed)} of ${whole(result.requests)}`] : []),
    ...(result.unsent > 0 ? [`NOT SENT ${whole(result.unsent)}: all clients were waiting`] : []),
  ];
  return [...parts, ...trouble].join('  ');
}

/** One line for each kind of error. */
export function errorLines(result) {
  return Object.entries(result.errors).map(
    ([code, { count, text }]) => `           ${whole(count)} x ${code}${text ? `: ${text}` : ''}`,
  );
}

/** Sums of one system over its rounds. */
export function summary(system, verified) {
  const { rounds } = system;
  const sum = (pick) => rounds.reduce((total, round) => total + pick(round), 0);
  const ok = sum((r) => r.ok);
  const cpu = rounds.some((r) => r.serverCpuSeconds === null)
    ? null
    : sum((r) => r.serverCpuSeconds);
  const spread = (pick) => {
    const values = rounds.map(pick);
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  };
  return {
    name: system.name,
    endpoints: system.address,
    version: system.version,
    perSecond: spread((r) => r.perSecond),
    p99Ms: spread((r) => r.latencyMs.p99),
    serverCpuSecondsPer100k: cpu === null ? null : (cpu * 100_000) / Math.max(1, ok),
    requests: sum((r) => r.requests),
    failed: sum((r) => r.failed),
    unsent: sum((r) => r.unsent),
    verified,
    rounds,
  };
}

export function summaryLines(s) {
  const { perSecond: p, p99Ms, serverCpuSecondsPer100k: cpu, verified } = s;
  const lines = [
    `${s.name.padEnd(10)} median ${whole(p.median)}/s (${whole(p.min)} .. ${whole(p.max)}), ` +
      `p99 ${ms(p99Ms.median)} ms${cpu === null ? '' : `, server CPU s/100k ${cpu.toFixed(2)}`}, ` +
      `${whole(s.requests)} requests, ${whole(s.failed)} errors`,
  ];
  if (verified !== null) {
    lines.push(
      `           ${whole(verified.acknowledged)} different keys acknowledged, ` +
        `${whole(verified.found)} found (${whole(verified.before)} before)` +
        (verified.lost > 0 ? `: ${whole(verified.lost)} LOST` : ''),
    );
  }
  return lines;
}

/** Ratio A / B of each pair of rounds; `cpu`, of CPU seconds per call, hardly minds a busy machine. */
export function ratio(a, b) {
  const ratios = a.rounds.map((round, i) => round.perSecond / b.rounds[i].perSecond);
  const [cpuA, cpuB] = [a.serverCpuSecondsPer100k, b.serverCpuSecondsPer100k];
  const cpu = cpuA === null || !(cpuB > 0) ? null : cpuA / cpuB;
  return {
    median: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    ratios,
    cpu,
  };
}

export function ratioLine(a, b, r) {
  return (
    `ratio ${a.name} / ${b.name}: median ${r.median.toFixed(2)} ` +
    `(${r.min.toFixed(2)} .. ${r.max.toFixed(2)}) over ${r.ratios.length} pairs of rounds` +
    (r.cpu === null ? '' : `; CPU per call ${r.cpu.toFixed(2)}`)
  );
}
