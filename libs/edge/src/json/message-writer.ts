/**
 * From a message of `wire` to the JSON of etcd's gateway: names as in .proto, defaults left out, 64-bit
 * integers as strings, bytes as base64, enums by name.
 */
import type { FieldPlan, MessagePlan } from './message-plan.js';
import { quoteText, toBase64 } from './text.js';

type Values = Readonly<Record<string, unknown>>;

/** One line of JSON, without a line end. */
export function writeMessage(plan: MessagePlan, message: object): string {
  const values = message as Values;
  let out = '{';
  for (const field of plan.fields) {
    const text = fieldText(field, values);
    if (text === '') continue;
    if (out.length > 1) out += ',';
    out += field.label + text;
  }
  return `${out}}`;
}

/** '' for a field that has its default value. */
function fieldText(field: FieldPlan, values: Values): string {
  const { property, oneof, isRepeated } = field.shape;
  if (oneof !== null) {
    const chosen = values[oneof] as (Values & { $case: string }) | null;
    return chosen?.$case === property ? valueText(field, chosen[property]) : '';
  }
  const value = values[property];
  if (isRepeated) {
    const list = value as readonly unknown[];
    return list.length === 0 ? '' : `[${list.map((one) => valueText(field, one)).join(',')}]`;
  }
  return isDefault(value) ? '' : valueText(field, value);
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === null || value === 0 || value === 0n || value === false || value === '';
}

function valueText(field: FieldPlan, value: unknown): string {
  if (field.message !== null) return writeMessage(field.message, value as object);
  switch (field.shape.kind) {
    case 'bytes':
      return `"${toBase64(value as Uint8Array)}"`;
    case 'string':
      return quoteText(value as string);
    case 'int64':
    case 'uint64':
      return `"${String(value)}"`;
    case 'enum': {
      const name = field.enum?.names.get(value as number);
      return name === undefined ? String(value) : `"${name}"`;
    }
    default:
      return String(value);
  }
}
