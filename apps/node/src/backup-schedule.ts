import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Clock, LogFields, Probe } from '@conclave/base';
import type { BackupReading, Backups } from '@conclave/snapshot';
import { readBackupFile } from '@conclave/storage';

export interface BackupScheduleOptions {
  /** '' switches the schedule off. */
  readonly directory: string;
  readonly intervalMs: number;
  /** Files kept, the newest included. */
  readonly retention: number;
}

export interface BackupSchedulePorts {
  readonly clusterId: string;
  readonly backups: Backups;
  readonly clock: Clock;
  readonly probe: Probe;
  /** Whether it is this member's turn. */
  isLeader(): boolean;
}

const LOOK_MS = 1_000;
const RETRY_MS = 60_000;
/** Left free beside a backup, so that a full disk is never of our making. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** A `.part` that nobody has written to for so long belongs to nobody. */
const ABANDONED_MS = 3_600_000;
const SUFFIX = '.backup';

/**
 * Backups at intervals into a directory, by the member that leads: there is at most one, it has the newest
 * state, and nobody must agree on anything. In a directory that the members share, a new leader sees the
 * files of the one before and waits until the newest is as old as the interval.
 *
 * A backup is written to FILE.part, fsynced, read back and compared, and only then given its name; older ones
 * go after that. Whatever fails is a log line and a metric: serving never depends on it.
 *
 * Invariants: one backup at a time; a file with its name was verified; the newest verified one stays.
 */
export class BackupSchedule {
  readonly #options: BackupScheduleOptions;
  readonly #ports: BackupSchedulePorts;
  readonly #prefix: string;
  #nextLookMs = 0;
  #notBeforeMs = 0;
  #running = false;

  constructor(options: BackupScheduleOptions, ports: BackupSchedulePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#prefix = `conclave-${ports.clusterId}-`;
  }

  /** From the heartbeat; looks once a second. */
  tick(nowMs: number): void {
    if (this.#options.directory === '' || this.#running || nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + LOOK_MS;
    if (nowMs < this.#notBeforeMs || !this.#ports.isLeader()) return;
    this.#running = true;
    this.#turn()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = false;
      });
  }

