/**
 * The tables of HPACK (RFC 7541 section 2.3): 61 fixed fields, and those the client entered.
 *
 * Invariant: the size of the entered fields (name + value + 32 each) is at most `limit`; hence there
 * are never more than `SLOTS` of them.
 */
import { assertLe } from '@conclave/base';

import { TABLE_BYTES_DEFAULT } from './frames.js';

/** The fixed table as name, value, name, value, ...; index 1 is at 0. */
export const STATIC_FIELDS: readonly string[] = Object.freeze(
  (
    ':authority||:method|GET|:method|POST|:path|/|:path|/index.html|:scheme|http|:scheme|https|' +
    ':status|200|:status|204|:status|206|:status|304|:status|400|:status|404|:status|500|' +
    'accept-charset||accept-encoding|gzip, deflate|accept-language||accept-ranges||accept||' +
    'access-control-allow-origin||age||allow||authorization||cache-control||' +
    'content-disposition||content-encoding||content-language||content-length||' +
    'content-location||content-range||content-type||cookie||date||etag||expect||expires||from||' +
    'host||if-match||if-modified-since||if-none-match||if-range||if-unmodified-since||' +
    'last-modified||link||location||max-forwards||proxy-authenticate||proxy-authorization||' +
    'range||referer||refresh||retry-after||server||set-cookie||strict-transport-security||' +
    'transfer-encoding||user-agent||vary||via||www-authenticate|'
  ).split('|'),
);
export const STATIC_COUNT = 61;

const FIELD_OVERHEAD_BYTES = 32;
const SLOTS = TABLE_BYTES_DEFAULT / FIELD_OVERHEAD_BYTES;

/** The fields a client entered, the newest at index 0. */
export class FieldTable {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #areValid: boolean[] = [];
  /** The slot of the newest field. */
  #newest = 0;
  #count = 0;
  #bytes = 0;
  #limit = TABLE_BYTES_DEFAULT;
  #generation = 0;

  get count(): number {
    return this.#count;
  }

  /** Grows with every change: equal generations mean equal tables. */
  get generation(): number {
    return this.#generation;
  }

  name(index: number): string {
    return this.#names[this.#slot(index)] as string;
  }

  value(index: number): string {
    return this.#values[this.#slot(index)] as string;
  }

  /** False if the field breaks a rule for names or values. */
  isValid(index: number): boolean {
    return this.#areValid[this.#slot(index)] as boolean;
  }

  #slot(index: number): number {
    return (this.#newest - index + SLOTS) % SLOTS;
  }

  /** A field larger than the table empties it and is not entered (RFC 7541 section 4.4). */
  enter(name: string, value: string, isValid: boolean): void {
    const bytes = name.length + value.length + FIELD_OVERHEAD_BYTES;
    this.#generation++;
    this.#shrinkTo(this.#limit - bytes);
    if (bytes > this.#limit) return;
    this.#newest = (this.#newest + 1) % SLOTS;
    this.#names[this.#newest] = name;
    this.#values[this.#newest] = value;
    this.#areValid[this.#newest] = isValid;
    this.#count++;
    this.#bytes += bytes;
    assertLe(this.#count, SLOTS, 'every field has its slot');
  }

  resize(limit: number): void {
    assertLe(limit, TABLE_BYTES_DEFAULT, 'we never allow a larger table');
    this.#generation++;
    this.#limit = limit;
    this.#shrinkTo(limit);
  }

  #shrinkTo(bytes: number): void {
    while (this.#count > 0 && this.#bytes > bytes) {
      const slot = this.#slot(this.#count - 1);
      const name = this.#names[slot] as string;
      const value = this.#values[slot] as string;
      this.#bytes -= name.length + value.length + FIELD_OVERHEAD_BYTES;
      this.#names[slot] = '';
      this.#values[slot] = '';
      this.#count--;
    }
  }
}
