import { type DiskFailure, assertDefined } from '@conclave/base';
import type { SnapshotAckFrame, SnapshotMeta } from '@conclave/wire';
import { ChunkSource } from './chunk-source.js';
import type { KeptSnapshot } from './kept-snapshots.js';
import { type OutgoingEvents, type OutgoingStream, type Pace, SNAPSHOT_FORMAT } from './types.js';

/**
 * One attempt to send a kept snapshot over one connection.
 *
 *     offered --ack(next, credit)--> streaming --all sent--> ended --ack(received)--> over
 *
 * Back-pressure three times: chunks are sent only below `ack.next + ack.credit`, only while the
 * connection takes them, and not before `pace` says so. The receiver says where to begin; what it says later never goes back.
 */
export type SendingOutcome =
  | { readonly type: 'delivered'; readonly meta: SnapshotMeta }
  /** The receiver does not want it: this snapshot is of no use to it. */
  | { readonly type: 'refused'; readonly text: string }
  /** The connection failed or fell silent: another one can take the stream up again. */
  | { readonly type: 'broken'; readonly text: string };

export interface SendingOptions {
  readonly clusterId: bigint;
  readonly chunkBytes: number;
  readonly silenceTicksMax: number;
  readonly pace: Pace;
}

type State = 'connecting' | 'offered' | 'streaming' | 'ended' | 'over';

export class Sending implements OutgoingEvents {
  readonly #options: SendingOptions;
  readonly kept: KeptSnapshot;
  readonly #done: (outcome: SendingOutcome) => void;
  #state: State = 'connecting';
  #stream: OutgoingStream | null = null;
  #source: ChunkSource | null = null;
  /** The first chunk the receiver has not got, and the first it has no credit for. */
  #next = 0;
  #limit = 0;
  #blocked = false;
  /** `pace` did not let us go on yet. */
  #pausing = false;
  #silentTicks = 0;

  constructor(
    options: SendingOptions,
    kept: KeptSnapshot,
    done: (outcome: SendingOutcome) => void,
  ) {
    this.#options = options;
    this.kept = kept;
    this.#done = done;
  }

  connect(open: (events: OutgoingEvents) => OutgoingStream): void {
    this.#stream = open(this);
  }

  opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'offered';
    const { id, head } = this.kept;
    const { index, term, confState, feature } = head;
    this.#send({
      type: 'snapshot-begin',
      snapshotId: id,
      format: SNAPSHOT_FORMAT,
      clusterId: this.#options.clusterId,
      feature,
      meta: { index, term, confState },
    });
  }

  ack(frame: SnapshotAckFrame): void {
    if (this.#state === 'over' || this.#state === 'connecting') return;
    if (frame.snapshotId !== this.kept.id) {
      this.#break('an answer about another snapshot');
      return;
    }
    this.#silentTicks = 0;
    if (frame.state === 'refused') this.#over({ type: 'refused', text: frame.text });
    else if (frame.state === 'received') this.#received();
    else if (this.#state === 'offered') this.#begin(frame);
    else this.#goOn(frame);
  }

  drained(): void {
    this.#blocked = false;
    this.#pump();
  }

  closed(reason: string): void {
    this.#stream = null;
    this.#over({ type: 'broken', text: reason });
  }

  tick(): void {
    if (this.#state !== 'over' && ++this.#silentTicks >= this.#options.silenceTicksMax) {
      this.#break('the receiver fell silent');
    }
  }

  close(reason: string): void {
    this.#break(reason);
  }

  /** It may have had everything before this connection. */
  #received(): void {
    const { index, term, confState } = this.kept.head;
    this.#over({ type: 'delivered', meta: { index, term, confState } });
  }

  #begin(frame: SnapshotAckFrame): void {
    this.#state = 'streaming';
    this.#next = frame.next;
    this.#limit = frame.next + frame.credit;
    const { snapshot, marks } = this.kept;
    const from = marks.before(frame.next);
    this.#source = new ChunkSource(snapshot, marks, from, this.#options.chunkBytes, (failure) =>
      this.#rowsCame(failure),
    );
    this.#pump();
  }

  #goOn(frame: SnapshotAckFrame): void {
    const sent = assertDefined(this.#source, 'a stream under way has a source').number;
    if (frame.next < this.#next || frame.next > sent) {
      this.#break(`the receiver went from chunk ${this.#next} to ${frame.next}, ${sent} are sent`);
      return;
    }
    this.#next = frame.next;
    this.#limit = Math.max(this.#limit, frame.next + frame.credit);
    this.#pump();
  }

  #rowsCame(failure: DiskFailure | null): void {
    if (failure === null) this.#pump();
    else this.#break(`${failure.code}: ${failure.message}`);
  }

  #pump(): void {
    while (this.#state === 'streaming' && !this.#blocked && !this.#pausing) {
      const source = this.#source as ChunkSource;
      if (source.number >= this.#limit) return;
      const chunk = source.next();
      if (chunk === 'wait') return;
      if (chunk === 'end') this.#end(source);
      else if (chunk.number >= this.#next) {
        const { number, data, crc } = chunk;
        this.#send({ type: 'snapshot-chunk', snapshotId: this.kept.id, number, crc, data });
        this.#pause(data.length);
      }
    }
  }

  #pause(bytes: number): void {
    let inside = true;
    this.#pausing = true;
    this.#options.pace(bytes, () => {
      this.#pausing = false;
      if (!inside) this.#pump();
    });
    inside = false;
  }

  #end(source: ChunkSource): void {
    if (source.number < this.#next) {
      this.#break(`the receiver wants chunk ${this.#next} of ${source.number}`);
      return;
    }
    this.#state = 'ended';
    const { rows, bytes, crc } = source.position;
    const chunks = source.number;
    this.#send({ type: 'snapshot-end', snapshotId: this.kept.id, chunks, rows, bytes, crc });
  }

  #send(frame: Parameters<OutgoingStream['send']>[0]): void {
    if (this.#stream === null) return;
    // Blocked before the call, so that a `drained` from inside it is not lost.
    this.#blocked = true;
    if (this.#stream.send(frame)) this.#blocked = false;
  }

  #break(text: string): void {
    this.#over({ type: 'broken', text });
  }

  #over(outcome: SendingOutcome): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    const stream = this.#stream;
    this.#stream = null;
    stream?.close(outcome.type === 'delivered' ? 'delivered' : outcome.text);
    // Whoever hears of the end may release the snapshot.
    if (this.#source === null) this.#done(outcome);
    else this.#source.close(() => this.#done(outcome));
  }
}
