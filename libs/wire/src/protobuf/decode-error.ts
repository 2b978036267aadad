import { ConclaveError } from '@conclave/base';

/**
 * The only thing a decoder of this room throws: bytes from outside that break their format.
 *
 * The texts of protobuf faults are those etcd's decoder uses, because they reach clients behind
 * `grpc: error unmarshalling request: `. Callers branch on the class or on `code`.
 */
export class DecodeError extends ConclaveError<'decode'> {
  constructor(message: string) {
    super('decode', message);
  }
}

/** Throws; a function of its own keeps decoders small enough to be inlined. */
export function failDecode(message: string): never {
  throw new DecodeError(message);
}
