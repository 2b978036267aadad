/**
 * `etcd_server_client_requests_total`: calls by the client's own version, `client-api-version` of its
 * metadata. The label is outside input, so only what looks like a version becomes one, and few.
 */
import {
  fromByteString,
  type Metadata,
  type Probe,
  type ProbeSeries,
  seriesOf,
} from '@conclave/base';

const VERSIONS_MAX = 64;
const VERSION_CHARS_MAX = 32;
const UNKNOWN = 'unknown';

/** Series of one version, each made with its first call. */
interface VersionSeries {
  readonly version: string;
  unary: ProbeSeries | null;
  stream: ProbeSeries | null;
}

function notUsedYet(version: string): VersionSeries {
  return { version, unary: null, stream: null };
}

/** A header value is a byte string; false if those bytes are not UTF-8. */
function isUtf8(value: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(fromByteString(value));
    return true;
  } catch {
    return false;
  }
}

function isVersion(value: string): boolean {
  return value.length <= VERSION_CHARS_MAX && /^[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$/.test(value);
}

export class ClientVersions {
  readonly #probe: Probe;
  readonly #unknown = notUsedYet(UNKNOWN);
  readonly #known = new Map<string, VersionSeries>();

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  /** Counts a call; false if the version it was sent is not even text. */
  count(metadata: Metadata, isUnary: boolean): boolean {
    const version = metadata.get('client-api-version');
    const known = version === undefined ? this.#unknown : this.#known.get(version);
    if (known !== undefined) this.#count(known, isUnary);
    else {
      if (!isUtf8(version as string)) return false;
      this.#count(this.#meet(version as string), isUnary);
    }
    return true;
  }

  #count(one: VersionSeries, isUnary: boolean): void {
    if (isUnary) (one.unary ??= this.#series(one, 'unary')).add(1);
    else (one.stream ??= this.#series(one, 'stream')).add(1);
  }

  #series({ version }: VersionSeries, type: string): ProbeSeries {
    const labels = Object.freeze({ type, client_api_version: version });
    return seriesOf(this.#probe, 'etcd_server_client_requests_total', labels);
  }

  /** A version that was not among those known. */
  #meet(version: string): VersionSeries {
    if (!isVersion(version) || this.#known.size >= VERSIONS_MAX) return this.#unknown;
    const one = notUsedYet(version);
    this.#known.set(version, one);
    return one;
  }
}
