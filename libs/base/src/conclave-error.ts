/**
 * Operating trouble, at the edges of the program (adapters, apps, SDK).
 *
 * Pure rooms return trouble as values, `{ok: false, code, ...}`; only edges throw. Callers branch on
 * `code`, never on the message.
 */
export class ConclaveError<Code extends string = string> extends Error {
  override readonly name = 'ConclaveError';
  readonly code: Code;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fields = fields;
  }
}
