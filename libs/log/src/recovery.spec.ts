/**
 * What a start makes of a damaged log. Every kind of byte in a log is flipped in turn; every crash
 * leaves the acknowledged prefix and at most one group more.
 */
import { type DiskFailure, Random } from '@conclave/base';
import type { Entry } from '@conclave/wire';
import { decodeSegmentHead, encodeSegmentHead } from './segment-head.js';
import { BIRTH, LogHarness, NO_STATE, OPTIONS, entry, text } from './testing/log-harness.js';

const SEED = Number(process.env['SEED'] ?? 1 + (Date.now() % 1_000_000));

function filled(count = 300): LogHarness {
  const h = new LogHarness();
  for (let i = 1; i <= count; i += 5) {
    const entries: Entry[] = [];
    for (let k = i; k < i + 5; k++) entries.push(entry(k, 1, `${k}`.padEnd(200, '.')));
    h.append(entries, { term: 1, vote: 0x22n, commit: i });
  }
  return h;
}

test('a flipped bit anywhere below a named end is refused, and never changes what is read', () => {
  const h = filled();
  h.pass(300);
  const names = h.segments();
  const random = new Random(SEED);
  const before = h.all();
  const used = names.slice(0, -1);
  expect(used.length).toBeGreaterThan(3);
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const name = random.pick(used);
    const offset = random.below(h.disk.size(name));
    const mask = 1 << random.below(8);
    h.disk.flip(name, offset, mask);
    const result = h.restart();
    if (result.ok) {
      // Padding and the zeros behind the last group carry nothing; the torn tail was zeroed.
      const same = JSON.stringify(h.all()) === JSON.stringify(before);
      if (!same) throw new Error(`SEED=${SEED}: a flip at ${name}:${offset} changed the log`);
      if (h.disk.readSync(name, offset, 1)[0] !== 0) h.disk.flip(name, offset, mask);
    } else {
      expect(['corrupt', 'unknown-format', 'shorter-than-mark']).toContain(result.code);
      refused++;
      h.disk.flip(name, offset, mask);
    }
  }
  expect(refused).toBeGreaterThan(150);
  expect(h.restart().ok).toBe(true);
});

test('bad bytes in a group are corruption once a later group names their end', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.append([entry(2, 1)]);
  const [name] = h.segments() as [string];
  h.disk.flip(name, 4096 + 50, 1);
  expect(h.restart()).toMatchObject({
    ok: false,
    code: 'corrupt',
    message: `log segment ${name} is corrupt: bad bytes at 4096, below the end 4224 that group 2 names`,
  });
});

test('bad bytes in the last group are a torn tail: cut, zeroed, and gone for good', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.append([entry(2, 1)]);
  const [name] = h.segments() as [string];
  h.disk.flip(name, 4224 + 50, 1);
  expect(h.restart()).toMatchObject({ ok: true, recovered: { lastIndex: 1, tornBytes: 65 } });
  expect(h.disk.readSync(name, 4224, 4096).every((byte) => byte === 0)).toBe(true);
  h.append([entry(2, 1)]);
  expect(h.restart()).toMatchObject({ ok: true, recovered: { lastIndex: 2, tornBytes: 0 } });
});

test('the seal of an idle log makes damage to its last group corruption', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.pass(75);
  const [name] = h.segments() as [string];
  h.disk.flip(name, 4096 + 50, 1);
  expect(h.restart()).toMatchObject({ ok: false, code: 'corrupt' });
});

test('a log shorter than its mark is refused', () => {
  const h = new LogHarness();
  h.append([entry(1, 1)]);
  h.pass(25);
  const [name] = h.segments() as [string];
  const group = h.disk.readSync(name, 4096, 64);
  h.append([entry(2, 1)], { term: 1, vote: 0n, commit: 1 });
  h.pass(500);
  h.disk.writeSync(name, 4096, [group, new Uint8Array(8192)]);
  expect(h.restart()).toMatchObject({ ok: false, code: 'shorter-than-mark' });
});

test('a truncated segment is refused, the last one and any other', () => {
  for (const which of [0, -2]) {
    const h = filled();
    h.pass(500);
    const name = h.segments().at(which) as string;
    h.disk.truncateSync(name, 5000);
    expect(h.restart()).toMatchObject({ ok: false });
  }
});

test('a deleted segment is refused: the first, one in the middle, the last', () => {
  for (const which of [0, 2, -2]) {
    const h = filled();
    h.pass(500);
    h.disk.removeSync(h.segments().at(which) as string);
    const result = h.restart();
    expect(result).toMatchObject({ ok: false });
    if (!result.ok) expect(['corrupt', 'shorter-than-mark']).toContain(result.code);
  }
});

test('the mark: one bad slot is survived, both are corruption, none at all is missing', () => {
  const h = filled(5);
  h.pass(1000);
  h.disk.flip('mark', 30, 1);
  expect(h.restart().ok).toBe(true);
  h.disk.flip('mark', 4096 + 30, 1);
  expect(h.restart()).toMatchObject({ ok: false, code: 'corrupt' });
  h.disk.removeSync('mark');
  expect(h.restart()).toMatchObject({ ok: false, code: 'missing' });
  for (const name of h.segments()) h.disk.removeSync(name);
  expect(h.restart()).toMatchObject({
    ok: false,
    code: 'missing',
    message: expect.stringContaining('the log'),
  });
});

test.each(['clusterId', 'memberId', 'incarnation'] as const)(
  'a log of another %s is refused',
  (id) => {
    const h = filled(5);
    h.disk.kill();
    h.turns.clear();
    expect(h.open({ ...OPTIONS, [id]: 0x99n })).toMatchObject({ ok: false, code: 'other-member' });
  },
);

