import {
  type EngineOp,
  type EngineRow,
  Random,
  concatBytes,
  encodeUtf8,
  equalBytes,
} from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  BACKUP_BLOCK_BYTES,
  type BackupHead,
  type BackupReading,
  type BackupRefusal,
  BackupRows,
  Backups,
  NO_PACE,
  type Pace,
  type RowHash,
  decodeBackupEnd,
  decodeBackupHead,
} from './index.js';

/** A state in memory and what makes backups of it. The SHA-256 is a stand-in that sees every byte. */
const HEAD: BackupHead = {
  id: '1',
  clusterId: '7',
  memberId: 'a',
  index: 12,
  term: 3,
  revision: 9,
  compactRevision: -1,
  stateFormat: 1,
  feature: 0,
  version: '3.6.9',
  createdMs: 1_000,
  members: [{ id: 'a', name: 'n1', peerURLs: ['http://127.0.0.1:1'], isLearner: false }],
};

class World {
  readonly turns = new TaskQueue();
  readonly random = new Random(Number(process.env['SEED'] ?? 11));
  readonly engine = new MemoryEngine(this.turns);
  made = 0;
  takes = true;
  bytesExpected = 5_000;
  /** How often the hash was begun, given rows, and ended. */
  readonly hashed = { begun: 0, rows: 0, ended: 0 };
  hashes = false;
  pace: Pace = NO_PACE;
  readonly backups = new Backups(
    { backupsMax: 2, keptTicks: 10, stallTicksMax: 30, hashTicksMax: 50, pieceBytes: 100 },
    {
      take: (begin, done) => {
        if (!this.takes) return;
        const end = begin();
        if (end === null) return;
        const head = { ...HEAD, id: (++this.made).toString(16) };
        const snapshot = this.engine.snapshot();
        this.turns.yieldTo(() => {
          const { bytesExpected } = this;
          const hash = this.hashes ? this.#hash() : null;
          const isVersion = ({ key }: EngineRow): boolean => key[0] === 0x76;
          done(null, { snapshot, head, hash, bytesExpected, isVersion });
          end();
        });
      },
      sha256: () => {
        const seen: Uint8Array[] = [];
        return {
          update: (bytes) => void seen.push(bytes.slice()),
          digest: () => concatBytes(seen),
        };
      },
      pace: (bytes, goOn) => this.pace(bytes, goOn),
    },
  );

  #hash(): RowHash {
    return {
      begin: (ready) => {
        this.hashed.begun++;
        this.turns.yieldTo(ready);
      },
      add: (rows) => void (this.hashed.rows += rows.length),
      end: () => {
        this.hashed.ended++;
        return 77;
      },
    };
  }

  fill(rows: number, salt = 0): void {
    const ops: EngineOp[] = [];
    for (let i = 0; i < rows; i++) {
      const value = new Uint8Array(this.random.below(90) * (i % 17 === 0 ? 20 : 1)).fill(i + salt);
      ops.push({ type: 'put', key: encodeUtf8(`v${String(i).padStart(5, '0')}`), value });
    }
    ops.push({ type: 'put', key: encodeUtf8('Mhead'), value: new Uint8Array([salt]) });
    this.engine.write(ops, () => {});
    this.turns.run();
  }

  open(place: { id: string; offset: number } | null = null): BackupReading {
    const { refusal, reading } = this.ask(place);
    expect(refusal).toBeNull();
    return reading as BackupReading;
  }

  ask(place: { id: string; offset: number } | null = null): {
    refusal: BackupRefusal | null;
    reading: BackupReading | null;
  } {
    let answer: { refusal: BackupRefusal | null; reading: BackupReading | null } | null = null;
    this.backups.open(place, (refusal, reading) => (answer = { refusal, reading }));
    this.turns.run();
    return answer ?? { refusal: null, reading: null };
  }

  /** One piece; null: that was all. */
  piece(reading: BackupReading): Uint8Array | null {
    let got: Uint8Array | null | undefined;
    reading.read((failure, bytes) => {
      expect(failure).toBeNull();
      got = bytes;
    });
    this.turns.run();
    expect(got).not.toBeUndefined();
    return got as Uint8Array | null;
  }

  rest(reading: BackupReading): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let at = this.piece(reading); at !== null; at = this.piece(reading)) pieces.push(at);
    return concatBytes(pieces);
  }
}

