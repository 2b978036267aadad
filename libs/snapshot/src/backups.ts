/**
 * The backups of this member: made when someone asks, kept for a while so that a broken reading can go on,
 * bounded in number, since each holds back space in the engine.
 *
 * A reading that nobody reads from is given up after `stallTicksMax`; a backup without readings after
 * `keptTicks`. `release` gives all of them up, before the engine is closed.
 */
import { assert, assertLe } from '@conclave/base';
import { Backup, type BackupPoint, BackupReading, type Sha256 } from './backup.js';
import { NO_PACE, type Pace } from './types.js';

export interface BackupsOptions {
  /** Backups at a time, those that are kept for a broken reading included. */
  readonly backupsMax: number;
  readonly keptTicks: number;
  readonly stallTicksMax: number;
  /** How long HashKV of one may hold compaction back; a backup read more slowly has none. */
  readonly hashTicksMax: number;
  /** Of one message: etcd sends 32 KiB. */
  readonly pieceBytes: number;
}

export interface BackupsPorts {
  /**
   * A moment of the state that holds all that was written by now; later, or a text that says why not.
   * `begin` is called right before the engine is touched; what it answers is called once nothing is held
   * any more, or after `done`. Null: nobody wants the moment now; nothing is to be done, nor called.
   */
  take(
    begin: () => (() => void) | null,
    done: (failure: string | null, point: BackupPoint | null) => void,
  ): void;
  sha256(): Sha256;
  /** Of all readings; without one: as fast as they read. */
  readonly pace?: Pace;
}

/** Where a reading that broke stopped. */
export interface BackupPlace {
  readonly id: string;
  readonly offset: number;
}

export type BackupRefusal =
  | { readonly code: 'too-many'; readonly text: string }
  /** Not kept any more, or made by another member: begin anew. */
  | { readonly code: 'gone'; readonly text: string }
  | { readonly code: 'failed'; readonly text: string };

export type OpenDone = (refusal: BackupRefusal | null, reading: BackupReading | null) => void;

/** Of one backup: the reader, and connections that broke and were not noticed yet. */
const READINGS_MAX = 8;

interface Kept {
  readonly backup: Backup;
  readonly readings: Set<BackupReading>;
  idleTicks: number;
  ageTicks: number;
}

interface Opening {
  cancelled: boolean;
  backup: Backup | null;
  readonly done: OpenDone;
}

export class Backups {
  readonly #options: BackupsOptions;
  readonly #ports: BackupsPorts;
  readonly #kept = new Map<string, Kept>();
  readonly #openings = new Set<Opening>();
  /** Moments being taken, and backups given up that are still being read; who waits for their end. */
  #releasing = 0;
  #whenReleased: (() => void)[] = [];

  constructor(options: BackupsOptions, ports: BackupsPorts) {
    assertLe(1, options.backupsMax, 'backupsMax');
    assertLe(1, options.pieceBytes, 'pieceBytes');
    this.#options = options;
    this.#ports = ports;
  }

  /** Held now, in whatever state. */
  get size(): number {
    return this.#kept.size + this.#openings.size;
  }

  /** A new backup from its first byte, or a kept one from `place`. The returned function cancels. */
  open(place: BackupPlace | null, done: OpenDone): () => void {
    if (place !== null) {
      done(...this.#again(place));
      return () => undefined;
    }
    if (!this.#makeRoom()) {
      const text = `${this.#options.backupsMax} backups are being taken already: try again later`;
      done({ code: 'too-many', text }, null);
      return () => undefined;
    }
    const opening: Opening = { cancelled: false, backup: null, done };
    this.#openings.add(opening);
    this.#ports.take(
      () => this.#begin(opening),
      (failure, point) => this.#taken(opening, failure, point),
    );
    return () => this.#cancel(opening);
  }

  /** The reader is done, or gone; `useful`: it may come back for the rest. */
  close(reading: Pick<BackupReading, 'read'>, useful: boolean): void {
    assert(reading instanceof BackupReading, 'a reading of this room');
    if (reading.over) return;
    reading.close();
    const kept = this.#kept.get(reading.backup.id);
    if (kept === undefined) return;
    kept.readings.delete(reading);
    kept.idleTicks = 0;
    if (kept.readings.size === 0 && !useful) this.#drop(kept);
  }

