/**
 * `snapshot restore FILE`: makes the data directory of one member of a new cluster out of a backup.
 *
 * The file is read once: its rows are written into a state below `<data-dir>/restoring` while all of it is
 * compared (checksum and number of rows, SHA-256); then they are read back into the very state machine a
 * member runs, and compared by revision and HashKV. The last step renames `restoring/member` to `member`.
 * A refused file leaves nothing behind, and a restore that was killed leaves a directory that no member
 * starts on, unless all but the removal of the empty `restoring` was done. While that is there no member
 * has started on what is beside it, so the same command may always do it again.
 *
 * Ids are new, derived from names, URLs and token as etcd does; every member restored with the same flags
 * from the same file begins with the same log and state.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type Engine, type EngineRow, NO_PROBE, type Revision, hexId } from '@conclave/base';
import { FIRST_SEGMENT, SEGMENT_BYTES_DEFAULT, createLogSync } from '@conclave/log';
import { bumpedRevisionRow } from '@conclave/mvcc';
import {
  FEATURE_SUPPORTED,
  STATE_FORMAT,
  StateMachine,
  restoredRows,
  survivesRestore,
} from '@conclave/statemachine';
import {
  type BackupFileInfo,
  MemberDirectory,
  RESTORING,
  clusterId,
  memberId,
  readBackupFile,
  readBackupHead,
} from '@conclave/storage';
import type { BackupHead } from '@conclave/snapshot';
import type { ProgressBar } from './progress-bar.js';

const TERM = 1;
const ENTRY_BYTES_MAX = 64 * 1024 * 1024;

export interface RestoreOptions {
  readonly file: string;
  readonly dataDir: string;
  readonly name: string;
  readonly initialCluster: readonly {
    readonly name: string;
    readonly peerURLs: readonly string[];
  }[];
  readonly token: string;
  readonly skipHashCheck: boolean;
  /** Added to the revision of the backup, everything before compacted; 0: as it was saved. */
  readonly bumpRevision: number;
}

export interface RestoreReport {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly hash: number;
  readonly keys: number;
}

/** Throws with a text for the operator; then there is no new data directory. */
export async function restoreSnapshot(
  options: RestoreOptions,
  bar: (label: string) => ProgressBar,
): Promise<RestoreReport> {
  const dataDir = path.resolve(options.dataDir);
  refuseOccupied(dataDir);
  const head = await checkedHead(options);
  const made = makeDirectories(dataDir);
  try {
    const restoring = bar('restoring');
    const report = await build(path.join(dataDir, RESTORING), head, options, restoring).finally(
      () => restoring.end(),
    );
    fs.renameSync(path.join(dataDir, RESTORING, 'member'), path.join(dataDir, 'member'));
    for (const directory of [dataDir, path.join(dataDir, RESTORING)]) sync(directory);
    fs.rmdirSync(path.join(dataDir, RESTORING));
    for (const directory of [dataDir, ...made.map((name) => path.dirname(name))]) sync(directory);
    return report;
  } catch (error) {
    fs.rmSync(path.join(dataDir, RESTORING), { recursive: true, force: true });
    for (const directory of made.reverse()) fs.rmdirSync(directory);
    throw error;
  }
}

function refuseOccupied(dataDir: string): void {
  if (!fs.existsSync(dataDir)) return;
  const all = fs.readdirSync(dataDir);
  const ours = all.includes(RESTORING) ? [RESTORING, 'member'] : [];
  const names = all.filter((name) => !ours.includes(name) && name !== 'lost+found');
  if (names.length > 0) {
    throw new Error(
      `data-dir "${dataDir}" is not empty: name a new directory, or move ${names[0]} away`,
    );
  }
}

/** What the file says of itself at its beginning: enough to begin with. All else is compared on the way. */
async function checkedHead({ file, skipHashCheck }: RestoreOptions): Promise<BackupHead> {
  const head = fs.existsSync(file) ? await readBackupHead(file) : null;
  // Without a head it is refused, with a text that says why.
  const checked = head ?? (await readBackupFile(file, { skipHashCheck })).head;
  refuseNewer(checked, file);
  return checked;
}

function refuseNewer(head: BackupHead, file: string): void {
  if (head.stateFormat !== STATE_FORMAT) {
    throw new Error(
      `backup ${file} holds rows of format ${head.stateFormat}, this program reads ${STATE_FORMAT}`,
    );
  }
  if (head.feature > FEATURE_SUPPORTED) {
    throw new Error(
      `backup ${file} is of a cluster at feature ${head.feature}, this program knows up to ` +
        `${FEATURE_SUPPORTED}: restore it with the release that made it (${head.version}) or a newer one`,
    );
  }
}

/** The directories made, outermost first. */
function makeDirectories(dataDir: string): string[] {
  const made: string[] = [];
  for (let at = dataDir; !fs.existsSync(at); at = path.dirname(at)) made.unshift(at);
  for (const directory of made) fs.mkdirSync(directory, { mode: 0o700 });
  return made;
}

