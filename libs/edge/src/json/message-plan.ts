/**
 * The tables of `wire` in the form that JSON is read and written by: names to fields, enum names to
 * numbers and back, and the Go types that stand in the texts of type errors.
 */
import { assertDefined } from '@conclave/base';
import { ENUM_SHAPES, type EnumShape, type FieldShape, MESSAGE_SHAPES } from '@conclave/wire';

export interface EnumPlan {
  /** As in Go: `etcdserverpb.RangeRequest_SortTarget`. */
  readonly goName: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

export interface FieldPlan {
  readonly shape: FieldShape;
  /** For a message. */
  readonly message: MessagePlan | null;
  readonly enum: EnumPlan | null;
  /** `"name":`, as it is written. */
  readonly label: string;
}

/** Where the value of a JSON name belongs: the n-th field, by its name in .proto or by that in JSON. */
export interface NamedField {
  readonly field: number;
  readonly isJsonName: boolean;
}

export interface MessagePlan {
  readonly create: () => Record<string, unknown>;
  /** Cases of oneofs last, as Go reads them. */
  readonly fields: readonly FieldPlan[];
  readonly byName: ReadonlyMap<string, NamedField>;
}

/** Built once for all messages; the plans point at each other. */
export class MessagePlans {
  readonly #plans = new Map<string, MessagePlan>();
  readonly #enums = new Map<string, EnumPlan>();

  constructor() {
    for (const shape of ENUM_SHAPES) this.#enums.set(shape.typeName, enumPlan(shape));
    const open = new Map<string, FieldPlan[]>();
    for (const { typeName, create } of MESSAGE_SHAPES) {
      const fields: FieldPlan[] = [];
      open.set(typeName, fields);
      const byName = new Map<string, NamedField>();
      this.#plans.set(typeName, { create: create as MessagePlan['create'], fields, byName });
    }
    for (const { typeName, fields } of MESSAGE_SHAPES) {
      const plan = this.of(typeName);
      const ordered = [
        ...fields.filter((f) => f.oneof === null),
        ...fields.filter((f) => f.oneof !== null),
      ];
      ordered.forEach((shape, i) => {
        open.get(typeName)?.push(this.#field(shape));
        const byName = plan.byName as Map<string, NamedField>;
        byName.set(shape.name, { field: i, isJsonName: false });
        byName.set(shape.jsonName, { field: i, isJsonName: true });
      });
    }
  }

  /** `typeName` must be a message of the JSON gateway. */
  of(typeName: string): MessagePlan {
    return assertDefined(this.#plans.get(typeName), 'every message has a plan');
  }

  #field(shape: FieldShape): FieldPlan {
    return {
      shape,
      message: shape.kind === 'message' ? this.of(shape.type) : null,
      enum: this.#enums.get(shape.type) ?? null,
      label: `${JSON.stringify(shape.name)}:`,
    };
  }
}

function enumPlan({ typeName, values }: EnumShape): EnumPlan {
  const [first = '', ...rest] = typeName.split('.');
  const pairs = Object.entries(values);
  return {
    goName: `${first}.${rest.join('_')}`,
    numbers: new Map(pairs),
    names: new Map(pairs.map(([name, number]) => [number, name])),
  };
}
