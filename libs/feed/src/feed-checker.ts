/**
 * The consumer's proof: is a feed complete so far? Give it the headers of every message of the stream,
 * in the stream's order; it answers what each means, or what is wrong. It knows nothing but headers.
 *
 * A consumer that begins in the middle of a stream starts with the first message that begins a revision.
 */
import { type HeaderReader, type Position, Header, isWhole, readPosition } from './message.js';

export type FeedVerdict =
  | { readonly ok: true; readonly type: 'put' | 'delete'; readonly revision: number }
  /** Everything up to `revision` has been told. */
  | { readonly ok: true; readonly type: 'mark'; readonly revision: number }
  /** Changes of [from, to] are missing: list the keys anew, at `to` or later. */
  | {
      readonly ok: true;
      readonly type: 'gap';
      readonly from: number;
      readonly to: number;
      readonly revision: number;
    }
  | { readonly ok: false; readonly fault: string };

export class FeedChecker {
  #last: Position | null = null;

  /** The revision up to which the feed is complete; 0 before the first message. */
  get completeRevision(): number {
    const last = this.#last;
    if (last === null) return 0;
    return isWhole(last) ? last.revision : last.previous;
  }

  take(header: HeaderReader): FeedVerdict {
    const position = readPosition(header);
    if (position === null) return { ok: false, fault: 'not a message of a feed' };
    const last = this.#last;
    const { type, revision } = position;
    if (type === 'gap') return this.#gap(position, header);
    const fault = last === null ? beginFault(position) : followFault(last, position);
    if (fault !== null) return { ok: false, fault: `${fault} at ${revision}/${position.sub}` };
    this.#last = position;
    return { ok: true, type, revision };
  }

  #gap(position: Position, header: HeaderReader): FeedVerdict {
    const from = Number(header(Header.FROM));
    const to = Number(header(Header.TO));
    const last = this.#last;
    if (!(from >= 1 && to >= from && to === position.revision)) {
      return { ok: false, fault: `a gap without extent: [${from}, ${to}]` };
    }
    if (last !== null) {
      // A revision of which a part is missing belongs to the gap.
      const joined = isWhole(last)
        ? position.previous === last.revision
        : position.previous === last.previous && from <= last.revision;
      if (!joined && from > this.completeRevision + 1) {
        return { ok: false, fault: `changes before the gap of ${from} are missing` };
      }
      if (to < last.revision) return { ok: false, fault: `a gap to ${to} after ${last.revision}` };
    }
    this.#last = position;
    return { ok: true, type: 'gap', from, to, revision: to };
  }
}

function beginFault(position: Position): string | null {
  return position.sub === 0 ? null : 'begins in the middle of a revision';
}

function followFault(last: Position, now: Position): string | null {
  if (last.cluster !== now.cluster) return 'a message of another cluster';
  if (!isWhole(last)) {
    if (now.type === 'mark' || now.revision !== last.revision) return 'changes are missing before';
    if (now.sub <= last.sub) return 'told twice';
    if (last.count !== null && now.count !== null && now.count !== last.count) {
      return 'another count';
    }
    return now.sub === last.sub + 1 ? null : 'changes are missing before';
  }
  if (now.type !== 'mark' && now.revision <= last.revision) return 'told twice';
  if (now.previous !== last.revision) return 'changes are missing before';
  return now.sub === 0 ? null : 'begins in the middle of a revision';
}