test('an unknown format is refused by its number', () => {
  const h = filled(5);
  const [name] = h.segments() as [string];
  h.disk.writeSync(name, 8, [new Uint8Array([7])]);
  expect(h.restart()).toMatchObject({
    ok: false,
    code: 'unknown-format',
    message: `log segment ${name} has unknown format 7, this program knows 1`,
  });
});

test('a trouble of the disk is answered as a value', () => {
  const h = filled(5);
  h.disk.kill();
  h.turns.clear();
  const broken = Object.create(h.disk) as typeof h.disk;
  broken.list = () => h.disk.list();
  broken.size = (name) => h.disk.size(name);
  broken.readSync = () => h.disk.readSync('nothing', 0, 1);
  expect(h.open(OPTIONS, broken)).toMatchObject({ ok: false, code: 'disk' });
});

test('a segment head survives encoding with the largest ConfState and nothing of it can flip', () => {
  const ids = Array.from({ length: 100 }, (_, i) => BigInt(i + 1) << 50n);
  const confState = {
    voters: ids,
    learners: ids,
    votersOutgoing: ids,
    learnersNext: ids,
    autoLeave: true,
  };
  const head = {
    clusterId: 1n,
    memberId: 2n ** 64n - 1n,
    incarnation: 3n,
    generation: 4,
    sequence: 5,
    previousEnd: 6,
    chain: 0xffffffff,
    nextGroup: 2 ** 50,
    lastIndex: 2 ** 53 - 1,
    lastTerm: 8,
    hardState: { term: 9, vote: 10n, commit: 11 },
    cut: { index: 12, term: 13, confState },
  };
  const bytes = encodeSegmentHead(head);
  expect(decodeSegmentHead(bytes)).toEqual({ type: 'head', head });
  const small = encodeSegmentHead({ ...head, cut: BIRTH });
  for (let bit = 0; bit < 8 * 149; bit++) {
    small[bit >> 3] = (small[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(decodeSegmentHead(small).type).not.toBe('head');
    small[bit >> 3] = (small[bit >> 3] as number) ^ (1 << (bit & 7));
  }
});

/** What the owner of the log was told, and what it has asked for. */
interface Told {
  entries: Map<number, string>;
  lastIndex: number;
  hardState: { term: number; vote: bigint; commit: number };
}

function crashRound(seed: number): void {
  const random = new Random(seed);
  const h = new LogHarness(random.uint32());
  let term = 1;
  let acknowledged: Told = { entries: new Map(), lastIndex: 0, hardState: NO_STATE };
  let asked: Told[] = [];
  let cutAsked = 0;
  for (let step = 0; step < 60; step++) {
    const last = asked.at(-1) ?? acknowledged;
    if (random.chance(0.1)) h.pass(random.below(200));
    const overwrite = random.chance(0.15) && last.lastIndex > last.hardState.commit;
    if (overwrite) term++;
    const first = overwrite
      ? last.hardState.commit + 1 + random.below(last.lastIndex - last.hardState.commit)
      : last.lastIndex + 1;
    const entries: Entry[] = [];
    const next: Told = { ...last, entries: new Map(last.entries) };
    for (const index of next.entries.keys()) if (index >= first) next.entries.delete(index);
    const count = 1 + random.below(4);
    for (let index = first; index < first + count; index++) {
      const size = random.chance(0.03) ? 20_000 + random.below(30_000) : random.below(600);
      const made = entry(index, term, String.fromCharCode(97 + random.below(26)).repeat(size));
      entries.push(made);
      next.entries.set(index, text(made));
      next.lastIndex = index;
    }
    next.hardState = {
      term,
      vote: BigInt(random.below(3)),
      commit: Math.max(last.hardState.commit, first - 1 - random.below(2)),
    };
    if (next.hardState.term === last.hardState.term) next.hardState.vote = last.hardState.vote;
    asked.push(next);
    h.log.append({ entries, hardState: next.hardState }, (failure: DiskFailure | null) => {
      expect(failure).toBeNull();
      acknowledged = next;
      asked = asked.slice(asked.indexOf(next) + 1);
    });
    for (let turns = random.below(6); turns > 0; turns--) h.turns.runOne();
    const commit = h.log.hardState.commit;
    if (random.chance(0.05) && commit > cutAsked) {
      cutAsked = commit;
      h.log.cutTo(commit, BIRTH.confState, () => {});
    }
    if (!random.chance(0.12)) continue;
    if (random.chance(0.5)) h.disk.losePower();
    const result = h.restart();
    if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
    const survived = [acknowledged, ...asked].find((told) => agrees(h, told));
    if (survived === undefined) {
      throw new Error(`log ends at ${h.log.lastIndex}, acknowledged ${acknowledged.lastIndex}`);
    }
    acknowledged = survived;
    cutAsked = h.log.cut.index;
    asked = [];
    term = Math.max(term, h.log.hardState.term);
  }
}

function agrees(h: LogHarness, told: Told): boolean {
  if (h.log.lastIndex !== told.lastIndex) return false;
  const { term, vote } = h.log.hardState;
  if (term !== told.hardState.term || vote !== told.hardState.vote) return false;
  const found = h.all();
  return found.every((line, k) => told.entries.get(h.log.firstIndex + k) === line);
}

test('a crash keeps what was acknowledged and loses nothing but the group in flight', () => {
  for (let i = 0; i < 150; i++) {
    try {
      crashRound(SEED + i);
    } catch (error) {
      throw new Error(`SEED=${SEED + i}`, { cause: error });
    }
  }
});
