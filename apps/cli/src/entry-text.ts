/**
 * What an entry of the log says, for people: `conclavectl log dump --decode`.
 */
import { hexId } from '@conclave/base';
import type { DumpedEntry } from '@conclave/log';
import {
  ConfChangeType,
  DecodeError,
  EntryType,
  RequestField,
  decodeConfChange,
  decodeInternalRaftRequest,
} from '@conclave/wire';

const FIELD_NAMES = new Map<number, string>(
  Object.entries(RequestField).map(([name, field]) => [field, name.toLowerCase()]),
);
const CHANGE_NAMES = new Map<number, string>(
  Object.entries(ConfChangeType).map(([name, type]) => [type, name.toLowerCase()]),
);

/**
 * `index term norm <field of InternalRaftRequest> <header id, hex>`,
 * `index term conf <change>:<member id, hex>,...`; `empty` for what a new leader writes,
 * `leave_joint` for the end of a joint configuration, `unreadable` with the reason.
 */
export function decodedLine(entry: DumpedEntry): string {
  const conf = entry.type === EntryType.CONF_CHANGE;
  const head = `${entry.index} ${entry.term} ${conf ? 'conf' : 'norm'}`;
  try {
    return `${head} ${conf ? confText(entry.data) : requestText(entry.data)}`;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return `${head} unreadable ${error.message}`;
  }
}

function requestText(data: Uint8Array): string {
  if (data.length === 0) return 'empty';
  const { header, field } = decodeInternalRaftRequest(data);
  const name = field === 0 ? 'none' : (FIELD_NAMES.get(field) ?? `field_${field}`);
  return `${name} ${hexId(header.ID)}`;
}

function confText(data: Uint8Array): string {
  const { changes } = decodeConfChange(data);
  if (changes.length === 0) return 'leave_joint';
  return changes.map(({ type, id }) => `${CHANGE_NAMES.get(type) ?? type}:${hexId(id)}`).join(',');
}
