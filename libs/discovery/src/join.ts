/**
 * What joining by v2 and by v3 discovery share: the order of things, the back-off, and the errors with
 * etcd's texts (spec 5.1, 5.2).
 *
 *     look (size, members)  ->  register  ->  look again, wait for a change, look again ...  ->  result
 *
 * After each wait the whole is read again, so nothing depends on the order or number of events. Errors of
 * the network are retried for ever with 2, 4, ... 256 s between; errors of the registry end the join.
 */
import { ConclaveError, type Probe } from '@conclave/base';
import { parseRegistration } from './names.js';

export type DiscoveryCode =
  | 'full'
  | 'duplicate-id'
  | 'duplicate-name'
  | 'size-not-found'
  | 'bad-size'
  | 'bad-endpoint'
  | 'invalid-url'
  | 'refused';

const TEXTS: Readonly<Record<DiscoveryCode, string>> = {
  full: 'discovery: cluster is full',
  'duplicate-id': 'discovery: found duplicate id',
  'duplicate-name': 'discovery: found duplicate name',
  'size-not-found': 'discovery: size key not found',
  'bad-size': 'discovery: size key is bad',
  'bad-endpoint': 'discovery: bad discovery endpoint',
  'invalid-url': 'discovery: invalid peer URL',
  refused: 'discovery: the registration was refused',
};

/** Asking again would not help: the join is over. */
export class DiscoveryError extends ConclaveError<DiscoveryCode> {
  constructor(code: DiscoveryCode, detail = '') {
    super(code, detail === '' ? TEXTS[code] : `${TEXTS[code]}: ${detail}`);
  }
}

/** The registry cannot be asked now. */
export class DiscoveryUnavailable extends Error {
  override readonly name = 'DiscoveryUnavailable';
}

export interface Registered {
  readonly id: string;
  readonly value: string;
}

/** One look at a token. */
export interface TokenLook {
  readonly size: number;
  /** In the order in which they registered. */
  readonly members: readonly Registered[];
  /** Changes after this one have not been seen. */
  readonly index: number;
}

/** The registry behind a token. Methods reject with `DiscoveryUnavailable` or `DiscoveryError`. */
export interface TokenClient {
  look(): Promise<TokenLook>;
  register(id: string, value: string): Promise<'registered' | 'exists'>;
  /** Resolves after a change behind `index`, or earlier without one. */
  waitAfter(index: number): Promise<void>;
  close(): void;
}

export interface JoinPorts {
  readonly probe: Probe;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Self {
  /** Member id, hex and unpadded. */
  readonly id: string;
  /** `name=url[,name=url]`. */
  readonly value: string;
}

const BACK_OFF_EXPONENT_MAX = 8;

class BackOff {
  readonly #ports: JoinPorts;
  #failed = 0;

  constructor(ports: JoinPorts) {
    this.#ports = ports;
  }

  async until<T>(what: string, ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        this.#failed = 0;
        return answer;
      } catch (error) {
        if (!(error instanceof DiscoveryUnavailable)) throw error;
        this.#failed = Math.min(this.#failed + 1, BACK_OFF_EXPONENT_MAX);
        const ms = 2 ** this.#failed * 1_000;
        this.#ports.probe.log('warn', 'discovery service is not reachable; trying again', {
          what,
          error: error.message,
          'retry-in': `${ms / 1_000}s`,
        });
        await this.#ports.sleep(ms);
      }
    }
  }
}

/** Registers and waits until the cluster has its members; answers them as `--initial-cluster` takes them. */
export async function joinCluster(
  client: TokenClient,
  self: Self,
  ports: JoinPorts,
): Promise<string> {
  const backOff = new BackOff(ports);
  const look = (): Promise<TokenLook> => backOff.until('read the token', () => client.look());
  refuseFull(await look(), self);
  await register(client, self, backOff);
  let told = -1;
  for (;;) {
    const seen = await look();
    refuseFull(seen, self);
    const { size, members, index } = seen;
    const here = Math.min(size, members.length);
    if (here !== told) {
      const fields = { 'found-peers': here, needed: size - here };
      ports.probe.log('info', 'discovery: peers found', fields);
      told = here;
    }
    if (members.length >= size) return clusterOf(seen);
    await backOff.until('wait for more members', () => client.waitAfter(index));
  }
}

/** etcd's check: we are among the first `size`, or there is room. */
function refuseFull({ size, members }: TokenLook, self: Self): void {
  const isIn = members.slice(0, size).some((m) => m.id === self.id);
  if (!isIn && members.length >= size) throw new DiscoveryError('full');
}

/**
 * A registration that may have arrived although its answer did not finds itself there. So it does when this
 * member was restarted while the cluster was still forming. Once the cluster was complete, members may
 * have founded it, and who comes without data under the same id must not found it again.
 */
async function register(client: TokenClient, self: Self, backOff: BackOff): Promise<void> {
  let attempts = 0;
  const outcome = await backOff.until('register', () => {
    attempts++;
    return client.register(self.id, self.value);
  });
  if (outcome === 'registered') return;
  const { size, members } = await backOff.until('read the token', () => client.look());
  const there = members.find((m) => m.id === self.id);
  const isOurs = there?.value === self.value && (attempts > 1 || members.length < size);
  if (!isOurs) throw new DiscoveryError('duplicate-id');
}

/** `a=http://x:1,b=http://y:2` of the first `size`. */
function clusterOf({ size, members }: TokenLook): string {
  const founders = members.slice(0, size);
  const names = new Set<string>();
  for (const { value } of founders) {
    const parsed = parseRegistration(value);
    if (parsed === null) throw new DiscoveryError('invalid-url', JSON.stringify(value));
    if (names.has(parsed.name)) throw new DiscoveryError('duplicate-name', parsed.name);
    names.add(parsed.name);
  }
  return founders.map(({ value }) => value).join(',');
}
