/**
 * One node for tests of single rules, with messages of peers made up by the test. Its disk is
 * instant unless a turn says otherwise; nothing is applied by itself.
 */
import { encodeUtf8 } from '@conclave/base';
import { EntryType, MessageType, type RaftMessage } from '@conclave/wire';
import type { RaftEvent } from '../event.js';
import { RawNode } from '../raw-node.js';
import type {
  EntriesRequest,
  ProposeResult,
  RaftConfig,
  RaftInitialState,
  ReadState,
  Slot,
} from '../ready.js';
import { testConfig, testInitial, testMessage } from './cluster.js';

const { PRE_VOTE_RESPONSE, VOTE_RESPONSE } = MessageType;

export class Lone {
  readonly node: RawNode;
  readonly events: RaftEvent[] = [];
  readonly reads: ReadState[] = [];
  readonly dropped: number[] = [];
  /** Indexes given out to be applied. */
  readonly committed: number[] = [];
  readonly requests: EntriesRequest[] = [];
  readonly wantSnapshot: Slot[] = [];
  readonly slot: Slot;
  /** Appends that were given out and are not durable. */
  sequence = 0;

  constructor(
    initial: RaftInitialState = testInitial([1, 2, 3]),
    changes: Partial<RaftConfig> = {},
  ) {
    this.slot = changes.slot ?? 1;
    const config = testConfig(this.slot, changes);
    this.node = new RawNode(config, initial, { event: (e) => void this.events.push(e) });
  }

  /** Carries out all there is to do; what is sent, what vouches for a write behind its write. */
  turn(durable = true): RaftMessage[] {
    const out: RaftMessage[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      out.push(...ready.messages);
      this.reads.push(...ready.readStates);
      this.requests.push(...ready.entriesRequests);
      this.wantSnapshot.push(...ready.snapshotsToSend);
      this.dropped.push(...ready.readsDropped);
      this.committed.push(...ready.committed.map((entry) => entry.index));
      if (ready.append === null) continue;
      this.sequence = ready.append.sequence;
      if (!durable) continue;
      out.push(...ready.append.messages);
      this.node.appendDone(this.sequence);
    }
    return out;
  }

  /** A message of a peer in the present term, or another one. */
  hear(
    type: MessageType,
    from: Slot,
    fields: Partial<RaftMessage> = {},
    term = this.node.term,
  ): void {
    this.node.step(testMessage(type, from, this.slot, term, fields));
  }

  /** Becomes leader of the next term by the votes of `voters`; its first messages as leader. */
  lead(...voters: Slot[]): RaftMessage[] {
    this.node.campaign();
    this.turn();
    const term = this.node.term + 1;
    for (const from of voters) this.hear(PRE_VOTE_RESPONSE, from, {}, term);
    this.turn();
    for (const from of voters) this.hear(VOTE_RESPONSE, from);
    if (!this.node.isLeader) throw new Error('not elected');
    return this.turn();
  }

  propose(...texts: string[]): ProposeResult {
    return this.node.propose(
      texts.map((text) => ({ type: EntryType.NORMAL, data: encodeUtf8(text) })),
    );
  }

  tick(count = 1): void {
    for (let n = 0; n < count; n++) this.node.tick();
  }

  /** Kinds of the events since the last look. */
  kinds(): string[] {
    return this.events.splice(0).map((e) => (e.kind === 'transfer' ? `${e.step} ${e.to}` : e.kind));
  }
}

/** Messages in a short form: type, receiver. */
export function brief(messages: readonly RaftMessage[]): string[] {
  const names = new Map<number, string>(Object.entries(MessageType).map(([k, v]) => [v, k]));
  return messages.map((m) => `${names.get(m.type)} ${m.to}`);
}
