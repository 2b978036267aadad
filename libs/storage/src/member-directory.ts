/**
 * A member's data directory: layout, lock, identity, and the one switch between states.
 *
 *     <data-dir>/member/lock/       see directory-lock.ts
 *     <data-dir>/member/birth       there while the directory is being made; what is below is void
 *     <data-dir>/member/identity    written last at birth, never again
 *     <data-dir>/member/current     which state-<n> and which first segment count
 *     <data-dir>/member/log/        segments and mark
 *     <data-dir>/member/state-<n>/  RocksDB; above the current one at most one, being received
 *     <data-dir>/member/snap/       snapshots being received or kept
 *     <data-dir>/restoring/         a restore that did not finish; no member starts beside it
 *
 * A birth that did not finish begins again. A directory without an identity that is not being born, or
 * with an identity and without the rest, is refused: something was deleted, and a member that forgot
 * its votes must not vote.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  type Current,
  type DataDirectory,
  type DiskDone,
  type DiskFailure,
  type Engine,
  type LogDisk,
  assert,
  hexId,
} from '@conclave/base';
import { DirectoryLock } from './directory-lock.js';
import { diskFailure, storageError } from './disk-trouble.js';
import { FileBlobStore } from './file-blob-store.js';
import { FileLogDisk } from './file-log-disk.js';
import { NODE_FS, syncDirectorySync } from './file-system.js';
import {
  type Identity,
  decodeCurrent,
  decodeIdentity,
  encodeCurrent,
  encodeIdentity,
} from './member-files.js';
import { RocksEngine } from './rocks-engine.js';

const DIRECTORY_MODE = 0o700;

/** Below a data directory: where a restore makes the member that it then moves into its place. */
export const RESTORING = 'restoring';
const STATE = /^state-([1-9]\d{0,14})$/;

export class MemberDirectory implements DataDirectory {
  /** The path given, absolute. */
  readonly path: string;
  readonly #member: string;
  readonly #lock: DirectoryLock;
  readonly #files: FileBlobStore;
  #identity: Identity | null = null;
  #current: Current | null = null;
  #halfReceived: number | null = null;
  #disk: FileLogDisk | null = null;
  #snapshots: FileBlobStore | null = null;
  /** What an operator should know and nothing is refused for. */
  readonly warnings: string[] = [];

  private constructor(directory: string, member: string, lock: DirectoryLock) {
    this.path = directory;
    this.#member = member;
    this.#lock = lock;
    this.#files = new FileBlobStore(member);
  }