async function build(
  directory: string,
  head: BackupHead,
  options: RestoreOptions,
  bar: ProgressBar,
): Promise<RestoreReport> {
  // What a killed restore left is of no use. `directory` goes last: it says that `member` is no member's.
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  sync(path.dirname(directory));
  const moved = path.join(path.dirname(directory), 'member');
  for (const left of [moved, directory]) fs.rmSync(left, { recursive: true, force: true });
  const member = await MemberDirectory.open(directory);
  try {
    const { initialCluster, token } = options;
    const members = initialCluster.map((m) => ({ ...m, id: memberId(m.peerURLs, token) }));
    const self = members.find((m) => m.name === options.name);
    if (self === undefined) throw new Error(`couldn't find local name "${options.name}"`);
    const identity = {
      clusterId: clusterId(members.map((m) => m.id)),
      memberId: self.id,
      incarnation: randomBytes(8).readBigUInt64BE() | 1n,
    };
    member.beginBirthSync();
    const voters = members.map((m) => m.id).sort((a, b) => (a < b ? -1 : 1));
    const confState = {
      voters,
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    // As if each member had been added by one entry, which is how a cluster begins.
    const index = members.length;
    createLogSync(
      member.logDisk,
      { ...identity, segmentBytes: SEGMENT_BYTES_DEFAULT, entryBytesMax: ENTRY_BYTES_MAX },
      { term: TERM, vote: 0n, commit: index },
      { index, term: TERM, confState },
    );
    const { feature } = head;
    const rows = [...restoredRows({ index, term: TERM, confState, feature, members })];
    const revision = head.revision + options.bumpRevision;
    if (options.bumpRevision > 0) rows.push(bumpedRevisionRow(revision));
    const state = await fill(member, head, options, rows, bar);
    await new Promise<void>((resolve, reject) =>
      member.logDisk.close((failure) =>
        failure === null ? resolve() : reject(new Error(failure.message)),
      ),
    );
    member.finishBirthSync(identity, { stateNumber: 1, firstSegment: FIRST_SEGMENT });
    return {
      ...state,
      clusterId: hexId(identity.clusterId),
      memberId: hexId(identity.memberId),
    };
  } finally {
    await member.close();
  }
}

type StateReport = Pick<RestoreReport, 'revision' | 'compactRevision' | 'hash' | 'keys'>;

/** Fills state 1, reads it back and closes it. */
async function fill(
  member: MemberDirectory,
  head: BackupHead,
  options: RestoreOptions,
  extra: readonly EngineRow[],
  bar: ProgressBar,
): Promise<StateReport> {
  const engine = await new Promise<Engine>((resolve, reject) =>
    member.openState(1, (failure, opened) =>
      opened === null ? reject(new Error(failure?.message)) : resolve(opened),
    ),
  );
  try {
    // While a batch is written, the next rows are read.
    let written = Promise.resolve();
    const info = await readBackupFile(options.file, {
      skipHashCheck: options.skipHashCheck,
      onProgress: (bytes, of) => bar.show(bytes, of),
      onRows: async (rows) => {
        await written;
        written = write(engine, rows.filter(survivesRestore));
        // Awaited by the next; if there is none, the engine keeps its first failure.
        written.catch(() => undefined);
      },
    });
    await written;
    if (info.head.id !== head.id) {
      throw new Error(`backup ${options.file} changed while it was restored`);
    }
    await write(engine, extra);
    await new Promise<void>((resolve, reject) =>
      engine.flush((failure) =>
        failure === null ? resolve() : reject(new Error(failure.message)),
      ),
    );
    return await readBack(engine, info, options.bumpRevision);
  } finally {
    await new Promise<void>((resolve) => engine.close(() => resolve()));
  }
}

function write(engine: Engine, rows: readonly EngineRow[]): Promise<void> {
  if (rows.length === 0) return Promise.resolve();
  const ops = rows.map(({ key, value }) => ({ type: 'put' as const, key, value }));
  return new Promise((resolve, reject) =>
    engine.write(ops, (failure) =>
      failure === null ? resolve() : reject(new Error(`cannot write: ${failure.message}`)),
    ),
  );
}

/** Loads the state as a member would, and compares it with what the backup says of itself. */
async function readBack(
  engine: Engine,
  { head, end }: BackupFileInfo,
  bump: number,
): Promise<StateReport> {
  const scheduler = { yieldTo: (task: () => void) => void setImmediate(task) };
  // Nothing is written any more, and a snapshot is read in order at less cost.
  const snapshot = engine.snapshot();
  const state = await new Promise<StateReport>((resolve, reject) => {
    const refuse = (text: string): void => reject(new Error(text));
    const machine = new StateMachine(
      { store: {} },
      { engine: snapshot, scheduler, probe: NO_PROBE, failed: refuse },
    );
    machine.load((failure) => {
      if (failure !== null) return refuse(`the restored state does not load: ${failure}`);
      const { store } = machine;
      store.hashKv(0, (result) => {
        if (!result.ok) return refuse(`the restored state has no hash: ${result.code}`);
        const { revision, compactRevision, keyCount } = store;
        resolve({ revision, compactRevision, keys: keyCount, hash: result.hash });
      });
    });
  }).finally(() => snapshot.release());
  if (state.revision !== head.revision + bump) {
    throw new Error(
      `the restored state is at revision ${state.revision}, the backup says ${head.revision}`,
    );
  }
  if (bump === 0 && end.hash !== null && state.hash !== end.hash) {
    throw new Error(`the restored state has hash ${state.hash}, the backup says ${end.hash}`);
  }
  return state;
}

function sync(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