  tick(): void {
    for (const kept of [...this.#kept.values()]) {
      if (++kept.ageTicks === this.#options.hashTicksMax) kept.backup.giveUpHash();
      for (const reading of [...kept.readings]) {
        if (++reading.idleTicks < this.#options.stallTicksMax) continue;
        kept.readings.delete(reading);
        kept.idleTicks = 0;
        reading.giveUp();
      }
      if (kept.readings.size === 0 && ++kept.idleTicks >= this.#options.keptTicks) {
        this.#drop(kept);
      }
    }
  }

  /** Gives all up; `released` once nothing of the engine is held. */
  release(released: () => void): void {
    this.#whenReleased.push(released);
    for (const opening of [...this.#openings]) {
      this.#cancel(opening);
      opening.done(
        { code: 'failed', text: 'the state is being replaced, or the member stops' },
        null,
      );
    }
    for (const kept of [...this.#kept.values()]) {
      for (const reading of [...kept.readings]) reading.giveUp();
      this.#drop(kept);
    }
    this.#settle();
  }

  #again({ id, offset }: BackupPlace): [BackupRefusal | null, BackupReading | null] {
    const kept = this.#kept.get(id);
    if (kept === undefined || offset > kept.backup.bytesRead) {
      return [{ code: 'gone', text: `backup ${id} is not kept here any more` }, null];
    }
    if (kept.readings.size >= READINGS_MAX) {
      const text = `backup ${id} is read ${READINGS_MAX} times already: try again later`;
      return [{ code: 'too-many', text }, null];
    }
    return [null, this.#read(kept, offset)];
  }

  #read(kept: Kept, offset: number): BackupReading {
    const reading = new BackupReading(
      kept.backup,
      offset,
      this.#options.pieceBytes,
      this.#ports.pace ?? NO_PACE,
    );
    kept.readings.add(reading);
    return reading;
  }

  /** From here to the end that is answered, the engine must stay. */
  #begin(opening: Opening): (() => void) | null {
    if (opening.cancelled) return null;
    this.#releasing++;
    return () => {
      this.#releasing--;
      this.#settle();
    };
  }

  #taken(opening: Opening, failure: string | null, point: BackupPoint | null): void {
    if (opening.cancelled || point === null) {
      point?.hash?.end();
      point?.snapshot.release();
      this.#openings.delete(opening);
      const text = failure ?? 'the state cannot be read';
      if (!opening.cancelled) opening.done({ code: 'failed', text }, null);
      return;
    }
    const backup = new Backup(point, this.#ports.sha256());
    opening.backup = backup;
    backup.prepare(() => {
      if (opening.cancelled) return;
      this.#openings.delete(opening);
      const kept = { backup, readings: new Set<BackupReading>(), idleTicks: 0, ageTicks: 0 };
      this.#kept.set(backup.id, kept);
      opening.done(null, this.#read(kept, 0));
    });
  }

  #cancel(opening: Opening): void {
    if (!this.#openings.delete(opening)) return;
    opening.cancelled = true;
    if (opening.backup !== null) this.#let(opening.backup);
  }

  /** The longest idle one goes if there is no room. */
  #makeRoom(): boolean {
    if (this.size < this.#options.backupsMax) return true;
    let idle: Kept | null = null;
    for (const kept of this.#kept.values()) {
      if (kept.readings.size > 0) continue;
      if (idle === null || kept.idleTicks > idle.idleTicks) idle = kept;
    }
    if (idle === null) return false;
    this.#drop(idle);
    return true;
  }

  #drop(kept: Kept): void {
    this.#kept.delete(kept.backup.id);
    this.#let(kept.backup);
  }

  #let(backup: Backup): void {
    this.#releasing++;
    backup.close(() => {
      this.#releasing--;
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#releasing > 0) return;
    const waiting = this.#whenReleased;
    this.#whenReleased = [];
    for (const released of waiting) released();
  }
}
