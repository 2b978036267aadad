import {
  type EngineReader,
  type EngineRow,
  type EngineSnapshot,
  concatBytes,
  encodeUtf8,
} from '@conclave/base';
import { TaskQueue } from '@conclave/testkit';
import { ChunkMarks, ChunkSource } from './chunk-source.js';
import { RowParser, STREAM_START, keyBehind } from './row-stream.js';

const CHUNK_BYTES = 1_000;

type Scanned = Parameters<EngineReader['scan']>[3];

/** Rows in memory; counts scans, and answers each in a turn of its own. */
class Rows {
  readonly turns = new TaskQueue();
  readonly rows: EngineRow[] = [];
  scans = 0;
  inFlight = 0;
  inFlightMax = 0;
  /** The scan that fails; 0: none. */
  failing = 0;

  constructor(count: number) {
    for (let i = 0; i < count; i++) {
      const key = encodeUtf8(`v${String(i).padStart(6, '0')}`);
      this.rows.push({ key, value: new Uint8Array(i % 40).fill(i) });
    }
  }

  get snapshot(): EngineSnapshot {
    return {
      get: () => undefined,
      scan: (lo, _hi, limit, done) => this.#scan(lo, limit, done),
      release: () => undefined,
    };
  }

  #scan(lo: Uint8Array, limit: number, done: Scanned): void {
    const fails = ++this.scans === this.failing;
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight);
    this.turns.yieldTo(() => {
      this.inFlight--;
      if (fails) return done({ code: 'EIO', message: 'torn out' }, []);
      const from = this.rows.findIndex(({ key }) => Buffer.compare(key, lo) >= 0);
      done(null, from < 0 ? [] : this.rows.slice(from, from + limit));
    });
  }
}

interface Read {
  readonly chunks: Uint8Array[];
  readonly failure: string | null;
}

/** Takes chunks whenever there are any, until the end or a failure. */
function readAll(rows: Rows, eachChunk: () => void = () => undefined): Read {
  const chunks: Uint8Array[] = [];
  let failure: string | null = null;
  const pump = (): void => {
    for (;;) {
      const chunk = source.next();
      if (typeof chunk === 'string') return;
      chunks.push(chunk.data);
      eachChunk();
    }
  };
  const from = new ChunkMarks().before(0);
  const marks = new ChunkMarks();
  const source = new ChunkSource(rows.snapshot, marks, from, CHUNK_BYTES, (fault) => {
    failure ??= fault?.code ?? null;
    if (failure === null) pump();
  });
  pump();
  rows.turns.run();
  return { chunks, failure };
}

function parse(bytes: Uint8Array): readonly EngineRow[] {
  const parsed = new RowParser(STREAM_START, 1_000_000).push(bytes);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.rows;
}

test.each([0, 1, 15, 16, 17, 63, 64, 700])('%i rows come out as they are', (count) => {
  const rows = new Rows(count);
  const { chunks, failure } = readAll(rows);
  expect(failure).toBeNull();
  expect(parse(concatBytes(chunks)).length).toBe(count);
  expect(parse(concatBytes(chunks))).toEqual(rows.rows);
  expect(chunks.every((chunk) => chunk.length <= CHUNK_BYTES)).toBe(true);
});

test('while rows are made into chunks the next are read, and never two scans at a time', () => {
  const rows = new Rows(700);
  let readAhead = 0;
  readAll(rows, () => (readAhead += rows.inFlight));
  expect(readAhead).toBeGreaterThan(10);
  expect(rows.inFlightMax).toBe(1);
});

test('a read ahead that fails is told, and nothing is read after it', () => {
  const rows = new Rows(700);
  rows.failing = 3;
  expect(readAll(rows).failure).toBe('EIO');
  expect(rows.scans).toBe(3);
});

test('close waits for a read ahead that is under way', () => {
  const rows = new Rows(700);
  let idle = false;
  const marks = new ChunkMarks();
  const source: ChunkSource = new ChunkSource(
    rows.snapshot,
    marks,
    marks.before(0),
    CHUNK_BYTES,
    () => source.next(),
  );
  expect(source.next()).toBe('wait');
  rows.turns.runOne();
  expect(rows.inFlight).toBe(1);
  source.close(() => (idle = true));
  expect(idle).toBe(false);
  rows.turns.run();
  expect([idle, rows.inFlight, rows.scans]).toEqual([true, 0, 2]);
});

test('the key behind a row is the next there can be', () => {
  const key = encodeUtf8('ab');
  expect(keyBehind({ key, value: key })).toEqual(new Uint8Array([97, 98, 0]));
});
