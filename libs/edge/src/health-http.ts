/**
 * `/health`, `/livez` and `/readyz`: status codes, bodies, parameters and metrics as etcd's.
 *
 * `/health` looks at alarms, then at the leader, then reads from the store, and answers JSON.
 * `/livez` and `/readyz` are lists of named checks, each also a path of its own.
 */
import type { ServerResponse } from 'node:http';

import type { LogLevel, Probe } from '@conclave/base';

import { PLAIN_TEXT, sendBody, sendError } from './http-answer.js';
import type { NodeView } from './node-view.js';
import type { StoreCheck } from './store-check.js';

/** `done(null)` if all is well, else why not. */
type Check = (done: (why: string | null) => void) => void;
type Group = 'livez' | 'readyz';

const OK = 200;
const UNAVAILABLE = 503;

export class HealthHttp {
  readonly #view: NodeView;
  readonly #store: StoreCheck;
  readonly #probe: Probe;
  readonly #groups: Readonly<Record<Group, ReadonlyMap<string, Check>>>;

  constructor(view: NodeView, store: StoreCheck, probe: Probe) {
    this.#view = view;
    this.#store = store;
    this.#probe = probe;
    const local: Check = (done) => store(true, done);
    const quorum: Check = (done) => store(false, done);
    const corruption: Check = (done) =>
      done(view.alarms().includes('CORRUPT') ? 'alarm activated: CORRUPT' : null);
    const nonLearner: Check = (done) => done(view.isLearner() ? 'not supported for learner' : null);
    this.#groups = {
      livez: new Map([['serializable_read', local]]),
      readyz: new Map([
        ['data_corruption', corruption],
        ['serializable_read', local],
        ['linearizable_read', quorum],
        ['non_learner', nonLearner],
      ]),
    };
  }

  /** `/health`. */
  health(query: URLSearchParams, response: ServerResponse): void {
    const serializable = query.get('serializable') === 'true';
    const excluded = new Set(query.getAll('exclude'));
    const alarm = this.#view.alarms().find((name) => !excluded.has(name));
    if (alarm !== undefined) {
      this.#log('warn', 'serving /health false due to an alarm', { alarm });
      this.#healthAnswer(response, `ALARM ${alarm}`);
    } else if (!serializable && !this.#view.hasLeader()) {
      this.#log('warn', 'serving /health false; no leader', {});
      this.#healthAnswer(response, 'RAFT NO LEADER');
    } else {
      this.#store(serializable, (why) => {
        if (why !== null) this.#log('warn', 'serving /health false; Range fails', { error: why });
        this.#healthAnswer(response, why === null ? '' : `RANGE ERROR:${why}`);
      });
    }
  }

  #healthAnswer(response: ServerResponse, reason: string): void {
    const isHealthy = reason === '';
    const body = JSON.stringify({ health: String(isHealthy), reason });
    this.#probe.count(isHealthy ? 'etcd_server_health_success' : 'etcd_server_health_failures');
    if (isHealthy) {
      this.#log('debug', '/health OK', { 'status-code': OK });
      sendBody(response, OK, PLAIN_TEXT, body);
    } else {
      this.#log('warn', '/health error', { output: body, 'status-code': UNAVAILABLE });
      sendError(response, UNAVAILABLE, body);
    }
  }

  /**
   * `/livez`, `/readyz` and their sub-paths: true if `path` is one of them, and then it is answered.
   */
  answers(path: string): boolean {
    const [, group = '', check, more] = path.split('/');
    if (!this.#isGroup(group) || more !== undefined) return false;
    return check === undefined || this.#groups[group].has(check);
  }

  #isGroup(name: string): name is Group {
    return name === 'livez' || name === 'readyz';
  }

  /** Answers a path that `answers`. */
  checks(path: string, query: URLSearchParams, response: ServerResponse): void {
    const [, group = '', only] = path.split('/');
    if (!this.#isGroup(group)) return;
    const excluded = new Set(only === undefined ? query.getAll('exclude') : []);
    const names = [...this.#groups[group].keys()].filter((name) =>
      only === undefined ? !excluded.has(name) : name === only,
    );
    this.#run(group, names, (reasons) => {
      this.#answer(`/${group}`, names, reasons, query.has('verbose'), response);
    });
  }

  /** Runs the checks side by side; `done` gets what each said, in the order of `names`. */
  #run(group: Group, names: readonly string[], done: (reasons: (string | null)[]) => void): void {
    const reasons = names.map((): string | null => null);
    let waiting = names.length;
    if (waiting === 0) done(reasons);
    names.forEach((name, i) => {
      this.#groups[group].get(name)?.((why) => {
        reasons[i] = why;
        this.#record(group, name, why === null);
        if (--waiting === 0) done(reasons);
      });
    });
  }

  #record(type: Group, name: string, isGood: boolean): void {
    const status = isGood ? 'success' : 'error';
    this.#probe.gauge('etcd_server_healthcheck', isGood ? 1 : 0, { type, name });
    this.#probe.count('etcd_server_healthchecks_total', 1, { type, name, status });
  }

  #answer(
    path: string,
    names: readonly string[],
    reasons: readonly (string | null)[],
    isVerbose: boolean,
    response: ServerResponse,
  ): void {
    let lines = '';
    names.forEach((name, i) => {
      const why = reasons[i] ?? null;
      lines += why === null ? `[+]${name} ok\n` : `[-]${name} failed: ${why}\n`;
    });
    if (reasons.some((why) => why !== null)) {
      this.#log('warn', 'Health check error', { path, reason: lines, 'status-code': UNAVAILABLE });
      sendError(response, UNAVAILABLE, lines);
      return;
    }
    response.setHeader('X-Content-Type-Options', 'nosniff');
    sendBody(response, OK, PLAIN_TEXT, isVerbose ? `${lines}ok\n` : 'ok\n');
  }

  #log(level: LogLevel, message: string, fields: Record<string, string | number>): void {
    this.#probe.log(level, message, fields);
  }
}
