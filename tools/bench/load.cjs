'use strict';
// Drives one system: many clients on few connections, each with one call under way (closed loop), or
// calls at a given rate whatever the answers do (open loop; then latency counts from the moment a call
// was due, so a stall is not hidden by the calls it kept from being sent).

const { Connection, newCall } = require('./connection.cjs');
const { Histogram } = require('./histogram.cjs');
const { decodeMessage } = require('./workload.cjs');

const RESILENT_MS = 100;
const SILENT_MS = 10_000;
const SWEEP_MS = 100;
/** Open loop: most calls started between two looks at the clock's other duties. */
const BURST_MAX = 1_000;
const ERROR_CODES_MAX = 100;
const GRPC_HEAD_BYTES = 5;

/** A connection slot: the connection, which may be replaced, and the clients that live on it. */
class Slot {
  connection = null;
  idle = [];
  starting = [];
  why = 'connecting';
}

class Load {
  #endpoints;
  #options;
  #slots = [];
  #run = null;
  #closed = false;
  #turnAt = 0;
  #lastReady = performance.now();

  /** `endpoints`: [{host, port}]; `options`: clients, conns, timeoutMs. */
  constructor(endpoints, options) {
    this.#endpoints = endpoints;
    this.#options = options;
    const conns = Math.min(options.conns, options.clients);
    for (let i = 0; i < conns; i++) this.#slots.push(new Slot());
    for (let i = 0; i < options.clients; i++) this.#slots[i % conns].idle.push(newCall());
  }

  /** Opens all connections; rejects if one cannot be opened in `connectMs` (else: the timeout of a call). */
  connect() {
    const until = performance.now() + (this.#options.connectMs ?? this.#options.timeoutMs);
    this.#slots.forEach((slot, i) => this.#open(slot, this.#endpoints[i % this.#endpoints.length]));
    return new Promise((resolve, reject) => {
      const look = () => {
        const missing = this.#slots.find((slot) => !slot.connection.ready);
        if (missing === undefined) resolve();
        else if (performance.now() > until) reject(new Error(`no connection: ${missing.why}`));
        else setTimeout(look, 5);
      };
      look();
    });
  }

  close() {
    this.#closed = true;
    for (const slot of this.#slots) slot.connection?.close();
  }

  /** One call outside any run; its answer as fields. Rejects on any other status. */
  ask(path, message) {
    const slot = this.#slots[0];
    const call = newCall();
    call.capture = [];
    return new Promise((resolve, reject) => {
      call.settle = (code, text) => {
        if (code !== '0') reject(new Error(`${path}: status ${code} ${text}`));
        else resolve(decodeMessage(Buffer.concat(call.capture).subarray(GRPC_HEAD_BYTES)));
      };
      if (!slot.connection.hasRoom) {
        reject(new Error(`${path}: no connection`));
        return;
      }
      slot.connection.send(call, path, message);
      call.sent = performance.now();
      slot.connection.flush();
      setTimeout(() => slot.connection.cancel(call, 'timeout'), this.#options.timeoutMs).unref();
    });
  }

  /**
   * One phase: `until` is {total} or {seconds}, and `rate` may be 0. Resolves when every call has ended.
   * One run at a time.
   */
  run(workload, { total = Infinity, seconds = Infinity, rate = 0 }) {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const run = {
      ...{ workload, total, rate, start },
      deadline: start + seconds * 1000,
      ...{ issued: 0, under: 0, ok: 0, failed: 0, last: start },
      errors: new Map(),
      latency: new Histogram(),
    };
    this.#run = run;
    this.#lastReady = start;
    return new Promise((resolve, reject) => {
      const sweep = setInterval(() => {
        const fault = this.#sweep();
        if (fault !== null) run.end(new Error(fault));
      }, SWEEP_MS);
      run.end = (error) => {
        if (this.#run !== run) return;
        this.#run = null;
        clearInterval(sweep);
        if (error) reject(error);
        else resolve(resultOf(run, process.cpuUsage(cpu)));
      };
      this.#startAll();
      if (rate > 0) this.#tick(run);
    });
  }

  #open(slot, endpoint) {
    const connection = new Connection(endpoint.host, endpoint.port, {
      ready: () => {
        this.#turnAt ||= performance.now();
        this.#startSlot(slot);
      },
      done: (call, code, text) => this.#done(slot, call, code, text),
      turn: () => this.#turn(slot),
      closed: (why) => {
        slot.why = `${endpoint.host}:${endpoint.port}: ${why}`;
        if (this.#closed) return;
        setTimeout(() => {
          if (!this.#closed) this.#open(slot, endpoint);
        }, RESILENT_MS);
      },
    });
    slot.connection = connection;
  }

  /** Closed loop: every client begins. */
  #startAll() {
    this.#turnAt = performance.now();
    for (const slot of this.#slots) {
      this.#startSlot(slot);
      this.#turn(slot);
      slot.connection.flush();
    }
    this.#endIfDone();
  }

  #startSlot(slot) {
    const waiting = slot.idle.length;
    for (let i = 0; i < waiting && this.#mayIssue(); i++) {
      if (!slot.connection.hasRoom) return;
      this.#issue(slot, slot.idle.pop());
    }
  }

  /** Whether the run wants one more call now. */
  #mayIssue() {
    const run = this.#run;
    if (run === null || run.issued >= run.total) return false;
    if (this.#turnAt >= run.deadline) return false;
    return run.rate === 0 || dueOf(run) <= this.#turnAt;
  }

  #issue(slot, call) {
    const run = this.#run;
    const request = run.workload.next(call);
    call.start = run.rate === 0 ? 0 : dueOf(run);
    slot.starting.push(call);
    run.issued++;
    run.under++;
    slot.connection.send(call, request.path, request.message);
  }

  #done(slot, call, code, text) {
    if (call.settle !== null) {
      call.settle(code, text);
      return;
    }
    this.#turnAt ||= performance.now();
    const run = this.#run;
    if (run !== null) this.#account(run, call, code, text);
    if (this.#mayIssue() && slot.connection.hasRoom) this.#issue(slot, call);
    else slot.idle.push(call);
  }

  #account(run, call, code, text) {
    run.under--;
    run.last = this.#turnAt;
    const fault = code === '0' ? run.workload.accept(call) : code;
    if (fault === null) {
      run.ok++;
      run.latency.record(this.#turnAt - call.start);
      return;
    }
    run.failed++;
    const known = run.errors.get(fault);
    if (known !== undefined) known.count++;
    else if (run.errors.size < ERROR_CODES_MAX) run.errors.set(fault, { count: 1, text });
  }

  /** The end of a turn: what it started leaves now. */
  #turn(slot) {
    const now = performance.now();
    for (const call of slot.starting) {
      call.sent = now;
      if (call.start === 0) call.start = now;
    }
    slot.starting.length = 0;
    this.#turnAt = 0;
    this.#endIfDone();
  }

  #endIfDone() {
    const run = this.#run;
    if (run === null || run.under > 0) return;
    const over = performance.now() >= run.deadline;
    if (run.issued >= run.total || over) run.end();
  }

