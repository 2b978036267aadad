import { type ClientRequest, type IncomingMessage, get } from 'node:http';
import type { Http1Handler } from '@conclave/grpc';
import type { Machine, MemberRecord } from '@conclave/statemachine';
import type { KnownPeer } from './known-peers.js';

const BODY_BYTES_MAX = 1024 * 1024;
const FETCH_MS = 5_000;
const CLUSTER_ID_HEADER = 'x-etcd-cluster-id';
/** Ours: the cluster's feature number, which whoever joins must support. */
const FEATURE_HEADER = 'x-conclave-feature';

/** What plain HTTP on the peer port shows: who is in the cluster, for a member that joins. */
export function peerHttp(
  clusterId: () => bigint,
  machine: () => Pick<Machine, 'members' | 'feature'>,
  versions: () => string,
): Http1Handler {
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, {
        'Content-Type': type,
        'X-Etcd-Cluster-ID': clusterId().toString(16),
        'X-Conclave-Feature': String(machine().feature),
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    };
    request.resume();
    if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      send(405, 'text/plain; charset=utf-8', 'Method Not Allowed\n');
    } else if (path === '/members') send(200, 'application/json', membersJson(machine().members));
    else if (path === '/version') send(200, 'application/json', versions());
    else send(404, 'text/plain; charset=utf-8', '404 page not found\n');
  };
}

/** Ids are decimal numbers beyond 2^53, which JSON.stringify could not write. */
function membersJson(members: readonly MemberRecord[]): string {
  const rows = members.map((m) => {
    const rest = {
      peerURLs: m.peerURLs,
      ...(m.isLearner ? { isLearner: true } : {}),
      name: m.name,
      clientURLs: m.clientURLs,
    };
    return `{"id":${m.id},${JSON.stringify(rest).slice(1)}`;
  });
  return `[${rows.join(',')}]\n`;
}

export interface RemoteCluster {
  readonly clusterId: bigint;
  readonly members: readonly KnownPeer[];
  /** The feature number as that member has applied it; 0 if it does not tell. */
  readonly feature: number;
}

/** Asks the members at `urls`, one after the other, who is in their cluster. */
export async function fetchCluster(urls: readonly string[]): Promise<RemoteCluster> {
  const faults: string[] = [];
  for (const url of urls) {
    try {
      return await fetchFrom(url);
    } catch (error) {
      faults.push(`${url}: ${(error as Error).message}`);
    }
  }
  throw new Error(`cannot fetch cluster info from peer urls: ${faults.join('; ')}`);
}

function fetchFrom(url: string): Promise<RemoteCluster> {
  return new Promise((settle, fail) => {
    // The whole answer within the time, however slowly it drips.
    const timer = setTimeout(() => request?.destroy(new Error('no answer in time')), FETCH_MS);
    const resolve = (remote: RemoteCluster): void => {
      clearTimeout(timer);
      settle(remote);
    };
    const reject = (error: Error): void => {
      clearTimeout(timer);
      fail(error);
    };
    let request: ClientRequest | null = null;
    const took = (response: IncomingMessage): void => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
        if (body.length > BODY_BYTES_MAX) request?.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          const id = String(response.headers[CLUSTER_ID_HEADER] ?? '');
          if (response.statusCode !== 200 || !/^[\da-f]{1,16}$/.test(id)) {
            throw new Error(`status ${response.statusCode}`);
          }
          const told = String(response.headers[FEATURE_HEADER] ?? '');
          const feature = /^\d{1,9}$/.test(told) ? Number(told) : 0;
          resolve({ clusterId: BigInt(`0x${id}`), members: parseMembers(body), feature });
        } catch (error) {
          reject(error as Error);
        }
      });
    };
    try {
      request = get(`${url}/members`, took);
      request.on('error', reject);
    } catch (error) {
      // What is no URL of HTTP is not even begun.
      reject(error as Error);
    }
  });
}

function parseMembers(body: string): KnownPeer[] {
  // Ids become strings first: they do not fit a number.
  const rows: unknown = JSON.parse(body.replace(/("id":)(\d+)/g, '$1"$2"'));
  if (!Array.isArray(rows)) throw new Error('not a list of members');
  return rows.map((row: { id?: unknown; name?: unknown; peerURLs?: unknown } | null) => {
    const urls: unknown = row?.peerURLs;
    if (!/^\d{1,20}$/.test(String(row?.id)) || !Array.isArray(urls)) {
      throw new Error('not a list of members');
    }
    if (!urls.every((url) => typeof url === 'string')) throw new Error('a URL is no text');
    const id = BigInt.asUintN(64, BigInt(String(row?.id)));
    return { id, name: String(row?.name ?? ''), peerURLs: urls };
  });
}
