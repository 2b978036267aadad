// The figures of `life` as the lines of its table.
import os from 'node:os';
import { median } from './report.mjs';

export function lifeTable(f) {
  const s = (n) => `${n.toFixed(2)} s`;
  const spread = ({ median: m, min, max }) => `${s(m)} (${min.toFixed(2)} .. ${max.toFixed(2)})`;
  const part = (a, b) => `${(a / b).toFixed(2)}`;
  const rows = [
    ['what', 'Conclave', 'etcd', 'target'],
    ['a member added under load has caught up', s(f.join.seconds), '', '60 s'],
    ['write p99 before', `${f.p99BeforeMs.toFixed(1)} ms`, '', ''],
    [
      'write p99 while it catches up',
      `${f.join.p99Ms.toFixed(1)} ms, ${f.join.ratio.toFixed(2)} x`,
      '',
      '2 x before',
    ],
    [
      'write p99 while a backup is saved',
      `${f.backup.p99Ms.toFixed(1)} ms, ${f.backup.ratio.toFixed(2)} x`,
      '',
      '',
    ],
    [
      'restart until all keys are served',
      spread(f.restartSeconds),
      f.etcdRestartSeconds === null ? 'not installed' : spread(f.etcdRestartSeconds),
      f.etcdRestartSeconds === null
        ? ''
        : `0.5 of etcd: ${part(f.restartSeconds.median, f.etcdRestartSeconds.median)}`,
    ],
    [
      'CPU time of that restart',
      spread(f.restartCpuSeconds),
      f.etcdRestartCpuSeconds === null ? '' : spread(f.etcdRestartCpuSeconds),
      '',
    ],
    ['backup saved', s(f.saveSeconds), f.etcdSaveSeconds === null ? '' : s(f.etcdSaveSeconds), ''],
    ['backup saved under load', s(f.backup.seconds), '', ''],
    [
      'backup restored',
      s(f.restoreSeconds),
      f.etcdRestoreSeconds === null ? '' : s(f.etcdRestoreSeconds),
      '',
    ],
  ];
  return [
    ...aligned(rows),
    `${f.keys} keys of ${f.valueBytes} bytes, backup of ${f.backupBytes} bytes; load average ` +
      `${f.loadAverage.first.toFixed(1)} at first, ${f.loadAverage.max.toFixed(1)} at most; ` +
      `${os.cpus().length} CPUs, Node ${process.version}`,
  ];
}

/** `--only restart`: median and range of each, etcd's too if there is one. */
export function restartLines({ keys, conclave, etcd }) {
  const cell = (rounds, name, unit, digits) => {
    if (rounds.length === 0) return 'not installed';
    const of = rounds.map((round) => round[name]);
    const text = (n) => n.toFixed(digits);
    return `${text(median(of))} ${unit} (${text(Math.min(...of))} .. ${text(Math.max(...of))})`;
  };
  const row = (what, name, unit, digits) => {
    const [ours, other] = [conclave, etcd].map((rounds) => rounds.map((round) => round[name]));
    const part = other.length === 0 ? '' : (median(ours) / median(other)).toFixed(2);
    return [what, cell(conclave, name, unit, digits), cell(etcd, name, unit, digits), part];
  };
  const lines = aligned([
    ['what', 'Conclave', 'etcd', 'of etcd'],
    row('restart until all keys are served', 'seconds', 's', 2),
    row('CPU time of that restart', 'cpuSeconds', 's', 2),
    row('memory behind it', 'residentMib', 'MiB', 0),
  ]);
  return [...lines, `${keys} keys, ${conclave.length} restarts; Node ${process.version}`];
}

function aligned(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
}

/** p99 meanwhile against p99 before, of rounds that have both. */
export function ratioLines(whose, rounds) {
  const ratios = rounds.flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio]));
  if (ratios.length === 0) return [];
  const list = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
  return [`p99 ratio of ${whose} ${median(ratios).toFixed(2)} (${list})`];
}
