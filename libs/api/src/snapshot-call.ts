/**
 * Maintenance/Snapshot: a backup file in pieces, then its SHA-256 (spec 2.10).
 *
 * No message has a header. `remaining_bytes` is an estimate until the rows end, and 0 with the last
 * piece; the message with the hash comes last. One piece is read at a time and the next only when
 * the call has credit, so a slow client holds no more than that in memory. At most PIECES_A_TURN are
 * sent before others have their turn.
 *
 * A client of ours whose connection broke names the backup and the offset in the metadata (`BACKUP_PLACE`)
 * and gets the rest, from the member that still keeps it.
 */
import { BACKUP_PLACE, type ServerCall, Status } from '@conclave/base';
import { DecodeError, SnapshotRequest, SnapshotResponse } from '@conclave/wire';
import type { ApiContext } from './context.js';
import { failureOf } from './error-table.js';
import type { BackupBytes, BackupSource } from './options.js';

const REFUSALS = {
  'too-many': Status.RESOURCE_EXHAUSTED,
  gone: Status.FAILED_PRECONDITION,
  failed: Status.UNAVAILABLE,
} as const;

/** Of 32 KiB: as much as a call has credit for. */
const PIECES_A_TURN = 8;

export class SnapshotCall {
  readonly #api: ApiContext;
  readonly #call: ServerCall;
  #asked = false;
  #ended = false;
  #startMs = 0;
  #waitingForCredit = false;
  #piecesThisTurn = 0;
  #cancel: (() => void) | null = null;
  #source: BackupSource | null = null;
  #reading: BackupBytes | null = null;

  constructor(api: ApiContext, call: ServerCall) {
    this.#api = api;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#asked || this.#ended) return;
    this.#asked = true;
    try {
      SnapshotRequest.decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#end(Status.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
    }
    const source = this.#api.ports.backups;
    if (source === undefined) {
      return this.#end(Status.UNIMPLEMENTED, 'conclave: this member takes no backups');
    }
    const place = placeOf(this.#call.head.metadata.get(BACKUP_PLACE));
    if (place === 'bad') {
      const text = `conclave: metadata ${BACKUP_PLACE} is <id>:<offset>`;
      return this.#end(Status.INVALID_ARGUMENT, text);
    }
    this.#open(source, place);
  }

  halfClosed(): void {
    if (!this.#asked) this.#end(Status.INTERNAL, 'unexpected EOF');
  }

  cancelled(): void {
    this.#ended = true;
    this.#letGo(true);
  }

  drained(): void {
    if (!this.#waitingForCredit) return;
    this.#waitingForCredit = false;
    this.#next();
  }

  lost(): void {
    const failure = failureOf('no-leader');
    this.#end(failure.code, failure.message);
  }

  #open(source: BackupSource, place: { id: string; offset: number } | null): void {
    this.#source = source;
    this.#startMs = this.#api.replica.nowMs;
    const cancel = source.open(place, (refusal, reading) => {
      this.#cancel = null;
      if (this.#ended) {
        if (reading !== null) source.close(reading, false);
        return;
      }
      if (refusal !== null) {
        return this.#end(REFUSALS[refusal.code], `conclave: snapshot: ${refusal.text}`);
      }
      this.#reading = reading;
      this.#next();
    });
    if (!this.#ended && this.#reading === null) this.#cancel = cancel;
  }

  #next(): void {
    const reading = this.#reading;
    if (reading === null || this.#ended) return;
    reading.read((failure, blob) => {
      if (this.#ended) return;
      if (failure !== null) {
        return this.#end(Status.UNAVAILABLE, `conclave: snapshot: ${failure}`);
      }
      if (blob === null) return this.#last(reading);
      const writable = this.#send(reading.bytes - reading.offset, blob);
      if (!writable) this.#waitingForCredit = true;
      else if (++this.#piecesThisTurn < PIECES_A_TURN) this.#next();
      else this.#yield();
    });
  }

  #yield(): void {
    this.#api.ports.scheduler.yieldTo(() => {
      this.#piecesThisTurn = 0;
      this.#next();
    });
  }

  #last(reading: BackupBytes): void {
    this.#send(0, reading.sha256);
    this.#source?.close(reading, false);
    const { replica, ports } = this.#api;
    const seconds = (replica.nowMs - this.#startMs) / 1_000;
    ports.probe.observe('etcd_disk_backend_snapshot_duration_seconds', seconds);
    this.#reading = null;
    this.#end(Status.OK, '');
  }

  #send(remainingBytes: number, blob: Uint8Array): boolean {
    const version = this.#api.options.storageVersion;
    const message = SnapshotResponse.encode({ header: null, remainingBytes, blob, version });
    return this.#call.send(message);
  }

  #end(code: Parameters<ServerCall['end']>[0], message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#letGo(code !== Status.OK);
    this.#call.end(code, message);
  }

  #letGo(useful: boolean): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#reading !== null) this.#source?.close(this.#reading, useful);
    this.#reading = null;
  }
}

function placeOf(text: string | undefined): { id: string; offset: number } | 'bad' | null {
  if (text === undefined) return null;
  const match = /^([0-9a-f]{1,16}):(\d{1,15})$/.exec(text);
  if (match === null) return 'bad';
  return { id: match[1] as string, offset: Number(match[2]) };
}
