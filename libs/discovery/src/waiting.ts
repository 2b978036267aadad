/**
 * Long polls and event streams: each is one entry here, so that their number has a bound and a service
 * that stops can end them all.
 */
import type { ServerResponse } from 'node:http';
import type { RegistryStore } from './registry-store.js';

export interface WaitRequest {
  readonly token: string;
  /** Ends after this long; 0: never. */
  readonly timeoutMs: number;
  /** Looks at the store; true: the answer is given, the wait is over. Never called while it runs. */
  readonly look: () => Promise<boolean>;
  /** The time is over, the service stops, or `look` failed: end the response. */
  readonly giveUp: () => void;
}

export class Waiting {
  readonly #store: RegistryStore;
  readonly #max: number;
  readonly #ends = new Set<() => void>();

  constructor(store: RegistryStore, max: number) {
    this.#store = store;
    this.#max = max;
  }

  get count(): number {
    return this.#ends.size;
  }

  get isFull(): boolean {
    return this.#ends.size >= this.#max;
  }

  /** Looks at once, and again after each change, until the answer is given or the client has gone. */
  begin(response: ServerResponse, request: WaitRequest): void {
    let isOver = false;
    let isLooking = false;
    let again = false;
    const settle = (): void => {
      isOver = true;
      stop();
      clearTimeout(timer);
      this.#ends.delete(giveUp);
    };
    const giveUp = (): void => {
      if (isOver) return;
      settle();
      request.giveUp();
    };
    const look = (): void => {
      if (isOver) return;
      if (isLooking) {
        again = true;
        return;
      }
      isLooking = true;
      again = false;
      request.look().then(
        (isAnswered) => {
          isLooking = false;
          if (isOver) return;
          if (isAnswered) settle();
          else if (again) look();
        },
        () => giveUp(),
      );
    };
    // First watched, then looked at: a change between the two is seen either way.
    const stop = this.#store.watch(request.token, look);
    const timer = request.timeoutMs > 0 ? setTimeout(giveUp, request.timeoutMs) : undefined;
    this.#ends.add(giveUp);
    response.once('close', () => {
      if (!isOver) settle();
    });
    look();
  }

  close(): void {
    for (const end of [...this.#ends]) end();
  }
}