function rowsOf(file: Uint8Array): { rows: number; fault: string | null } {
  const head = decodeBackupHead(file);
  const end = decodeBackupEnd(file.subarray(file.length - BACKUP_BLOCK_BYTES));
  if (!head.ok || !end.ok) throw new Error('the file is readable');
  const parser = new BackupRows(end.value, 1_000_000);
  let rows = 0;
  const bytes = file.subarray(head.end, head.end + end.value.rowBytes);
  for (let at = 0; at < bytes.length; at += 333) {
    const parsed = parser.push(bytes.subarray(at, at + 333));
    if (!parsed.ok) return { rows, fault: parsed.text };
    rows += parsed.rows.length;
  }
  return { rows, fault: parser.finish() };
}

test('a backup is the rows of one moment, as long as it said, with the sum of exactly those bytes', () => {
  const world = new World();
  world.fill(300);
  const reading = world.open();
  world.fill(300, 1);
  const file = world.rest(reading);
  expect([file.length, file.length % 512]).toEqual([reading.bytes, 0]);
  expect(equalBytes(file, reading.sha256)).toBe(true);
  const head = decodeBackupHead(file);
  expect(head.ok && head.value).toEqual({ ...HEAD, id: '1' });
  const end = decodeBackupEnd(file.subarray(file.length - BACKUP_BLOCK_BYTES));
  expect(end.ok && [end.value.rows, end.value.versions, end.value.hash]).toEqual([301, 300, null]);
  expect(rowsOf(file)).toEqual({ rows: 301, fault: null });
});

test('a state without rows makes a backup too', () => {
  const world = new World();
  expect(rowsOf(world.rest(world.open()))).toEqual({ rows: 0, fault: null });
});

test('a broken reading goes on at any offset with the very same bytes', () => {
  const world = new World();
  world.fill(200);
  let reading = world.open();
  const pieces: Uint8Array[] = [];
  let got = 0;
  for (let piece = world.piece(reading); piece !== null; piece = world.piece(reading)) {
    pieces.push(piece);
    got += piece.length;
    if (!world.random.chance(0.1)) continue;
    // Others read it as well, and may be the first to come further.
    const other = world.open({ id: '1', offset: world.random.below(got + 1) });
    for (let i = world.random.below(20); i > 0 && world.piece(other) !== null; i--);
    world.backups.close(reading, true);
    reading = world.open({ id: '1', offset: got });
    world.backups.close(other, true);
  }
  const whole = reading.sha256;
  expect(equalBytes(concatBytes(pieces), whole)).toBe(true);
  expect(rowsOf(whole)).toEqual({ rows: 201, fault: null });
  world.backups.close(reading, true);
  world.fill(200, 7);
  const offsets = [0, 1, whole.length - 1, whole.length, whole.length - 512, whole.length - 513];
  for (let i = 0; i < 12; i++) offsets.push(world.random.below(whole.length));
  for (const offset of offsets) {
    const again = world.open({ id: '1', offset });
    expect(equalBytes(world.rest(again), whole.subarray(offset))).toBe(true);
    world.backups.close(again, true);
  }
  expect(world.engine.openSnapshots).toBe(1);
});

test.each([0, 5_000, 1_000_000])(
  'something is left until the last piece, and nothing then, whatever was expected (%i)',
  (bytesExpected) => {
    const world = new World();
    world.bytesExpected = bytesExpected;
    world.fill(300);
    const reading = world.open();
    const left: number[] = [];
    while (world.piece(reading) !== null) left.push(reading.bytes - reading.offset);
    expect(left.pop()).toBe(0);
    expect(Math.min(...left)).toBeGreaterThan(0);
  },
);

