/**
 * What the generated code offers for each message.
 *
 * Encoded size is known before a byte is written, so a message is written once, into an array of
 * exactly its length. Decoded `bytes` fields are views into the input: no copy, but the view keeps
 * the whole input alive, and the input must not change afterwards.
 */
export interface Codec<T> {
  /** Full protobuf name, e.g. `etcdserverpb.PutRequest`. */
  readonly typeName: string;
  /** A message with proto3's defaults, overridden by what is given. */
  create(fields?: Partial<T>): T;
  /** The number of bytes `write` writes. */
  sizeOf(message: T): number;
  /** Writes into `out` from `at`, returns the end offset. `out` must have room. */
  write(message: T, out: Uint8Array, at: number): number;
  encode(message: T): Uint8Array;
  /** Decodes `bytes[lo, hi)`. Throws `DecodeError`, nothing else. */
  decode(bytes: Uint8Array, lo?: number, hi?: number): T;
}

/** One method of a gRPC service. */
export interface MethodDescriptor<Request = unknown, Response = unknown> {
  /** gRPC path, e.g. `/etcdserverpb.KV/Put`. */
  readonly path: string;
  /** Full service name, e.g. `etcdserverpb.KV`. */
  readonly service: string;
  readonly name: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  /** Paths of the JSON gateway: POST with the whole message as body. Empty: gRPC only. */
  readonly httpPaths: readonly string[];
}
