/** Which session a write belongs to, from its metadata (names in `base`). */
import { type Metadata, NUMBER_MAX, SessionMetadata } from '@conclave/base';

export interface WriteSession {
  readonly session: bigint;
  readonly sequence: number;
  readonly lowestUnanswered: number;
}

const NO_SESSION: WriteSession = Object.freeze({
  session: 0n,
  sequence: 0,
  lowestUnanswered: 0,
});

/** The session's id; 0n: not under a session; null: malformed. */
export function sessionIdOf(metadata: Metadata): bigint | null {
  const text = metadata.get(SessionMetadata.SESSION);
  if (text === undefined) return 0n;
  if (text.length !== 16) return null;
  for (let i = 0; i < 16; i++) if (!isHexDigit(text.charCodeAt(i))) return null;
  const id = BigInt(`0x${text}`);
  return id === 0n ? null : id;
}

/** Null: malformed, so that the write is refused rather than made without its guard. */
export function writeSessionOf(metadata: Metadata): WriteSession | null {
  const session = sessionIdOf(metadata);
  if (session === 0n) return NO_SESSION;
  const sequence = decimal(metadata.get(SessionMetadata.SEQUENCE));
  const lowestUnanswered = decimal(metadata.get(SessionMetadata.LOWEST));
  if (session === null || sequence === null || lowestUnanswered === null) return null;
  if (lowestUnanswered < 1 || lowestUnanswered > sequence) return null;
  return { session, sequence, lowestUnanswered };
}

function isHexDigit(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66);
}

/** A safe non-negative integer in decimal; null when it is none. */
function decimal(text: string | undefined): number | null {
  if (text === undefined || text.length === 0 || text.length > 16) return null;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return null;
  }
  const n = Number(text);
  return n <= NUMBER_MAX ? n : null;
}