test('every row is hashed once, however often the file is read', () => {
  const world = new World();
  world.hashes = true;
  world.fill(300);
  const reading = world.open();
  for (let i = 0; i < 5; i++) world.piece(reading);
  const file = world.rest(world.open({ id: '1', offset: 0 }));
  expect(world.hashed).toEqual({ begun: 1, rows: 300, ended: 1 });
  const end = decodeBackupEnd(file.subarray(file.length - BACKUP_BLOCK_BYTES));
  expect(end.ok && end.value.hash).toBe(77);
  world.rest(reading);
  world.backups.close(reading, false);
  expect(world.hashed).toEqual({ begun: 1, rows: 300, ended: 1 });
});

test('a hash holds nothing back for longer than allowed, nor behind a reading given up', () => {
  const world = new World();
  world.hashes = true;
  world.fill(300);
  const slow = world.open();
  for (let i = 0; i < 50; i++) {
    world.backups.tick();
    if (i % 10 === 0) world.piece(slow);
  }
  expect(world.hashed.ended).toBe(1);
  world.rest(slow);
  const end = decodeBackupEnd(slow.sha256.subarray(slow.bytes - BACKUP_BLOCK_BYTES));
  expect(end.ok && [end.value.versions, end.value.hash]).toEqual([300, null]);
  const broken = world.open();
  world.piece(broken);
  world.backups.close(broken, false);
  expect(world.hashed).toMatchObject({ begun: 2, ended: 2 });
});

test('what was not read yet cannot be gone on with', () => {
  const world = new World();
  world.fill(300);
  const reading = world.open();
  world.piece(reading);
  expect(reading.bytes).toBeGreaterThan(4_000);
  expect(world.ask({ id: '1', offset: 4_000 }).refusal?.code).toBe('gone');
});

test('rows are read no faster than the pace allows, and giving up does not wait for it', () => {
  const world = new World();
  world.fill(300);
  const held: (() => void)[] = [];
  let bytes = 0;
  world.pace = (size, goOn) => {
    bytes += size;
    held.push(goOn);
  };
  const reading = world.open();
  let got = 0;
  let over = false;
  let failed: string | null = null;
  const ask = (): void =>
    reading.read((failure, piece) => {
      failed = failure;
      over = piece === null;
      got += piece?.length ?? 0;
      if (!over) ask();
    });
  ask();
  world.turns.run();
  expect(held.length).toBe(1);
  const first = got;
  held.shift()?.();
  world.turns.run();
  expect([held.length, got > first]).toEqual([1, true]);
  while (held.length > 0 && got < 5_000) {
    held.shift()?.();
    world.turns.run();
  }
  expect(over).toBe(false);
  world.backups.release(() => undefined);
  world.turns.run();
  expect([over, failed, world.engine.openSnapshots]).toEqual([true, 'the backup was given up', 0]);
  const before = bytes;
  for (const goOn of held) goOn();
  world.turns.run();
  expect(bytes).toBe(before);
});

test('a place in a backup that is not kept, or behind its end, is refused', () => {
  const world = new World();
  world.fill(10);
  const reading = world.open();
  world.rest(reading);
  const { bytes } = reading;
  expect(world.ask({ id: '1', offset: bytes + 1 }).refusal?.code).toBe('gone');
  expect(world.ask({ id: '2', offset: 0 }).refusal?.code).toBe('gone');
  world.backups.close(reading, true);
  for (let i = 0; i < 10; i++) world.backups.tick();
  expect(world.ask({ id: '1', offset: 0 }).refusal?.code).toBe('gone');
  expect(world.engine.openSnapshots).toBe(0);
});

test('more than the bound at once are refused; an idle one makes room', () => {
  const world = new World();
  world.fill(10);
  const first = world.open();
  world.open();
  expect(world.ask().refusal).toEqual({
    code: 'too-many',
    text: '2 backups are being taken already: try again later',
  });
  world.backups.close(first, true);
  world.open();
  expect([world.backups.size, world.engine.openSnapshots]).toEqual([2, 2]);
});

test('a reader that stops reading loses its backup in the end', () => {
  const world = new World();
  world.fill(50);
  const reading = world.open();
  for (let i = 0; i < 29; i++) world.backups.tick();
  world.piece(reading);
  for (let i = 0; i < 38; i++) world.backups.tick();
  expect([reading.over, world.engine.openSnapshots]).toEqual([true, 1]);
  world.backups.tick();
  expect(world.engine.openSnapshots).toBe(0);
});

