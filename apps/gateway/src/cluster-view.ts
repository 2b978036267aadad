/**
 * What the client edge asks about "the node": a gateway answers for the cluster it routes to, from
 * what a member said a moment ago.
 */
import { Status } from '@conclave/base';
import { type AlarmName, type NodeVersions, type NodeView, callOnce } from '@conclave/edge';
import {
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  DecodeError,
  StatusRequest,
  StatusResponse,
} from '@conclave/wire';
import type { Router } from '@conclave/client';
import { FALLBACK_ETCD_VERSION } from './version.js';

const STATUS = '/etcdserverpb.Maintenance/Status';
const ALARM = '/etcdserverpb.Maintenance/Alarm';
const ASK_MS = 2_000;
const ANSWER_MS = 1_500;

const NAMES: Readonly<Record<number, AlarmName>> = {
  [AlarmType.NOSPACE]: 'NOSPACE',
  [AlarmType.CORRUPT]: 'CORRUPT',
};

export class ClusterView implements NodeView {
  readonly #router: Router;
  #versions: NodeVersions = { server: FALLBACK_ETCD_VERSION, cluster: null, storage: null };
  #alarms: readonly AlarmName[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(router: Router) {
    this.#router = router;
  }

  /** Begins to ask; the first time at once. */
  start(): void {
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), ASK_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #ask(): void {
    if (!this.#router.hasLeader) return;
    const status = StatusRequest.encode(StatusRequest.create());
    callOnce(this.#router, STATUS, status, ANSWER_MS, (code, _text, bytes) => {
      if (code === Status.OK && bytes !== null) this.#learnStatus(bytes);
    });
  }

  /** Goes through the Raft log, as in etcd: so only when Status has told that something is wrong. */
  #askAlarms(): void {
    const alarms = AlarmRequest.encode(AlarmRequest.create());
    callOnce(this.#router, ALARM, alarms, ANSWER_MS, (code, _text, bytes) => {
      if (code === Status.OK && bytes !== null) this.#learnAlarms(bytes);
    });
  }

  #learnStatus(bytes: Uint8Array): void {
    const status = decoded(() => StatusResponse.decode(bytes));
    if (status === null || status.version === '') return;
    if (status.errors.length === 0) this.#alarms = [];
    else this.#askAlarms();
    const [major, minor] = status.version.split('.');
    this.#versions = {
      server: status.version,
      cluster: `${major}.${minor}.0`,
      storage: status.storageVersion === '' ? null : status.storageVersion,
    };
  }

  #learnAlarms(bytes: Uint8Array): void {
    const answer = decoded(() => AlarmResponse.decode(bytes));
    if (answer === null) return;
    this.#alarms = answer.alarms.map((a) => NAMES[a.alarm] ?? 'UNKNOWN');
  }

  versions(): NodeVersions {
    return this.#versions;
  }

  alarms(): readonly AlarmName[] {
    return this.#alarms;
  }

  hasLeader(): boolean {
    return this.#router.hasLeader;
  }

  isLearner(): boolean {
    return false;
  }
}

function decoded<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
