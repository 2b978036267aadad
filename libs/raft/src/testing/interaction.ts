/**
 * The command language of the transcripts in testdata/: a few members, a network that holds every
 * message until it is told to deliver or drop it, and commands that move one thing at a time.
 * See libs/raft/README.md for the list of commands.
 *
 * A line may end with `=> text`: its output must contain the text, or with `!> text`: it must not.
 * Such a claim holds even when transcripts are rewritten.
 */
import type { RaftMessage } from '@conclave/wire';
import type { Slot } from '../ready.js';
import { formatEvent, formatMessage, typeName } from './format.js';
import type { StateImage } from './member.js';
import { Member } from './member.js';
import { COMMANDS } from './commands.js';

export type LogLevel = 'quiet' | 'events' | 'all';

/** Arguments of a command: words, and `key=value` options. */
export interface Arguments {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export class Interaction {
  readonly members = new Map<Slot, Member>();
  network: RaftMessage[] = [];
  logLevel: LogLevel = 'all';
  readonly images = new Map<number, StateImage>();
  readonly #leaders = new Map<number, Slot>();
  #lines: string[] = [];

  /** Adds a line to the transcript. */
  print(line: string): void {
    this.#lines.push(line);
  }

  detail(line: string): void {
    if (this.logLevel === 'all') this.print(line);
  }

  member(slot: string | number | undefined): Member {
    const member = this.members.get(Number(slot));
    if (member === undefined) throw new Error(`no member ${slot}`);
    return member;
  }

  addMember(make: (ports: ConstructorParameters<typeof Member>[3]) => Member): void {
    const member = make({
      images: this.images,
      send: (m) => this.send(m),
      applied: () => {},
      event: (slot, e) => {
        if (this.logLevel !== 'quiet') this.print(`  ${slot} ${formatEvent(e)}`);
        if (e.kind === 'role' && e.role === 'leader') this.#noteLeader(slot, e.term);
      },
    });
    this.members.set(member.slot, member);
  }

  #noteLeader(slot: Slot, term: number): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== slot) throw new Error(`two leaders in term ${term}`);
    this.#leaders.set(term, slot);
  }

  send(m: RaftMessage): void {
    Object.freeze(m);
    Object.freeze(m.entries);
    this.network.push(m);
    this.detail(`  sends ${formatMessage(m)}`);
  }

  /** Messages that fit `to`, `from` and `type`, taken out of the network, in order. */
  take(options: ReadonlyMap<string, string>): RaftMessage[] {
    const taken: RaftMessage[] = [];
    const kept: RaftMessage[] = [];
    const limit = Number(options.get('count') ?? Infinity);
    for (const m of this.network) {
      if (taken.length < limit && fits(m, options)) taken.push(m);
      else kept.push(m);
    }
    this.network = kept;
    return taken;
  }

  deliver(m: RaftMessage): void {
    const to = this.members.get(m.to);
    if (to === undefined || !to.alive) return;
    this.detail(`  delivers ${formatMessage(m)}`);
    to.step(m);
  }

  /** Runs one block of command lines; answers what they print. */
  run(lines: readonly string[]): string {
    const out: string[] = [];
    for (const line of lines) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      this.#lines = [];
      this.#runLine(line);
      out.push(...this.#lines);
    }
    return out.length === 0 ? 'ok' : out.join('\n');
  }

  #runLine(line: string): void {
    const claim = /^(.*?)\s+([=!])>\s+(.*)$/.exec(line);
    const command = claim === null ? line : (claim[1] as string);
    const parsed = parse(command);
    const run = COMMANDS.get(parsed.name);
    if (run === undefined) throw new Error(`unknown command: ${command}`);
    run(this, parsed.args);
    if (claim === null) return;
    const found = this.#lines.some((l) => l.includes(claim[3] as string));
    if (found !== (claim[2] === '=')) {
      throw new Error(`claim failed: ${line}\n${this.#lines.join('\n')}`);
    }
  }
}

function fits(m: RaftMessage, options: ReadonlyMap<string, string>): boolean {
  const to = options.get('to');
  const from = options.get('from');
  const type = options.get('type');
  if (to !== undefined && !slots(to).includes(m.to)) return false;
  if (from !== undefined && !slots(from).includes(m.from)) return false;
  return type === undefined || type.split(',').includes(typeName(m.type));
}

/** `1`, `1,2` or `(1,2)`. */
export function slots(list: string | undefined): Slot[] {
  if (list === undefined) return [];
  const bare = list.replace(/[()]/g, '');
  return bare === '' ? [] : bare.split(',').map(Number);
}

function parse(line: string): { name: string; args: Arguments } {
  const [name = '', ...rest] = line.trim().split(/\s+/);
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at > 0) options.set(part.slice(0, at), part.slice(at + 1));
    else words.push(part);
  }
  return { name, args: { words, options } };
}
