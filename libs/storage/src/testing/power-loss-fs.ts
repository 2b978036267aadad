/**
 * node:fs until the power goes: the `after`-th write is torn page by page, and nobody hears of anything
 * any more. The files then hold what a disk would.
 */
import type { Random } from '@conclave/base';
import { type FileSystem, NODE_FS } from '../file-system.js';

const PAGE = 4096;

type Callback = (...args: unknown[]) => void;

export function powerLossFs(
  after: number,
  random: Random,
): { readonly system: FileSystem; dead: () => boolean } {
  let dead = false;
  let writes = 0;
  const system: Record<string, unknown> = { ...NODE_FS };
  const calls = ['open', 'close', 'fdatasync', 'fsync', 'read', 'rename', 'rm', 'unlink'];
  for (const call of [...calls, 'write', 'writev']) {
    const real = (NODE_FS as unknown as Record<string, Callback>)[call] as Callback;
    system[call] = (...args: unknown[]): void => {
      if (dead) return;
      const done = args.pop() as Callback;
      if ((call === 'write' || call === 'writev') && writes++ === after) {
        dead = true;
        const chunks = call === 'writev' ? (args[1] as Uint8Array[]) : [args[1] as Uint8Array];
        const position = (call === 'writev' ? args[2] : args[4]) as number;
        tear(args[0] as number, Buffer.concat(chunks), position, random);
        return;
      }
      real(...args, (...answer: unknown[]) => {
        if (!dead) done(...answer);
      });
    };
  }
  return { system: system as unknown as FileSystem, dead: () => dead };
}

/** Each page of the write is kept, lost, or torn at a byte; pages are those of the file. */
function tear(fd: number, bytes: Buffer, position: number, random: Random): void {
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(PAGE - ((position + at) % PAGE), bytes.length - at);
    const fate = random.below(3);
    if (fate === 0) NODE_FS.writeSync(fd, bytes, at, length, position + at);
    if (fate === 1) {
      const cut = random.below(length);
      if (random.chance(0.5)) NODE_FS.writeSync(fd, bytes, at, cut, position + at);
      else NODE_FS.writeSync(fd, bytes, at + cut, length - cut, position + at + cut);
    }
    at += length;
  }
}
