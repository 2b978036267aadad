/**
 * `etcd_server_client_requests_total`: calls by the client's own version, `client-api-version` of its
 * metadata. The label is outside input, so only what looks like a version becomes one, and few.
 */
import { fromByteString, type Metadata, type Probe } from '@conclave/base';

type Labels = Readonly<Record<string, string>>;

const VERSIONS_MAX = 64;
const VERSION_CHARS_MAX = 32;
const UNKNOWN = 'unknown';

interface VersionLabels {
  readonly unary: Labels;
  readonly stream: Labels;
}

function labelsFor(version: string): VersionLabels {
  return {
    unary: Object.freeze({ type: 'unary', client_api_version: version }),
    stream: Object.freeze({ type: 'stream', client_api_version: version }),
  };
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
  readonly #known = new Map<string, VersionLabels>([[UNKNOWN, labelsFor(UNKNOWN)]]);

  constructor(probe: Probe) {
    this.#probe = probe;
  }

  /** Counts a call; false if the version it was sent is not even text. */
  count(metadata: Metadata, isUnary: boolean): boolean {
    const version = metadata.get('client-api-version');
    if (version !== undefined && !isUtf8(version)) return false;
    const labels = this.#labels(version);
    this.#probe.count(
      'etcd_server_client_requests_total',
      1,
      isUnary ? labels.unary : labels.stream,
    );
    return true;
  }

  #labels(version: string | undefined): VersionLabels {
    const wanted = version !== undefined && isVersion(version) ? version : UNKNOWN;
    const known = this.#known.get(wanted);
    if (known !== undefined) return known;
    if (this.#known.size >= VERSIONS_MAX) return this.#known.get(UNKNOWN) as VersionLabels;
    const labels = labelsFor(wanted);
    this.#known.set(wanted, labels);
    return labels;
  }
}
