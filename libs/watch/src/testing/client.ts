import { type Revision, fromByteString } from '@conclave/base';
import {
  ResponseHeader,
  WatchCreateRequest,
  WatchProgressRequest,
  WatchRequest,
  WatchResponse,
} from '@conclave/wire';
import type { WatchHub, WatchSink, WatchStream } from '../types.js';

/** A client of one stream: what it sends in few words, what it got decoded. */
export class FakeClient implements WatchSink {
  readonly responses: WatchResponse[] = [];
  /** Sends taken before the sink says it is full; null: all. */
  credit: number | null = null;
  readonly stream: WatchStream;
  #bytes = 0;

  constructor(hub: WatchHub) {
    this.stream = hub.open(this, (revision: Revision) =>
      ResponseHeader.encode(
        ResponseHeader.create({ clusterId: 1n, memberId: 2n, revision, raftTerm: 3 }),
      ),
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  send(response: Uint8Array): boolean {
    this.#bytes += response.length;
    this.responses.push(WatchResponse.decode(response));
    if (this.credit === null) return true;
    this.credit = Math.max(0, this.credit - 1);
    return this.credit > 0;
  }

  /** The reader went on; `credit` more may be sent. */
  read(credit: number | null): void {
    this.credit = credit;
    this.stream.drained();
  }

  create(
    key: string,
    fields: Partial<Omit<WatchCreateRequest, 'key' | 'rangeEnd'>> & { rangeEnd?: string } = {},
  ): void {
    const { rangeEnd, ...rest } = fields;
    const createRequest = WatchCreateRequest.create({
      ...rest,
      key: fromByteString(key),
      rangeEnd: fromByteString(rangeEnd ?? ''),
    });
    this.stream.request({ requestUnion: { $case: 'createRequest', createRequest } });
  }

  cancel(watchId: number): void {
    this.stream.request({ requestUnion: { $case: 'cancelRequest', cancelRequest: { watchId } } });
  }

  progress(): void {
    const progressRequest = WatchProgressRequest.create();
    this.stream.request({ requestUnion: { $case: 'progressRequest', progressRequest } });
  }

  unknown(): void {
    this.stream.request(WatchRequest.create());
  }

  /** What came since the last call, one line each. */
  take(): string[] {
    return this.responses.splice(0).map(line);
  }
}

/** A response as a line: everything that is not at its default. */
export function line(response: WatchResponse): string {
  const words = [`#${response.watchId}`, `rev ${response.header?.revision ?? '?'}`];
  if (response.created) words.push('created');
  if (response.canceled) words.push('canceled');
  if (response.compactRevision !== 0) words.push(`compacted ${response.compactRevision}`);
  if (response.cancelReason !== '') words.push(`"${response.cancelReason}"`);
  if (response.fragment) words.push('fragment');
  for (const event of response.events) {
    const { kv, prevKv } = event;
    const text = (bytes: Uint8Array | undefined): string => String.fromCharCode(...(bytes ?? []));
    const change = event.type === 0 ? `=${text(kv?.value)}` : ' deleted';
    const before = prevKv === null ? '' : `(was ${text(prevKv.value)})`;
    words.push(`${text(kv?.key)}${change}${before}@${kv?.modRevision}`);
  }
  return words.join(' ');
}
