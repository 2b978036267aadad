/**
 * What a message looks like, for code that walks over fields by a table: the JSON gateway. Generated from
 * the same .proto files as the codecs, so the two cannot differ.
 */
export type FieldKind =
  'bytes' | 'string' | 'bool' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'enum' | 'message';

export interface FieldShape {
  /** As in the .proto file, e.g. `range_end`. */
  readonly name: string;
  /** As JSON has it, e.g. `rangeEnd`. */
  readonly jsonName: string;
  /** Property of our object; within a oneof, property of its case. */
  readonly property: string;
  readonly kind: FieldKind;
  /** Full name of the enum or message; '' for everything else. */
  readonly type: string;
  readonly isRepeated: boolean;
  /** A 64-bit integer that is a `number` in our object; otherwise it is a `bigint`. */
  readonly isNumber: boolean;
  /** Property of our object that holds the oneof this field is a case of. */
  readonly oneof: string | null;
}

export interface MessageShape {
  /** Full protobuf name. */
  readonly typeName: string;
  /** A message with proto3's defaults. */
  readonly create: () => object;
  /** By ascending field number. */
  readonly fields: readonly FieldShape[];
}

export interface EnumShape {
  /** Full protobuf name, e.g. `etcdserverpb.RangeRequest.SortTarget`. */
  readonly typeName: string;
  /** Name to number. */
  readonly values: Readonly<Record<string, number>>;
}
