/**
 * The real log room as a member's store, on a model disk of bytes: segments, groups, mark, recovery.
 * Slower than `ModelDisk`, so only some worlds use it.
 */
import { assert, assertDefined, type Index, type Random, type Term } from '@conclave/base';
import { type DurableLog, FIRST_SEGMENT, createLogSync, openLog } from '@conclave/log';
import type { Append, SlotConfState, SlotHardState, SlotSnapshotMeta } from '@conclave/raft';
import { MemoryLogDisk } from '@conclave/testkit';
import type { Entry } from '@conclave/wire';
import { MS, type TrueTime } from './clock.js';
import { toSlotMeta, toWireMeta } from './conf-codec.js';
import type { DiskPorts, MemberStore, Recovered } from './disk.js';

const SEGMENT_BYTES = 64 * 1024;
const ENTRY_BYTES_MAX = 16 * 1024;
/** The segment's own head; the first group comes behind it. */
const HEAD_BYTES = 4096;
const TICK_US = 25 * MS;
const READ_BYTES_MAX = 1024 * 1024 * 1024;

export class LogStore implements MemberStore {
  readonly #ports: DiskPorts;
  readonly #time: TrueTime;
  readonly #disk: MemoryLogDisk;
  readonly #options: Parameters<typeof openLog>[1];
  #firstSegment = FIRST_SEGMENT;
  #log: DurableLog;
  #damaged = false;
  appendsInFlight = 0;

  /** A world's log never begins with entries. */
  constructor(slot: number, initial: Recovered, random: Random, time: TrueTime, ports: DiskPorts) {
    assert(initial.entries.length === 0, 'LogStore: a new log is empty');
    this.#ports = ports;
    this.#time = time;
    const yieldTo = (task: () => void): void => ports.later(ports.latencyUs(), task);
    this.#disk = new MemoryLogDisk({ yieldTo }, random);
    this.#options = {
      clusterId: 1n,
      memberId: BigInt(slot),
      incarnation: 7n,
      segmentBytes: SEGMENT_BYTES,
      entryBytesMax: ENTRY_BYTES_MAX,
    };
    const { hardState, cut } = initial;
    createLogSync(this.#disk, this.#options, toWire(hardState), toWireMeta(cut));
    this.#log = assertDefined(this.#open(), 'LogStore: a new log opens');
  }

  #open(): DurableLog | null {
    const result = openLog(this.#disk, this.#options, this.#firstSegment);
    if (!result.ok) {
      assert(this.#damaged, 'LogStore: only a damaged log is refused');
      return null;
    }
    this.#tick(result.log);
    return result.log;
  }

  #tick(log: DurableLog): void {
    this.#ports.later(TICK_US, () => {
      log.tick(Math.floor(this.#time.now / MS));
      this.#tick(log);
    });
  }

  append({ hardState, entries }: Append, done: () => void): void {
    this.appendsInFlight++;
    this.#log.append({ hardState: hardState && toWire(hardState), entries }, (failure) => {
      if (failure !== null) {
        this.#ports.fatal();
        return;
      }
      this.appendsInFlight--;
      done();
    });
  }

  cutTo(index: Index, _term: Term, confState: SlotConfState, done: () => void): void {
    if (index <= this.#log.cut.index) {
      this.#ports.later(1, done);
      return;
    }
    const { confState: wire } = toWireMeta({ index, term: 0, confState });
    this.#log.cutTo(index, wire, (failure) => {
      if (failure === null) done();
      else this.#ports.fatal();
    });
  }

  reset(cut: SlotSnapshotMeta, publish: () => void, done: () => void): void {
    this.#log.reset(
      toWireMeta(cut),
      (firstSegment, published) => {
        this.#ports.later(this.#ports.latencyUs(), () => {
          this.#firstSegment = firstSegment;
          publish();
          published(null);
        });
      },
      (failure) => {
        if (failure === null) done();
        else this.#ports.fatal();
      },
    );
  }

  read(lo: Index, hi: Index, bytesMax: number, done: (entries: readonly Entry[]) => void): void {
    this.#log.read(lo, hi, bytesMax, (failure, entries) => {
      if (failure === null) done(entries);
      else this.#ports.fatal();
    });
  }

  crash(power: boolean): void {
    if (power) this.#disk.losePower();
    else this.#disk.kill();
    this.appendsInFlight = 0;
  }

  recover(): Recovered | null {
    const log = this.#open();
    if (log === null) return null;
    this.#log = log;
    const { lastIndex, cut } = log;
    const entries: Entry[] = [];
    while (cut.index + entries.length < lastIndex) {
      const part = log.readSync(cut.index + entries.length + 1, lastIndex + 1, READ_BYTES_MAX);
      assert(part.length > 0, 'LogStore: the log gives what it has');
      for (const entry of part) entries.push(entry);
    }
    const { term, vote, commit } = log.hardState;
    return { hardState: { term, vote: Number(vote), commit }, cut: toSlotMeta(cut), entries };
  }

  failNextWrite(): void {
    this.#disk.inject = (operation) => {
      if (operation !== 'write') return null;
      // The next one succeeds, as on Linux.
      this.#disk.inject = null;
      return { code: 'EIO', message: 'injected' };
    };
  }

  /** A hole where the first group of the oldest segment was. */
  loseTail(): void {
    this.#damaged = true;
    const name = assertDefined(
      this.#disk.list().find((file) => file.endsWith('.log')),
      'LogStore: a segment',
    );
    for (let at = HEAD_BYTES; at < HEAD_BYTES + 64; at++) this.#disk.flip(name, at, 0xff);
  }
}

function toWire({ term, vote, commit }: SlotHardState) {
  return { term, vote: BigInt(vote), commit };
}
