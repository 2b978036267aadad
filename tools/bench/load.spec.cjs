'use strict';
const { execFile } = require('node:child_process');
const net = require('node:net');
const path = require('node:path');
const { startAnswerer } = require('./answerer.cjs');
const { Histogram } = require('./histogram.cjs');
const { Load } = require('./load.cjs');
const {
  Workload,
  decodeMessage,
  keyOf,
  putMessage,
  rangeMessage,
  txnMessage,
} = require('./workload.cjs');

const OPTIONS = {
  ...{ verb: 'put', keySize: 8, valSize: 16, keys: 50 },
  ...{ sequential: true, consistency: 'l', reads: 0.5 },
};

describe('workload', () => {
  const call = () => ({ kind: 0, key: 0 });
  const fields = (bytes) => [...decodeMessage(bytes)].map(([n, v]) => [n, v.toString()]);

  it('writes the messages of etcd', () => {
    const key = Buffer.from('00000007');
    expect(fields(putMessage(key, Buffer.from('v')))).toEqual([
      [1, '00000007'],
      [2, 'v'],
    ]);
    expect(fields(rangeMessage(key, { serializable: true, countOnly: true }))).toEqual([
      [1, '00000007'],
      [7, '1'],
      [9, '1'],
    ]);
    const compare = decodeMessage(decodeMessage(txnMessage(key, Buffer.from('v'))).get(1));
    expect([compare.get(1), BigInt.asIntN(64, compare.get(4))]).toEqual([1n, -1n]);
  });

  it.each(['put', 'get', 'txn'])('fills in each key of a %s wherever it stands', (verb) => {
    const workload = new Workload({ ...OPTIONS, verb, valSize: 3, keySize: 2 });
    const first = Buffer.from(workload.next(call()).message).toString('latin1');
    const second = Buffer.from(workload.next(call()).message).toString('latin1');
    const count = (text, part) => text.split(part).length - 1;
    expect(count(first, '\x0200')).toBe(verb === 'txn' ? 4 : 1);
    expect(count(second, '\x0201')).toBe(verb === 'txn' ? 4 : 1);
    expect(keyOf(4, 120).toString()).toBe('0120');
  });
});

describe('histogram', () => {
  it('answers quantiles to 1.6 percent over seven decades', () => {
    const histogram = new Histogram();
    const values = Array.from({ length: 7_000 }, (_, i) => 10 ** (i / 1_000 - 2));
    for (const value of values) histogram.record(value);
    for (const q of [0.1, 0.5, 0.9, 0.99, 0.999]) {
      const exact = values[Math.ceil(q * values.length) - 1];
      expect(Math.abs(histogram.quantile(q) / exact - 1)).toBeLessThan(0.017 + 0.001 / exact);
    }
    expect(histogram.quantile(1)).toBeCloseTo(histogram.max);
  });
});

describe('load', () => {
  let server = null;
  let load = null;
  const open = async (options) => {
    const port = await new Promise((resolve) => (server = startAnswerer(resolve)));
    load = new Load([{ host: '127.0.0.1', port }], {
      timeoutMs: 200,
      connectMs: 10_000,
      ...options,
    });
    await load.connect();
  };
  afterEach(async () => {
    load?.close();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve()));
    server = load = null;
  });

  it('makes exactly the calls it was told to, and notes each key', async () => {
    await open({ clients: 7, conns: 3 });
    const workload = new Workload(OPTIONS);
    const result = await load.run(workload, { total: 49 });
    expect(result).toMatchObject({ requests: 49, ok: 49, failed: 0, errors: {} });
    expect([...workload.acknowledged].filter((one) => one === 1)).toHaveLength(49);
  });

  it('counts an answer without the value as an error, never as a get', async () => {
    await open({ clients: 2, conns: 1 });
    const result = await load.run(new Workload({ ...OPTIONS, verb: 'get' }), { total: 10 });
    expect(result).toMatchObject({ ok: 0, failed: 10, errors: { 'key not found': { count: 10 } } });
  });

  it('keeps to a rate', async () => {
    await open({ clients: 10, conns: 2 });
    const result = await load.run(new Workload(OPTIONS), { total: 60, rate: 300 });
    expect(result).toMatchObject({ ok: 60, failed: 0 });
    expect(result.perSecond).toBeLessThan(330);
  });

  it('reports calls that are never answered, and goes on', async () => {
    const port = await new Promise((resolve) => {
      server = net.createServer((socket) => {
        socket.on('error', () => undefined).resume();
        // Settings, and then silence.
        socket.write(Buffer.from('000000040000000000', 'hex'));
      });
      server.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
    load = new Load([{ host: '127.0.0.1', port }], { timeoutMs: 50, clients: 3, conns: 1 });
    await load.connect();
    const result = await load.run(new Workload(OPTIONS), { total: 6 });
    expect(result).toMatchObject({ ok: 0, failed: 6, errors: { timeout: { count: 6 } } });
  });
});

describe('command line', () => {
  const main = (...args) =>
    new Promise((resolve) => {
      const file = path.join(__dirname, 'main.mjs');
      execFile(process.execPath, [file, ...args], (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });

  it('names every fault at once and ends with 2', async () => {
    const ran = await main('bogus', '--clients=0', '--endpoints', 'here', '--what', 'x');
    expect(ran.code).toBe(2);
    expect(ran.stderr.split('\n').slice(0, 4)).toEqual([
      '--clients is a number from 1 to 100000, not 0',
      'an endpoint is host:port, not here',
      'unknown flag --what',
      'the verb is one of put, get, txn, mix, not bogus',
    ]);
  });

  it('ends with 1 and the reason when nobody answers', async () => {
    const ran = await main('put', '--endpoints', '127.0.0.1:1', '--timeout-ms', '3000');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/no connection: 127\.0\.0\.1:1: ECONNREFUSED/);
  });
});
