/**
 * The members of a cluster from DNS (`--discovery-srv`, spec 5.3): SRV records of `_etcd-server-ssl._tcp` and
 * `_etcd-server._tcp`, with `-NAME` behind the service where `--discovery-srv-name` says one.
 *
 * Each record becomes `name=scheme://target:port`. The one whose address is that of one of our own peer
 * URLs gets our name; the others are `0`, `1`, ..., as nobody can know their names.
 */
export interface SrvRecord {
  /** Host name, with or without the dot at its end. */
  readonly target: string;
  readonly port: number;
}

export interface SrvPorts {
  /** SRV records of a full name; rejects when there are none. */
  readonly resolveSrv: (name: string) => Promise<readonly SrvRecord[]>;
  /** The first address of a host; an address is its own. */
  readonly lookup: (host: string) => Promise<string>;
}

export interface SrvQuery {
  readonly domain: string;
  /** '' for none. */
  readonly serviceName: string;
  readonly ownName: string;
  readonly ownPeerURLs: readonly string[];
}

export interface SrvCluster {
  /** `name=url,…`; '' when nothing was found. */
  readonly cluster: string;
  /** Why one of the two services gave nothing. */
  readonly faults: readonly string[];
}

const RECORDS_MAX = 64;

/** Rejects when one of our own peer URLs has no address. */
export async function srvCluster(query: SrvQuery, ports: SrvPorts): Promise<SrvCluster> {
  const own = new Map<string, URL>();
  for (const text of query.ownPeerURLs) {
    const url = new URL(text);
    own.set(`${await ports.lookup(bare(url.hostname))}:${portOf(url)}`, url);
  }
  const faults: string[] = [];
  const parts: string[] = [];
  const suffix = query.serviceName === '' ? '' : `-${query.serviceName}`;
  const services = [
    { service: `etcd-server-ssl${suffix}`, scheme: 'https' },
    { service: `etcd-server${suffix}`, scheme: 'http' },
  ];
  for (const { service, scheme } of services) {
    try {
      parts.push(...(await partsOf(service, scheme, query, own, ports)));
    } catch (error) {
      const why = (error as Error).message;
      faults.push(`error querying DNS SRV records for _${service} ${why}`);
    }
  }
  return { cluster: parts.join(','), faults };
}

async function partsOf(
  service: string,
  scheme: string,
  { domain, ownName }: SrvQuery,
  own: ReadonlyMap<string, URL>,
  ports: SrvPorts,
): Promise<string[]> {
  const records = await ports.resolveSrv(`_${service}._tcp.${domain}`);
  const parts: string[] = [];
  let unnamed = 0;
  let fault: Error | null = null;
  for (const { target, port } of records.slice(0, RECORDS_MAX)) {
    const host = target.replace(/\.$/, '');
    let address: string;
    try {
      address = await ports.lookup(host);
    } catch (error) {
      fault = error as Error;
      continue;
    }
    const found = own.get(`${address}:${port}`);
    const name = found === undefined ? String(unnamed++) : ownName;
    const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (found !== undefined && found.protocol !== `${scheme}:`) {
      fault = new Error(
        `bootstrap at ${url} from DNS for ${service} has scheme mismatch with expected peer ` +
          `${found.protocol}//${found.host}`,
      );
    } else parts.push(`${name}=${url}`);
  }
  if (parts.length === 0 && fault !== null) throw fault;
  return parts;
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