  /** Locks and reads the directory, making it if need be. Throws ConclaveError<StorageCode>. */
  static async open(dataDirectory: string): Promise<MemberDirectory> {
    const directory = path.resolve(dataDirectory);
    const warnings: string[] = [];
    makeDirectory(directory, warnings);
    const member = path.join(directory, 'member');
    refuseHalfRestored(directory);
    makeDirectory(member, warnings);
    refuseForeign(member);
    for (const name of ['log', 'lock', 'snap']) refuseLink(path.join(member, name));
    const lock = await DirectoryLock.take(member);
    try {
      const opened = new MemberDirectory(directory, member, lock);
      opened.warnings.push(...warnings);
      opened.#read();
      return opened;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Null before birth. */
  get identity(): Identity | null {
    return this.#identity;
  }

  get current(): Current {
    assert(this.#current !== null, 'the member was born');
    return this.#current;
  }

  get halfReceived(): number | null {
    return this.#halfReceived;
  }

  get logDisk(): LogDisk {
    this.#disk ??= new FileLogDisk(path.join(this.#member, 'log'));
    return this.#disk;
  }

  get snapshots(): FileBlobStore {
    this.#snapshots ??= new FileBlobStore(path.join(this.#member, 'snap'));
    return this.#snapshots;
  }

  /** Throws `other-member` when the directory was made for another member. */
  expect(clusterId: bigint, memberId: bigint): void {
    const found = this.#identity;
    if (found === null) return;
    if (found.clusterId === clusterId && found.memberId === memberId) return;
    throw storageError(
      'other-member',
      `data directory ${this.path} belongs to member ${hexId(found.memberId)} of cluster ` +
        `${hexId(found.clusterId)}, not to member ${hexId(memberId)} of cluster ` +
        `${hexId(clusterId)}`,
    );
  }

  /**
   * First boot, first half: empties what an unfinished birth left. Then the owner makes the first log
   * (on `logDisk`) and fills `state-1`, and calls `finishBirthSync`.
   */
  beginBirthSync(): void {
    assert(this.#identity === null, 'a member is born once');
    this.#files.replaceSync('birth', new Uint8Array(0));
    for (const name of fs.readdirSync(this.#member)) {
      if (name === 'birth' || name === 'lock') continue;
      fs.rmSync(path.join(this.#member, name), { recursive: true });
    }
    this.#disk = null;
    this.#snapshots = null;
    for (const name of ['log', 'snap']) {
      fs.mkdirSync(path.join(this.#member, name), { mode: DIRECTORY_MODE });
    }
    syncDirectorySync(NODE_FS, this.#member);
    syncDirectorySync(NODE_FS, this.path);
    syncDirectorySync(NODE_FS, path.dirname(this.path));
  }

  /** First boot, second half: from here on the member exists. */
  finishBirthSync(identity: Identity, current: Current): void {
    assert(fs.existsSync(path.join(this.#member, 'birth')), 'a birth was begun');
    this.#files.replaceSync('current', encodeCurrent(current));
    this.#files.replaceSync('identity', encodeIdentity(identity));
    fs.rmSync(path.join(this.#member, 'birth'));
    syncDirectorySync(NODE_FS, this.#member);
    this.#identity = identity;
    this.#current = current;
  }

  openState(
    stateNumber: number,
    done: (failure: DiskFailure | null, engine: Engine | null) => void,
    /** Told what was cut off, if a loss of power tore the last write to the list of tables. */
    mended: (what: string) => void = () => {},
  ): void {
    const directory = this.#state(stateNumber);
    RocksEngine.open(directory, mended).then(
      (engine) => process.nextTick(done, null, engine),
      (error: unknown) => process.nextTick(done, diskFailure(error, `open ${directory}`), null),
    );
  }

  switchTo(current: Current, done: DiskDone): void {
    this.#files.replace('current', encodeCurrent(current), (failure) => {
      if (failure === null) this.#current = current;
      done(failure);
    });
  }

  removeState(stateNumber: number, done: DiskDone): void {
    assert(this.#current?.stateNumber !== stateNumber, 'the current state stays');
    this.#files.remove(path.basename(this.#state(stateNumber)), done);
  }

  /** Releases the lock; log disk and engines were closed by their owners. */
  async close(): Promise<void> {
    await this.#lock.release();
  }

  #state(stateNumber: number): string {
    assert(Number.isSafeInteger(stateNumber) && stateNumber >= 1, 'a state number');
    return path.join(this.#member, `state-${stateNumber}`);
  }

  #read(): void {
    const identityFile = path.join(this.#member, 'identity');
    const identity = this.#files.readSync('identity');
    const names = this.#files.listSync();
    const unborn = names.includes('birth') && identity === null;
    if (unborn || names.every((name) => name === 'lock')) return;
    if (identity === null) {
      throw storageError(
        'missing',
        `identity ${identityFile} is missing, but ` +
          `${names.filter((n) => n !== 'lock').join(', ')} ` +
          'is there: restore it, or remove and add this member with an empty directory',
      );
    }
    this.#identity = decodeIdentity(identity, identityFile);
    const currentFile = path.join(this.#member, 'current');
    const current = this.#files.readSync('current');
    if (current === null) throw storageError('missing', `file ${currentFile} is missing`);
    this.#current = decodeCurrent(current, currentFile);
    const needed = ['log', path.basename(this.#state(this.#current.stateNumber))];
    for (const name of needed) {
      if (names.includes(name)) continue;
      throw storageError('missing', `${path.join(this.#member, name)} is missing`);
    }
    this.#removeLeftovers(names, this.#current.stateNumber);
  }

  /** States that do not count go, but for the highest above the current: it may be half received. */
  #removeLeftovers(names: readonly string[], current: number): void {
    const states = names.flatMap((name) => {
      const number = Number(STATE.exec(name)?.[1] ?? 0);
      return number > 0 ? [number] : [];
    });
    const highest = Math.max(...states);
    this.#halfReceived = highest > current ? highest : null;
    const leftovers = states
      .filter((number) => number !== current && number !== this.#halfReceived)
      .map((number) => `state-${number}`);
    if (names.includes('birth')) leftovers.push('birth');
    for (const name of leftovers) fs.rmSync(path.join(this.#member, name), { recursive: true });
    fs.mkdirSync(path.join(this.#member, 'snap'), { recursive: true, mode: DIRECTORY_MODE });
    syncDirectorySync(NODE_FS, this.#member);
  }
}

function makeDirectory(directory: string, warnings: string[]): void {
  refuseLink(directory);
  try {
    makeWithParents(directory);
    const mode = fs.statSync(directory).mode & 0o777;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      warnings.push(
        `directory ${directory} can be entered by others (mode 0${mode.toString(8)}); ` +
          `0700 keeps the data private: chmod 0700 ${directory}`,
      );
    }
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
      throw storageError('read-only', `data directory ${directory} cannot be written: ${message}`);
    }
    if (code === 'ENOENT') {
      throw storageError('no-directory', `data directory ${directory} cannot be made`, error);
    }
    if (code === 'ENOTDIR' || code === 'EEXIST') {
      throw storageError('no-directory', `data directory ${directory} is not a directory`, error);
    }
    throw storageError('disk', `data directory ${directory}: ${message}`, error);
  }
}

/**
 * Not node's own `recursive`: where a parent is there and takes no directory (ENOENT, as in /proc) that
 * one never returns.
 */
function makeWithParents(directory: string): void {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeWithParents(parent);
  try {
    fs.mkdirSync(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    const isThere = fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}

function refuseLink(target: string): void {
  const found = fs.lstatSync(target, { throwIfNoEntry: false });
  if (found === undefined || !found.isSymbolicLink()) return;
  let real = '';
  try {
    real = `: name ${fs.realpathSync(target)} instead`;
  } catch {
    real = ', and it leads nowhere';
  }
  throw storageError('symlink', `${target} is a symbolic link${real}`);
}

/**
 * A member that started here would be a new one with the ids of the restored one, and empty. Unless the
 * restored member has its place already, and only the directory it was made in is left.
 */
function refuseHalfRestored(directory: string): void {
  const restoring = path.join(directory, RESTORING);
  if (!fs.existsSync(restoring)) return;
  const isMoved = fs.existsSync(path.join(directory, 'member', 'current'));
  if (isMoved && fs.readdirSync(restoring).length === 0) {
    fs.rmdirSync(restoring);
    return;
  }
  throw storageError(
    'missing',
    `a restore into ${directory} did not finish: run it again, or remove ${restoring}`,
  );
}

/** etcd keeps its data below member/ too. */
function refuseForeign(member: string): void {
  for (const name of ['wal', path.join('snap', 'db')]) {
    if (!fs.existsSync(path.join(member, name))) continue;
    throw storageError(
      'foreign',
      `${member} holds data of etcd, which is not read; start with an empty directory and copy ` +
        'the keys, for example with etcdctl make-mirror',
    );
  }
}
