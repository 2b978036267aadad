/**
 * `conclavectl snapshot save|status|restore`: reads the command line and does it. Flags and words are those
 * of etcdctl and etcdutl.
 */
import * as path from 'node:path';
import { CONNECTION_FLAGS, readConnection } from '../connection.js';
import { Endpoints } from '../endpoints.js';
import { type Flags, readFlags } from '../flags.js';
import { Output } from '../output.js';
import { ProgressBar } from './progress-bar.js';
import { type RestoreOptions, restoreSnapshot } from './restore.js';
import { saveSnapshot } from './save.js';
import { STATUS_FORMATS, type StatusFormat, snapshotStatus } from './status.js';

export const SNAPSHOT_USAGE = `snapshot save FILE receives a backup of one member's state: by way of FILE.part, which a second run
goes on with, compared by SHA-256, fsynced, then renamed. Takes the flags of a connection.

snapshot status FILE [-w simple|json|table|fields] reads all of a backup and tells hash (HashKV),
revision, total keys, total size and the version of the program that made it.

snapshot restore FILE makes the data directory of one member of a new cluster
  --data-dir DIR                     must be empty or not there (default NAME.etcd)
  --name NAME                        of this member (default default)
  --initial-cluster LIST             name=url,... of all (default NAME=http://localhost:2380)
  --initial-cluster-token TOKEN      (default etcd-cluster)
  --initial-advertise-peer-urls URLS of this one (default http://localhost:2380)
  --skip-hash-check                  of a file whose SHA-256 is missing or wrong
  --bump-revision N --mark-compacted go on N revisions higher, all before compacted; not one alone`;

const EXIT_TROUBLE = 1;
const EXIT_USAGE = 2;

const RESTORE_FLAGS = {
  values: [
    'data-dir',
    'name',
    'initial-cluster',
    'initial-cluster-token',
    'initial-advertise-peer-urls',
    'bump-revision',
    'write-out',
  ],
  switches: ['skip-hash-check', 'mark-compacted'],
  short: { w: 'write-out' },
} as const;

interface Outputs {
  readonly out: Output;
  readonly err: Output;
}

/** The exit code. */
export async function snapshotCommand(args: readonly string[], outputs: Outputs): Promise<number> {
  const [verb, ...rest] = args;
  try {
    const fault = await run(verb, rest, outputs);
    outputs.out.flush();
    if (fault === null) return 0;
    outputs.err.line(`conclavectl: ${fault}; \`conclavectl help\` tells what there is`);
    return EXIT_USAGE;
  } catch (error) {
    outputs.err.line(`conclavectl: ${troubleText(error)}`);
    return EXIT_TROUBLE;
  } finally {
    outputs.err.flush();
  }
}

/** How Node words an error of the file system; rooms hand such texts on in errors of their own. */
const FILE_FAULT = /^([A-Z]+): ([^,]+), (\w+) '([^']+)'/;

/** Of the file system's errors, what could not be done with which file, and why. */
export function troubleText(error: unknown): string {
  const { message } = error as Error;
  const [, code, why, step, file] = FILE_FAULT.exec(message) ?? [];
  if (code === undefined) return message;
  const advice = code === 'ENOENT' ? ': check its name, and that its directory is there' : '';
  return `cannot ${step} ${file}: ${why}${advice}`;
}

/** A text is wrong usage. */
async function run(
  verb: string | undefined,
  args: readonly string[],
  outputs: Outputs,
): Promise<string | null> {
  if (args.includes('--help') || args.includes('-h')) {
    outputs.out.line(SNAPSHOT_USAGE);
    return null;
  }
  switch (verb) {
    case 'save':
      return save(args, outputs);
    case 'status':
      return status(args, outputs);
    case 'restore':
      return restore(args, outputs);
    default:
      return `unknown command: snapshot ${verb ?? ''}`.trimEnd();
  }
}

async function save(args: readonly string[], { out, err }: Outputs): Promise<string | null> {
  const flags = readFlags(args, CONNECTION_FLAGS);
  if (typeof flags === 'string') return flags;
  const file = oneFile(flags);
  if (file === null) return 'snapshot save needs one FILE';
  const connection = readConnection(flags, process.env);
  if (typeof connection === 'string') return connection;
  const endpoints = new Endpoints(connection);
  try {
    const say = (text: string): void => {
      err.line(text);
      err.flush();
    };
    const { version } = await saveSnapshot(file, endpoints, bar('saving', err), say);
    out.line(`Snapshot saved at ${file}`);
    if (version !== '') out.line(`Server version ${version}`);
    return null;
  } finally {
    endpoints.close();
  }
}

