// A gateway in this process, in front of a member that is only a link server, over real sockets.
import { type Server, createServer, get } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { NO_PROBE, Random, type ServerCall, Status } from '@conclave/base';
import { DEFAULT_LINK_OPTIONS, LinkHost, LinkServer } from '@conclave/link';
import { GATEWAY_CATALOGUE, Telemetry } from '@conclave/telemetry';
import {
  AlarmMember,
  AlarmResponse,
  AlarmType,
  RangeResponse,
  ResponseHeader,
  StatusResponse,
} from '@conclave/wire';
import { type GatewayConfig, loadConfig } from './config.js';
import { Gateway } from './gateway.js';

const IDENTITY = { clusterId: 7n, memberId: 1n, incarnation: 9n, feature: 1, name: 'm1' };

/** Answers Range, Status, Alarm and whatever else with an empty message. */
function answer(call: ServerCall, alarms: readonly AlarmType[]): void {
  const header = ResponseHeader.create({ clusterId: 7n, memberId: 1n, revision: 5 });
  if (call.head.method === '/etcdserverpb.KV/Range') {
    call.send(RangeResponse.encode(RangeResponse.create({ header })));
  } else if (call.head.method === '/etcdserverpb.Maintenance/Status') {
    const errors = alarms.map((alarm) => {
      const name = alarm === AlarmType.NOSPACE ? 'NOSPACE' : 'CORRUPT';
      return `memberID:1 alarm:${name} `;
    });
    call.send(StatusResponse.encode(StatusResponse.create({ header, version: '3.6.77', errors })));
  } else if (call.head.method === '/etcdserverpb.Maintenance/Alarm') {
    const members = alarms.map((alarm) => AlarmMember.create({ memberID: 1n, alarm }));
    call.send(AlarmResponse.encode(AlarmResponse.create({ header, alarms: members })));
  } else call.send(new Uint8Array(0));
  call.end(Status.OK, '');
}

class Member {
  readonly sockets = new Set<Socket>();
  readonly host: LinkHost;
  readonly http: Server;
  readonly methods: string[] = [];
  alarms: readonly AlarmType[] = [];

  constructor() {
    const clock = { monotonicMs: () => performance.now(), wallMs: () => 0 };
    this.host = new LinkHost(DEFAULT_LINK_OPTIONS, {
      clock,
      random: new Random(1),
      probe: NO_PROBE,
      handler: {
        open: (call) => ({
          message() {},
          halfClosed: () => {
            this.methods.push(call.head.method);
            answer(call, this.alarms);
          },
          cancelled() {},
          drained() {},
        }),
      },
      members: () => ({
        type: 'members',
        term: 2,
        leaderId: 1n,
        appliedTerm: 2,
        appliedIndex: 5,
        members: [{ id: 1n, name: 'm1', linkUrls: [this.url], learner: false }],
      }),
    });
    const server = new LinkServer(DEFAULT_LINK_OPTIONS, {
      clock,
      probe: NO_PROBE,
      identity: () => IDENTITY,
      admit: (_hello, _path, done) => done(null),
      accepted: (socket, hello, _path, peer) => this.host.accepted(socket, hello, peer),
    });
    this.http = createServer();
    this.http.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head));
    this.http.on('connection', (socket) => this.sockets.add(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.http.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.host.close('test is over');
    for (const socket of this.sockets) socket.destroy();
    this.http.close();
  }
}

function fetchText(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let body = '';
      response.on('data', (part) => (body += String(part)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 5_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`never happened: ${check}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

test('a gateway serves health and version from its members, and stops without a client', async () => {
  const member = new Member();
  await member.listen();
  const lines: string[] = [];
  const telemetry = new Telemetry({
    strict: true,
    catalogue: GATEWAY_CATALOGUE,
    log: {
      level: 'info',
      format: 'json',
      outputs: ['stderr'],
      open: () => ({
        write(bytes, done) {
          lines.push(new TextDecoder().decode(bytes));
          setImmediate(() => done(null, bytes.length));
        },
        writeSync(bytes) {
          lines.push(new TextDecoder().decode(bytes));
          return bytes.length;
        },
        close() {},
      }),
    },
  });
  const loaded = loadConfig(
    ['--endpoints', member.url, '--listen-client-urls', 'http://127.0.0.1:0'],
    {},
  );
  const gateway = await Gateway.start((loaded as { config: GatewayConfig }).config, telemetry);
  const [url] = gateway.clientUrls;
  await eventually(async () => (await fetchText(`${url}/health`)).status === 200);
  expect((await fetchText(`${url}/health`)).body).toBe('{"health":"true","reason":""}');
  await eventually(async () => (await fetchText(`${url}/version`)).body.includes('3.6.77'));
  // An alarm is asked for through the Raft log: never while there is none.
  expect(member.methods).not.toContain('/etcdserverpb.Maintenance/Alarm');
  member.alarms = [AlarmType.NOSPACE];
  await eventually(async () => (await fetchText(`${url}/health`)).body.includes('ALARM NOSPACE'));
  member.alarms = [];
  await eventually(async () => (await fetchText(`${url}/health`)).status === 200);
  expect((await fetchText(`${url}/metrics`)).body).toMatch(/^conclave_router_links 1$/m);
  await gateway.stop();
  await expect(fetchText(`${url}/health`)).rejects.toThrow(/ECONNREFUSED/);
  member.close();
  expect(lines.join('')).toMatch(/"msg":"ready to serve client requests"/);
});
