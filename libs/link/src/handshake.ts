/**
 * The first words of every connection: `hello` from the one who dialled, `hello-answer` or `refusal`
 * from the other. Nothing else is accepted before, and only so many bytes of it.
 */
import {
  DecodeError,
  type Hello,
  type HelloAnswer,
  LINK_FORMAT,
  type LinkFrame,
  type Refusal,
  type RefusalCode,
  decodeLinkFrames,
} from '@conclave/wire';

/** A hello is a few hundred bytes; a stranger may send no more. */
export const HELLO_BYTES_MAX = 4_096;

/** Who we are, for every hello and every answer. */
export interface LinkIdentity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly incarnation: bigint;
  /** The highest feature number this build supports. */
  readonly feature: number;
  readonly name: string;
  /** What it advertises to members; a gateway has none. */
  readonly peerURLs?: readonly string[];
}

export interface RefusalReason {
  readonly code: RefusalCode;
  readonly text: string;
}

export function refusal(code: RefusalCode, text: string): Refusal {
  return { type: 'refusal', code, text };
}

function firstFrame(bytes: Uint8Array): LinkFrame | RefusalReason {
  if (bytes.length === 0 || bytes.length > HELLO_BYTES_MAX) {
    return { code: 'bad-hello', text: `a hello of ${bytes.length} bytes` };
  }
  if (bytes[0] !== LINK_FORMAT) {
    const text = `link format ${bytes[0]} is unknown here, ours is ${LINK_FORMAT}`;
    return { code: 'unknown-format', text };
  }
  try {
    const frames = decodeLinkFrames(bytes);
    if (frames.length === 1) return frames[0] as LinkFrame;
    return { code: 'bad-hello', text: `${frames.length} frames where one was expected` };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { code: 'bad-hello', text: error.message };
  }
}

/** The first message of a dialler; anything but a hello is a reason to refuse. */
export function readHello(bytes: Uint8Array): Hello | RefusalReason {
  const frame = firstFrame(bytes);
  if (!('type' in frame) || frame.type === 'hello') return frame;
  return { code: 'bad-hello', text: `a ${frame.type} frame where a hello was expected` };
}

/** The first message of the one dialled. */
export function readHelloAnswer(bytes: Uint8Array): HelloAnswer | Refusal {
  const frame = firstFrame(bytes);
  if (!('type' in frame)) return refusal(frame.code, frame.text);
  if (frame.type === 'hello-answer' || frame.type === 'refusal') return frame;
  return refusal('bad-hello', `a ${frame.type} frame where an answer to hello was expected`);
}

/** What a member knows of another one. */
export interface KnownMember {
  readonly state: 'member' | 'removed' | 'unknown';
  /** Null: not met yet. */
  readonly incarnation: bigint | null;
}

/**
 * The rules by which a member takes a connection; null when all is well. A gateway may not know the
 * cluster yet (id 0) and has no incarnation; a member must be known by both, and its build must support
 * the cluster's feature number (`clusterFeature`), or it would apply entries by other rules than we do.
 */
export function judgeHello(
  hello: Hello,
  self: LinkIdentity,
  path: string,
  lookup: (memberId: bigint) => KnownMember,
  clusterFeature = 0,
): RefusalReason | null {
  const isPeerPath = path !== '/link';
  if (hello.role === 'gateway' && isPeerPath) {
    return { code: 'bad-hello', text: `a gateway has no business on ${path}` };
  }
  const anyCluster = hello.role === 'gateway' && hello.clusterId === 0n;
  if (!anyCluster && hello.clusterId !== self.clusterId) {
    return { code: 'other-cluster', text: mismatch('cluster', hello.clusterId, self.clusterId) };
  }
  if (hello.to !== 0n && hello.to !== self.memberId) {
    return { code: 'other-member', text: mismatch('member', hello.to, self.memberId) };
  }
  if (hello.role === 'gateway') return null;
  if (hello.from === 0n || hello.from === self.memberId) {
    return { code: 'bad-hello', text: `a member hello from ${hello.from.toString(16)}` };
  }
  const known = lookup(hello.from);
  const who = `member ${hello.from.toString(16)}`;
  if (known.state === 'removed') {
    return { code: 'removed', text: `${who} was removed from the cluster` };
  }
  if (known.state === 'unknown') {
    return { code: 'unknown-member', text: `${who} is not a member of the cluster` };
  }
  if (known.incarnation !== null && known.incarnation !== hello.incarnation) {
    const text = `${who} has a wiped data directory: remove and add this member`;
    return { code: 'other-incarnation', text };
  }
  if (hello.feature < clusterFeature) {
    const text =
      `the build of ${who} supports feature numbers up to ${hello.feature}, the cluster uses ` +
      `${clusterFeature}: start a build that supports ${clusterFeature}`;
    return { code: 'feature-too-low', text };
  }
  return null;
}

function mismatch(what: string, theirs: bigint, ours: bigint): string {
  return `${what} id mismatch: ${theirs.toString(16)} was asked for, this is ${ours.toString(16)}`;
}
