// Unary calls over one link between two ends in this process: calls a second, in waves of 64 and
// 1,000. Both ends share the CPU. Run it bundled by esbuild, as the other benches.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EMPTY_METADATA, NO_PROBE, Random, Status } from '@conclave/base';
import type { CallOpener } from './call-opener.js';
import { LinkHost } from './link-host.js';
import { LinkPool } from './link-pool.js';
import { LinkServer } from './link-server.js';
import { DEFAULT_LINK_OPTIONS } from './options.js';

const ports = {
  clock: { monotonicMs: () => performance.now(), wallMs: () => 0 },
  random: new Random(1),
  probe: NO_PROBE,
};
const identity = { clusterId: 1n, memberId: 1n, incarnation: 1n, feature: 1, name: 'm' };
const host = new LinkHost(DEFAULT_LINK_OPTIONS, {
  ...ports,
  handler: {
    open: (call) => ({
      message: (bytes) => call.send(bytes),
      halfClosed: () => call.end(Status.OK, ''),
      cancelled() {},
      drained() {},
    }),
  },
  members: () => ({
    type: 'members',
    term: 1,
    leaderId: 1n,
    appliedTerm: 1,
    appliedIndex: 1,
    members: [],
  }),
});
const server = new LinkServer(DEFAULT_LINK_OPTIONS, {
  ...ports,
  identity: () => identity,
  admit: (_hello, _path, done) => done(null),
  accepted: (socket, hello, _path, peer) => host.accepted(socket, hello, peer),
});
const http = createServer();
http.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head));

function wave(channel: CallOpener, calls: number, request: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    let left = calls;
    for (let i = 0; i < calls; i++) {
      const call = channel.open('/etcdserverpb.KV/Put', EMPTY_METADATA, 7_000, {
        message() {},
        ended: () => --left === 0 && resolve(),
        drained() {},
      });
      call.send(request);
      call.halfClose();
    }
  });
}

async function measure(channel: CallOpener): Promise<void> {
  const request = new Uint8Array(280);
  for (const size of [64, 1_000, 64, 1_000]) {
    const waves = Math.ceil(60_000 / size);
    const start = performance.now();
    for (let n = 0; n < waves; n++) await wave(channel, size, request);
    const seconds = (performance.now() - start) / 1_000;
    console.log(`waves of ${size}: ${Math.round((waves * size) / seconds)} calls a second`);
  }
  process.exit(0);
}

http.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  new LinkPool(DEFAULT_LINK_OPTIONS, { ...ports, name: 'g', feature: 1 }, [url], {
    up: (_linkId, _memberId, channel) => void measure(channel),
    down() {},
    members() {},
  });
});