  /** Open loop: starts what is due, on clients in turn. */
  #tick(run) {
    if (this.#run !== run) return;
    let at = run.issued;
    for (let left = BURST_MAX, barren = 0; left > 0 && barren < this.#slots.length; left--) {
      this.#turnAt = performance.now();
      if (!this.#mayIssue()) break;
      const slot = this.#slots[at++ % this.#slots.length];
      if (slot.idle.length === 0 || !slot.connection.hasRoom) {
        barren++;
        continue;
      }
      barren = 0;
      this.#issue(slot, slot.idle.pop());
    }
    for (const slot of this.#slots) {
      if (slot.starting.length === 0) continue;
      this.#turn(slot);
      slot.connection.flush();
    }
    this.#turnAt = 0;
    if (this.#run === run) setTimeout(() => this.#tick(run), 1);
  }

  /** Gives up calls that take too long, sees the deadline pass; a reason to stop, or null. */
  #sweep() {
    const now = performance.now();
    for (const slot of this.#slots) {
      const { connection } = slot;
      if (connection.ready) this.#lastReady = now;
      for (const call of [...connection.calls.values()]) {
        if (call.settle === null && now - call.sent > this.#options.timeoutMs) {
          connection.cancel(call, 'timeout');
        }
      }
      this.#turnAt = now;
      if (connection.ready && this.#run?.rate === 0) this.#startSlot(slot);
      this.#turn(slot);
      connection.flush();
    }
    this.#endIfDone();
    const silent = now - this.#lastReady > SILENT_MS;
    return silent ? `no connection for ${SILENT_MS} ms: ${this.#slots[0].why}` : null;
  }
}

const dueOf = (run) => run.start + (run.issued * 1000) / run.rate;

function resultOf(run, cpu) {
  const ms = Math.max(0.001, run.last - run.start);
  const due = Math.min(run.total, Math.floor(((run.deadline - run.start) * run.rate) / 1000));
  const { latency } = run;
  return {
    requests: run.issued,
    ok: run.ok,
    failed: run.failed,
    /** Open loop: calls that were due and never sent, because every client was waiting. */
    unsent: run.rate === 0 ? 0 : Math.max(0, due - run.issued),
    seconds: ms / 1000,
    perSecond: (run.ok * 1000) / ms,
    errors: Object.fromEntries(run.errors),
    latencyMs: {
      mean: latency.mean,
      p50: latency.quantile(0.5),
      p90: latency.quantile(0.9),
      p99: latency.quantile(0.99),
      p999: latency.quantile(0.999),
      max: latency.max,
    },
    clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}

module.exports = { Load };