  async #turn(): Promise<void> {
    const { directory, intervalMs } = this.#options;
    await makeDirectory(directory);
    const ageMs = await this.#ageMs();
    if (ageMs < intervalMs) {
      this.#notBeforeMs = this.#ports.clock.monotonicMs() + Math.min(intervalMs - ageMs, RETRY_MS);
      return;
    }
    await this.#take();
  }

  /** Of the newest backup of this cluster; one from the future counts for nothing. */
  async #ageMs(): Promise<number> {
    const newest = (await this.#files()).at(-1);
    if (newest === undefined) return Number.POSITIVE_INFINITY;
    const { mtimeMs } = await fs.promises.stat(path.join(this.#options.directory, newest));
    const ageMs = this.#ports.clock.wallMs() - mtimeMs;
    return ageMs < -this.#options.intervalMs ? Number.POSITIVE_INFINITY : ageMs;
  }

  /** Names of finished backups of this cluster, oldest first: a name begins with revision and time. */
  async #files(): Promise<string[]> {
    const names = await fs.promises.readdir(this.#options.directory);
    return names.filter((n) => n.startsWith(this.#prefix) && n.endsWith(SUFFIX)).sort();
  }

  async #take(): Promise<void> {
    const { backups, clock, probe } = this.#ports;
    const startMs = clock.monotonicMs();
    const reading = await open(backups);
    const { head } = reading.backup;
    const name = `${this.#prefix}${String(head.revision).padStart(16, '0')}-${stamp(head.createdMs)}`;
    const file = path.join(this.#options.directory, `${name}${SUFFIX}`);
    const part = `${file}.part`;
    try {
      await this.#refuseFull(reading.bytes);
      await write(part, reading);
      await readBackupFile(part);
      await fs.promises.rename(part, file);
      await syncDirectory(this.#options.directory);
    } catch (error) {
      await fs.promises.rm(part, { force: true });
      throw error;
    } finally {
      backups.close(reading, false);
    }
    const removed = await this.#removeOld(path.basename(file));
    const seconds = (clock.monotonicMs() - startMs) / 1_000;
    probe.count('conclave_backups_total', 1, { result: 'success' });
    probe.gauge('conclave_backup_last_success_seconds', Math.floor(clock.wallMs() / 1_000));
    probe.gauge('conclave_backup_last_size_bytes', reading.bytes);
    probe.observe('conclave_backup_duration_seconds', seconds);
    probe.log('info', 'took a scheduled backup', {
      file,
      revision: head.revision,
      bytes: reading.bytes,
      took: `${seconds.toFixed(3)}s`,
      removed,
    });
  }

  async #refuseFull(bytes: number): Promise<void> {
    const { bavail, bsize } = await fs.promises.statfs(this.#options.directory);
    const free = bavail * bsize;
    if (free - bytes >= RESERVE_BYTES) return;
    throw new Error(
      `the disk of ${this.#options.directory} has ${free} bytes free, a backup of ${bytes} would ` +
        `leave less than ${RESERVE_BYTES}: make room, or lower --backup-retention`,
    );
  }

  /** Only once the newest is there under its name. Answers how many went. */
  async #removeOld(newest: string): Promise<number> {
    const { directory, retention } = this.#options;
    const files = await this.#files();
    const kept = new Set([newest, ...files.slice(-retention)]);
    // A clock or revision that went back may sort the newest below others: the count still holds.
    const old = files.filter((file) => !kept.has(file));
    const partSuffix = `${SUFFIX}.part`;
    for (const entry of await fs.promises.readdir(directory)) {
      if (!entry.startsWith(this.#prefix) || !entry.endsWith(partSuffix)) continue;
      const { mtimeMs } = await fs.promises.stat(path.join(directory, entry));
      if (this.#ports.clock.wallMs() - mtimeMs > ABANDONED_MS) old.push(entry);
    }
    for (const file of old) await fs.promises.rm(path.join(directory, file), { force: true });
    return old.length;
  }

  #failed(error: unknown): void {
    const { clock, probe } = this.#ports;
    this.#notBeforeMs = clock.monotonicMs() + Math.min(this.#options.intervalMs, RETRY_MS);
    probe.count('conclave_backups_total', 1, { result: 'failure' });
    const fields: LogFields = {
      directory: this.#options.directory,
      error: error instanceof Error ? error.message : String(error),
      ...(isOfDisk(error) ? { advice: DISK_ADVICE } : {}),
    };
    probe.log('error', 'a scheduled backup failed', fields);
  }
}

const DISK_ADVICE =
  'make the parent of --backup-dir, and let the user of this process write there; it is tried again ' +
  'after a minute';

/** An error of the file system tells what it is, but not what to do. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function open(backups: Backups): Promise<BackupReading> {
  return new Promise((resolve, reject) => {
    backups.open(null, (refusal, reading) => {
      if (reading === null) reject(new Error(refusal?.text ?? 'no backup'));
      else resolve(reading);
    });
  });
}

/** All pieces, then the SHA-256, durable; what is written is hashed once more on the way. */
async function write(part: string, reading: BackupReading): Promise<void> {
  const handle = await fs.promises.open(part, 'w', 0o600);
  try {
    const sha = createHash('sha256');
    for (;;) {
      const bytes = await next(reading);
      if (bytes === null) break;
      sha.update(bytes);
      await handle.writeFile(bytes);
    }
    if (!sha.digest().equals(reading.sha256)) {
      throw new Error('the state read a second time is not the state that was hashed');
    }
    await handle.writeFile(reading.sha256);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function next(reading: BackupReading): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    reading.read((failure, bytes) => {
      if (failure === null) resolve(bytes);
      else reject(new Error(failure));
    });
  });
}

/** The last part of the path only: node's `recursive` never returns where a parent takes no directory. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await fs.promises.mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `20260102T030405Z`. */
function stamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
