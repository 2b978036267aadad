// The figures of `life` as the lines of its table.
import os from 'node:os';

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
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  return [
    ...lines,
    `${f.keys} keys of ${f.valueBytes} bytes, backup of ${f.backupBytes} bytes; load average ` +
      `${f.loadAverage.first.toFixed(1)} at first, ${f.loadAverage.max.toFixed(1)} at most; ` +
      `${os.cpus().length} CPUs, Node ${process.version}`,
  ];
}
