/**
 * node:fs with faults: the functions under `FileLogDisk` and `FileBlobStore`, each of which can be made to
 * fail once or for good, or to write less than it was asked to.
 */
import { type FileSystem, NODE_FS } from '../file-system.js';

export interface Fault {
  /** Names of functions, e.g. `writev`, `fsyncSync`. */
  readonly calls: readonly string[];
  /** How many matching calls pass before the first failure. */
  readonly after?: number;
  /** How many fail; for good if left out. */
  readonly times?: number;
  readonly code: string;
  /** Writes this many bytes of the failing write first, as a full disk does. */
  readonly shortBytes?: number;
}

type Callback = (error: Error | null, ...rest: unknown[]) => void;

function trouble(code: string): Error {
  return Object.assign(new Error(`${code}: planted`), { code });
}

/** The faulty functions and how many calls failed. */
export function faultyFs(fault: Fault): { readonly system: FileSystem; failed: () => number } {
  let seen = 0;
  let failed = 0;
  const system: Record<string, unknown> = { ...NODE_FS };
  for (const call of fault.calls) {
    const real = (NODE_FS as unknown as Record<string, (...args: unknown[]) => unknown>)[call];
    if (real === undefined) throw new Error(`no such function: ${call}`);
    system[call] = (...args: unknown[]): unknown => {
      const hit = seen++ >= (fault.after ?? 0) && failed < (fault.times ?? Infinity);
      if (!hit) return real(...args);
      failed++;
      const done = args.at(-1);
      if (typeof done !== 'function') throw trouble(fault.code);
      const answer = done as Callback;
      const short = fault.shortBytes ?? 0;
      if (short === 0 || (call !== 'writev' && call !== 'write')) {
        setImmediate(answer, trouble(fault.code));
        return undefined;
      }
      // What fits goes to the disk and is reported as a short write; the next call fails.
      failed--;
      seen--;
      return shortWrite(call, args, short, answer);
    };
  }
  const shortWrite = (call: string, args: unknown[], short: number, answer: Callback): void => {
    if (spent) {
      failed++;
      setImmediate(answer, trouble(fault.code));
      return;
    }
    spent = true;
    const fd = args[0] as number;
    const chunks = call === 'writev' ? (args[1] as Uint8Array[]) : [args[1] as Uint8Array];
    const position = (call === 'writev' ? args[2] : args[4]) as number;
    const bytes = Buffer.concat(chunks).subarray(0, short);
    NODE_FS.write(fd, bytes, 0, bytes.length, position, (error, written) => {
      answer(error, written);
    });
  };
  let spent = false;
  return { system: system as unknown as FileSystem, failed: () => failed };
}
