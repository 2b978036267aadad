/** `snapshot status FILE`: what is in a backup, after all of it was read and compared. */
import { type BackupFileInfo, readBackupFile } from '@conclave/storage';
import type { Output } from '../output.js';
import { bytesText } from './progress-bar.js';

export type StatusFormat = 'simple' | 'json' | 'table' | 'fields';

export const STATUS_FORMATS: readonly string[] = ['simple', 'json', 'table', 'fields'];

/** Throws with a text for the operator. */
export async function snapshotStatus(
  file: string,
  format: StatusFormat,
  out: Output,
): Promise<void> {
  const info = await readBackupFile(file);
  for (const line of statusLines(info, format)) out.line(line);
}

/** etcdctl's fields; ours behind them in JSON and fields. The hash is HashKV: see `endpoint hashkv`. */
function statusLines(info: BackupFileInfo, format: StatusFormat): readonly string[] {
  const { head, end, bytes, sha256 } = info;
  const { revision, version } = head;
  const totals = { revision, totalKey: end.versions, totalSize: bytes, version };
  const more = {
    compactRevision: head.compactRevision,
    clusterId: head.clusterId,
    memberId: head.memberId,
    raftIndex: head.index,
    raftTerm: head.term,
    created: new Date(head.createdMs).toISOString(),
    sha256,
  };
  const hash = end.hash ?? 0;
  const cells = [
    hash.toString(16),
    String(revision),
    String(end.versions),
    bytesText(bytes),
    version,
  ];
  switch (format) {
    case 'json':
      return [JSON.stringify({ hash, ...totals, ...more })];
    case 'fields':
      return Object.entries({ hash, ...totals, ...more }).map(
        ([name, value]) =>
          `"${name[0]?.toUpperCase()}${name.slice(1)}" : ${typeof value === 'string' ? JSON.stringify(value) : value}`,
      );
    case 'table':
      return table(['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE', 'VERSION'], cells);
    case 'simple':
      return [cells.join(', ')];
  }
}

function table(heads: readonly string[], cells: readonly string[]): readonly string[] {
  const widths = heads.map((head, i) => Math.max(head.length, cells[i]?.length ?? 0) + 2);
  const rule = `+${widths.map((width) => '-'.repeat(width)).join('+')}+`;
  const head = heads.map((text, i) => {
    const left = Math.floor(((widths[i] as number) - text.length) / 2);
    return (' '.repeat(left) + text).padEnd(widths[i] as number);
  });
  const row = cells.map((text, i) => `${text} `.padStart(widths[i] as number));
  return [rule, `|${head.join('|')}|`, rule, `|${row.join('|')}|`, rule];
}