async function status(args: readonly string[], { out }: Outputs): Promise<string | null> {
  const spec = { values: ['write-out'], switches: [], short: { w: 'write-out' } };
  const flags = readFlags(args, spec);
  if (typeof flags === 'string') return flags;
  const file = oneFile(flags);
  if (file === null) return 'snapshot status needs one FILE';
  const format = flags.values.get('write-out') ?? 'simple';
  if (!STATUS_FORMATS.includes(format)) return `--write-out is one of ${STATUS_FORMATS.join(', ')}`;
  await snapshotStatus(file, format as StatusFormat, out);
  return null;
}

async function restore(args: readonly string[], { out, err }: Outputs): Promise<string | null> {
  const flags = readFlags(args, RESTORE_FLAGS);
  if (typeof flags === 'string') return flags;
  const options = restoreOptions(flags);
  if (typeof options === 'string') return options;
  const report = await restoreSnapshot(options, (label) => bar(label, err));
  const { revision, compactRevision, hash, keys } = report;
  out.line(
    `restored member ${report.memberId} of cluster ${report.clusterId} into ${options.dataDir}`,
  );
  out.line(`revision ${revision}, compacted ${compactRevision}, ${keys} keys, hash ${hash}`);
  return null;
}

/** A text is what is wrong. */
export function restoreOptions(flags: Flags): RestoreOptions | string {
  const of = (name: string, otherwise: string): string => flags.values.get(name) ?? otherwise;
  const file = oneFile(flags);
  if (file === null) return 'snapshot restore needs one FILE';
  const name = of('name', 'default');
  const advertised = of('initial-advertise-peer-urls', 'http://localhost:2380')
    .split(',')
    .map(bareUrl);
  const initialCluster = readCluster(of('initial-cluster', `${name}=http://localhost:2380`));
  if (typeof initialCluster === 'string') return initialCluster;
  const self = initialCluster.find((member) => member.name === name);
  if (self === undefined) return `couldn't find local name "${name}" in the initial cluster`;
  const own = [...self.peerURLs].sort().join();
  if (own !== [...advertised].sort().join()) {
    return (
      `--initial-cluster says ${name} is at ${own}, ` +
      `--initial-advertise-peer-urls says ${advertised.join()}`
    );
  }
  const bump = of('bump-revision', '0');
  const bumpRevision = /^\d{1,15}$/.test(bump) ? Number(bump) : NaN;
  if (!Number.isSafeInteger(bumpRevision)) return `--bump-revision is a number, not ${bump}`;
  if (bumpRevision > 0 !== flags.switches.has('mark-compacted')) {
    return '--mark-compacted and --bump-revision N go together: both or neither';
  }
  return {
    file,
    dataDir: path.normalize(of('data-dir', `${name}.etcd`)),
    name,
    initialCluster,
    token: of('initial-cluster-token', 'etcd-cluster'),
    skipHashCheck: flags.switches.has('skip-hash-check'),
    bumpRevision,
  };
}

/** `name=url,name=url`; a name given twice has two URLs. */
function readCluster(text: string): RestoreOptions['initialCluster'] | string {
  const members = new Map<string, string[]>();
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const url = bareUrl(pair.slice(at + 1));
    if (at < 1 || !/^(https?:\/\/|unix)/.test(url)) {
      return `--initial-cluster: ${pair} is not name=URL`;
    }
    const name = pair.slice(0, at).trim();
    members.set(name, [...(members.get(name) ?? []), url]);
  }
  const all = [...members.values()].flat();
  if (new Set(all).size < all.length) return '--initial-cluster names a URL twice';
  return [...members].map(([name, peerURLs]) => ({ name, peerURLs }));
}

/** As a member reads URLs: ids are made of them. */
function bareUrl(text: string): string {
  return text.trim().replace(/\/$/, '');
}

function oneFile(flags: Flags): string | null {
  const [file, ...more] = flags.words;
  return file === undefined || file === '' || more.length > 0 ? null : file;
}

/** On a terminal only: a file that gets our words should hold sentences. */
function bar(label: string, err: Output): ProgressBar {
  return new ProgressBar(label, process.stderr.isTTY ? err : null);
}
