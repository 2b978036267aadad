/**
 * The real log room as a member's store, on a model disk of bytes: segments, groups, mark, recovery.
 * Slower than `ModelDisk`, so only some worlds use it.
 */
import {
  assert,
  assertDefined,
  type Index,
  type Random,
  type Term,
  unreachable,
} from '@conclave/base';
import { type DurableLog, FIRST_SEGMENT, createLogSync, openLog } from '@conclave/log';
import type { Append, SlotConfState, SlotHardState, SlotSnapshotMeta } from '@conclave/raft';
import { MemoryLogDisk } from '@conclave/testkit';
import type { Entry } from '@conclave/wire';
import { MS, type TrueTime } from './clock.js';
import { toSlotMeta, toWireMeta } from './conf-codec.js';
import type { DiskPorts, MemberStore, Recovered } from './disk.js';
import type { BadRead, Damage } from './scenario.js';

const SEGMENT_BYTES = 64 * 1024;
const ENTRY_BYTES_MAX = 16 * 1024;
/** The segment's own head; the first group comes behind it. */
const HEAD_BYTES = 4096;
/** As much as one write of the file system's cache. */
const MISPLACED_BYTES = 4096;
const TICK_US = 25 * MS;
const READ_BYTES_MAX = 1024 * 1024 * 1024;

export class LogStore implements MemberStore {
  readonly #ports: DiskPorts;
  readonly #time: TrueTime;
  readonly #disk: MemoryLogDisk;
  readonly #damageRandom: Random;
  /** Files as they were when this life began. */
  #earlier = new Map<string, Uint8Array>();
  readonly #options: Parameters<typeof openLog>[1];
  #firstSegment = FIRST_SEGMENT;
  #log: DurableLog;
  damaged: Damage | null = null;
  appendsInFlight = 0;

  /** A world's log never begins with entries. */
  constructor(
    slot: number,
    initial: Recovered,
    random: Random,
    time: TrueTime,
    ports: DiskPorts,
    segmentBytes = SEGMENT_BYTES,
  ) {
    assert(initial.entries.length === 0, 'LogStore: a new log is empty');
    this.#ports = ports;
    this.#time = time;
    this.#damageRandom = random.fork();
    const yieldTo = (task: () => void): void => ports.later(ports.latencyUs(), task);
    this.#disk = new MemoryLogDisk({ yieldTo }, random);
    this.#options = {
      clusterId: 1n,
      memberId: BigInt(slot),
      incarnation: 7n,
      segmentBytes,
      entryBytesMax: ENTRY_BYTES_MAX,
    };
    const { hardState, cut } = initial;
    createLogSync(this.#disk, this.#options, toWire(hardState), toWireMeta(cut));
    this.#log = assertDefined(this.#open(), 'LogStore: a new log opens');
  }

  #open(): DurableLog | null {
    const result = openLog(this.#disk, this.#options, this.#firstSegment);
    if (!result.ok) {
      assert(this.damaged !== null, 'LogStore: only a damaged log is refused');
      return null;
    }
    this.#tick(result.log);
    this.#earlier = new Map(this.#disk.list().map((name) => [name, this.#bytes(name)]));
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
      if (failure === null) {
        done(entries);
        return;
      }
      if (failure.code === 'ECORRUPT') this.#ports.see('sim:bad-read-noticed');
      this.#ports.fatal();
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

  damage(how: Damage): void {
    this.damaged = how;
    const r = this.#damageRandom;
    const disk = this.#disk;
    const name = r.pick(disk.list());
    const size = disk.size(name);
    if (size === 0) return;
    switch (how) {
      case 'hole':
        this.#makeHole();
        return;
      case 'flip':
        disk.flip(name, this.#usedOffset(name), 1 << r.below(8));
        return;
      case 'truncate':
        disk.truncateSync(name, r.below(size));
        return;
      case 'delete':
        disk.removeSync(name);
        return;
      case 'rollback': {
        const before = this.#earlier.get(name);
        if (before === undefined) return;
        disk.truncateSync(name, before.length);
        disk.writeSync(name, 0, [before]);
        return;
      }
      case 'misplaced': {
        const bytes = disk.readSync(name, this.#usedOffset(name), MISPLACED_BYTES);
        disk.writeSync(name, Math.max(0, r.below(size) - bytes.length), [bytes]);
        return;
      }
      default:
        unreachable(how);
    }
  }

  /** Where the first group of the oldest segment was. */
  #makeHole(): void {
    const name = assertDefined(
      this.#disk.list().find((file) => file.endsWith('.log')),
      'LogStore: a segment',
    );
    for (let at = HEAD_BYTES; at < HEAD_BYTES + 64; at++) this.#disk.flip(name, at, 0xff);
  }

  /** Somewhere below the last byte that was written; often in the head, where little things count. */
  #usedOffset(name: string): number {
    const bytes = this.#bytes(name);
    let end = bytes.length;
    while (end > 1 && bytes[end - 1] === 0) end--;
    const r = this.#damageRandom;
    return r.below(r.chance(0.5) ? Math.min(end, HEAD_BYTES / 8) : end);
  }

  #bytes(name: string): Uint8Array {
    return this.#disk.readSync(name, 0, this.#disk.size(name));
  }

  spoilNextRead(how: BadRead): void {
    const r = this.#damageRandom;
    this.#disk.alter = (name, offset, bytes) => {
      this.#disk.alter = null;
      if (how === 'stale') return new Uint8Array(bytes.length);
      if (how === 'misplaced') return this.#disk.readSync(name, offset + 8, bytes.length);
      const at = r.below(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << r.below(8));
      return bytes;
    };
  }
}

function toWire({ term, vote, commit }: SlotHardState) {
  return { term, vote: BigInt(vote), commit };
}
