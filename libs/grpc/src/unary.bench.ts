/**
 * CPU per unary call of the HTTP/2 engine: request bytes to a handler, its answer back to bytes.
 *
 *     npx esbuild libs/grpc/src/unary.bench.ts --bundle --platform=node --target=node20 \
 *       --conditions=@conclave/source --outfile=node_modules/.unary.cjs && node node_modules/.unary.cjs
 *
 * No socket is involved. Calls come 50 to a chunk; their header blocks are indexed, as all but the first of a
 * client are. `with deadline` sends another `grpc-timeout` each time, as Go does: no block is like another.
 * Told for each load, best of `ROUNDS` (5) rounds of `OPS` (200,000): nanoseconds per call.
 */
import { frame, field, data, HELLO, message, requestTo, Wire, wireRoom } from './testing/wire.js';

const OPS = Number(process.env['OPS'] ?? 200_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const IN_CHUNK = 50;
const BODY = message(Buffer.alloc(270, 0x61));
/** The six fields of a request, entered by the first call and indexed by the others. */
const ENTERED = Buffer.concat(requestTo('Unary').map(([name, value]) => field(name, value, 0x40)));
const INDEXED = Buffer.from([0xc3, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);

function chunks(withDeadline: boolean): Buffer[] {
  const all: Buffer[] = [];
  for (let i = 0; i < OPS / IN_CHUNK; i++) {
    const parts: Buffer[] = [];
    for (let n = 0; n < IN_CHUNK; n++) {
      const id = 2 * (i * IN_CHUNK + n) + 3;
      const timeout = field('grpc-timeout', `${4_000_000 + n}u`);
      const block = withDeadline ? Buffer.concat([INDEXED, timeout]) : INDEXED;
      parts.push(frame(1, 4, id, block), data(id, BODY, 1));
    }
    all.push(Buffer.concat(parts));
  }
  return all;
}

for (const withDeadline of [false, true]) {
  const input = chunks(withDeadline);
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const wire = new Wire({}, wireRoom());
    wire.feed(HELLO, frame(1, 4, 1, ENTERED), data(1, BODY, 1));
    // The client takes everything, at once.
    wire.feed(frame(8, 0, 0, [0x7f, 0, 0, 0]));
    const start = process.cpuUsage();
    for (const chunk of input) {
      wire.feed(chunk);
      wire.socket.sent.length = 0;
      wire.calls.length = 0;
    }
    const { user, system } = process.cpuUsage(start);
    bestNs = Math.min(bestNs, ((user + system) * 1000) / OPS);
    wire.connection.destroy();
  }
  const name = withDeadline ? 'unary with deadline' : 'unary';
  console.info(`${name}: ${bestNs.toFixed(0)} ns per call`);
}
