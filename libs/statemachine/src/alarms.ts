/**
 * Alarms that are raised, each for one member and of one type (spec 2.10). An operator puts them down.
 *
 * Any member id and any type number is taken, as etcd does; beyond `ALARMS_MAX` only alarms of members
 * are, so that nobody can fill the memory with alarms of nobody.
 */
import type { EngineOp, EngineRow } from '@conclave/base';
import { AlarmType } from '@conclave/wire';
import { alarmKey, keyId } from './rows.js';
import type { Alarm } from './types.js';

/** Alarms of ids that are no members are refused from here on. */
export const ALARMS_MAX = 1_000;

const NOTHING = new Uint8Array(0);

export class Alarms {
  #list: readonly Alarm[] = [];
  readonly #dirty = new Map<string, Alarm>();

  /** Sorted by member, then type. */
  get list(): readonly Alarm[] {
    return this.#list;
  }

  has(type: number): boolean {
    return this.#list.some((alarm) => alarm.alarm === type);
  }

  ofType(type: number): readonly Alarm[] {
    return type === AlarmType.NONE ? this.#list : this.#list.filter((a) => a.alarm === type);
  }

  /** The alarm, raised now or before; null: type NONE, or there are too many. */
  activate(memberId: bigint, type: number, isMember: boolean): Alarm | null {
    if (type === AlarmType.NONE) return null;
    const present = this.#find(memberId, type);
    if (present !== undefined) return present;
    if (this.#list.length >= ALARMS_MAX && !isMember) return null;
    const alarm: Alarm = { memberId, alarm: type };
    this.#list = [...this.#list, alarm].sort(compareAlarms);
    this.#dirty.set(nameOf(alarm), alarm);
    return alarm;
  }

  /** The alarm that was put down; null: there was none. */
  deactivate(memberId: bigint, type: number): Alarm | null {
    const present = this.#find(memberId, type);
    if (present === undefined) return null;
    this.#list = this.#list.filter((alarm) => alarm !== present);
    this.#dirty.set(nameOf(present), present);
    return present;
  }

  restore(row: EngineRow): string | null {
    const memberId = keyId(row.key, 0, 2);
    const type = keyId(row.key, 1, 2);
    if (memberId === null || type === null) return 'state: bad alarm row';
    this.#list = [...this.#list, { memberId, alarm: Number(BigInt.asIntN(64, type)) }].sort(
      compareAlarms,
    );
    return null;
  }

  reset(): void {
    this.#list = [];
    this.#dirty.clear();
  }

  takeOps(ops: EngineOp[]): void {
    for (const alarm of this.#dirty.values()) {
      const key = alarmKey(alarm.memberId, alarm.alarm);
      const raised = this.#find(alarm.memberId, alarm.alarm) !== undefined;
      ops.push(raised ? { type: 'put', key, value: NOTHING } : { type: 'delete', key });
    }
    this.#dirty.clear();
  }

  rows(): EngineRow[] {
    return this.#list.map((a) => ({ key: alarmKey(a.memberId, a.alarm), value: NOTHING }));
  }

  #find(memberId: bigint, type: number): Alarm | undefined {
    return this.#list.find((alarm) => alarm.memberId === memberId && alarm.alarm === type);
  }
}

function nameOf(alarm: Alarm): string {
  return `${alarm.memberId}/${alarm.alarm}`;
}

function compareAlarms(a: Alarm, b: Alarm): number {
  if (a.memberId !== b.memberId) return a.memberId < b.memberId ? -1 : 1;
  return a.alarm - b.alarm;
}
