import { ConclaveError } from '@conclave/base';

/** What is wrong with JSON that a client sent, in the words of Go's encoding/json where it has some. */
export class JsonFault extends ConclaveError<'json'> {
  constructor(message: string) {
    super('json', message);
  }
}