test('giving all up ends readings and openings, and waits for what is being read', () => {
  const world = new World();
  world.hashes = true;
  world.fill(500);
  const reading = world.open();
  let refused: string | null = null;
  world.backups.open(null, (refusal) => (refused = refusal?.code ?? 'none'));
  world.turns.runOne();
  let released = 0;
  world.backups.release(() => released++);
  world.turns.run();
  expect([reading.over, refused, released, world.engine.openSnapshots]).toEqual([
    true,
    'failed',
    1,
    0,
  ]);
  world.backups.release(() => released++);
  expect(released).toBe(2);
});

test('who waits for a piece when all is given up is told', () => {
  const world = new World();
  world.fill(500);
  const reading = world.open();
  world.piece(reading);
  let told: unknown = 'nothing';
  const ask = (): void => reading.read((failure, bytes) => (told = failure ?? bytes));
  for (ask(); told !== 'nothing' && typeof told !== 'string'; ask()) told = 'nothing';
  world.backups.release(() => undefined);
  expect(told).toBe('the backup was given up');
  world.backups.close(reading, false);
  world.turns.run();
  expect(world.engine.openSnapshots).toBe(0);
});

test('giving all up waits for a moment that is being taken', () => {
  const world = new World();
  world.fill(10);
  const refusals: (string | null)[] = [];
  world.backups.open(null, (refusal) => refusals.push(refusal?.code ?? null));
  expect(world.engine.openSnapshots).toBe(1);
  let held = -1;
  world.backups.release(() => (held = world.engine.openSnapshots));
  expect(held).toBe(-1);
  world.turns.run();
  expect([held, refusals]).toEqual([0, ['failed']]);
});

test('one backup is read a bounded number of times at once', () => {
  const world = new World();
  world.fill(10);
  const readings = [world.open()];
  for (let i = 1; i < 8; i++) readings.push(world.open({ id: '1', offset: 0 }));
  expect(world.ask({ id: '1', offset: 0 }).refusal?.code).toBe('too-many');
  world.backups.close(readings[3] as BackupReading, true);
  world.open({ id: '1', offset: 5 });
});

test('an opening that is cancelled, before or after its moment, holds nothing', () => {
  const world = new World();
  world.hashes = true;
  world.fill(100);
  for (const turns of [0, 1]) {
    const cancel = world.backups.open(null, () => {
      throw new Error('not asked any more');
    });
    for (let i = 0; i < turns; i++) world.turns.runOne();
    cancel();
    world.turns.run();
    expect([world.backups.size, world.engine.openSnapshots]).toEqual([0, 0]);
  }
});

test('a damaged head, end or row is found', () => {
  const world = new World();
  world.fill(40);
  const file = world.rest(world.open());
  const head = decodeBackupHead(file);
  if (!head.ok) throw new Error(head.text);
  const flipped = (at: number): Uint8Array => {
    const copy = file.slice();
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  expect(decodeBackupHead(flipped(3))).toEqual({ ok: false, text: 'it is no backup of Conclave' });
  expect(decodeBackupHead(flipped(40))).toEqual({ ok: false, text: 'its head is damaged' });
  expect(decodeBackupHead(flipped(19))).toEqual({
    ok: false,
    text: 'backup format 0 is unknown, this program reads 1',
  });
  expect(decodeBackupHead(file.subarray(0, head.end - 1)).ok).toBe(false);
  expect(decodeBackupEnd(flipped(file.length - 20).subarray(file.length - 512)).ok).toBe(false);
  expect(decodeBackupEnd(file.subarray(file.length - 511)).ok).toBe(false);
  for (let i = 0; i < 30; i++) {
    const end = decodeBackupEnd(file.subarray(file.length - 512));
    const rowBytes = end.ok ? end.value.rowBytes : 0;
    expect(rowsOf(flipped(head.end + world.random.below(rowBytes))).fault).not.toBeNull();
  }
});
