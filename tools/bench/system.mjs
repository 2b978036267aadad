// One system under load: its connections, its keys, its processes' CPU seconds.
import load from './load.cjs';
import { cpuSeconds } from './pressure.mjs';
import workloads from './workload.cjs';

const { Load } = load;
const { RANGE, STATUS, Workload, keyOf, rangeMessage } = workloads;

const FILL_CLIENTS = 200;
const FILL_CONNS = 20;
const RANGE_COUNT_FIELD = 4;
const STATUS_VERSION_FIELD = 2;

export class System {
  /** `name` for people; `pids()` may be empty. */
  constructor(name, endpoints, pids, options) {
    this.name = name;
    this.endpoints = endpoints;
    this.pids = pids;
    this.options = options;
    this.rounds = [];
    this.acknowledged = new Uint8Array(options.keys);
    this.found = null;
  }

  get address() {
    return this.endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  /** The server's version, and how many of our keys it has before we begin. */
  async look() {
    await this.#with(1, 1, async (one) => {
      const status = await one.ask(STATUS, Buffer.alloc(0));
      this.version = String(status.get(STATUS_VERSION_FIELD) ?? '?');
      this.before = await this.#count(one);
    });
  }

  /** Writes every key once, so that gets find something. */
  async fill() {
    const clients = Math.min(FILL_CLIENTS, this.options.keys);
    await this.#with(clients, Math.min(FILL_CONNS, clients), async (many) => {
      const workload = new Workload({ ...this.options, verb: 'put', sequential: true });
      const result = await many.run(workload, { total: this.options.keys });
      if (result.failed > 0) {
        throw new Error(`filling ${this.name}: ${JSON.stringify(result.errors)}`);
      }
    });
  }

  /** Warm-up and one measured round, on fresh connections. */
  async round() {
    const { clients, conns, total, seconds, warmup, rate } = this.options;
    const length = total === null ? { seconds } : { total };
    await this.#with(clients, conns, async (many) => {
      const workload = new Workload(this.options);
      workload.acknowledged = this.acknowledged;
      if (warmup > 0) await many.run(workload, { seconds: warmup, rate });
      const cpu = cpuSecondsOf(this.pids());
      const result = await many.run(workload, { ...length, rate });
      const used = cpuSecondsOf(this.pids());
      result.serverCpuSeconds = cpu === null || used === null ? null : used - cpu;
      this.rounds.push(result);
    });
    return this.rounds[this.rounds.length - 1];
  }

  /** Counts the keys afterwards: each acknowledged one must be there. */
  async verify() {
    const acknowledged = this.acknowledged.reduce((sum, one) => sum + one, 0);
    if (acknowledged === 0) return null;
    const found = await this.#with(1, 1, (one) => this.#count(one));
    return { acknowledged, before: this.before, found, lost: Math.max(0, acknowledged - found) };
  }

  /** Keys in the range that ours are from. */
  async #count(one) {
    const { keySize, keys } = this.options;
    const rangeEnd = Buffer.concat([keyOf(keySize, keys - 1), Buffer.from([0])]);
    const message = rangeMessage(keyOf(keySize, 0), { rangeEnd, countOnly: true });
    const answer = await one.ask(RANGE, message);
    return Number(answer.get(RANGE_COUNT_FIELD) ?? 0n);
  }

  async #with(clients, conns, work) {
    const { timeoutMs } = this.options;
    const opened = new Load(this.endpoints, { clients, conns, timeoutMs });
    try {
      await opened.connect();
      return await work(opened);
    } catch (error) {
      throw new Error(`${this.name}: ${error.message}`, { cause: error });
    } finally {
      opened.close();
    }
  }
}

/** Of all of them; null if one cannot be read. */
function cpuSecondsOf(pids) {
  if (pids.length === 0) return null;
  try {
    return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  } catch {
    return null;
  }
}
