// Reads the change feed from its beginning, keeps the keys in a map, and proves that nothing is
// missing: node docs/examples/feed-consumer.mjs nats://127.0.0.1:4222 CONCLAVE
// (NATS_TOKEN is the server's token, if it asks for one)
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

process.on('uncaughtException', (error) => {
  console.error(`feed-consumer: ${error.message}`);
  process.exit(1);
});
const nc = await connect({ servers: process.argv[2], token: process.env.NATS_TOKEN });
const consumer = await jetstream(nc).consumers.get(process.argv[3] ?? 'CONCLAVE');
const keys = new Map();
let last = null; // Revision and sub of the last message, and whether its revision ended with it.
for await (const message of await consumer.consume()) {
  const header = (name) => message.headers.get(`Conclave-${name}`);
  const [type, key, revision, sub] = [
    header('Type'),
    header('Key'),
    +header('Revision'),
    +header('Sub'),
  ];
  const follows =
    last === null || last.whole
      ? sub === 0 && (last === null || +header('Previous') === last.revision)
      : revision === last.revision && sub === last.sub + 1;
  if (type === 'gap') console.log(`history was lost: list the keys anew at ${revision} or later`);
  else if (!follows) throw new Error(`changes are missing before ${revision}/${sub}`);
  if (type === 'put') keys.set(key, message.string());
  if (type === 'delete') keys.delete(key);
  const whole = type === 'gap' || type === 'mark' || sub + 1 === +header('Count');
  last = { revision, sub, whole };
  console.log(`${revision}/${sub} ${type} ${key} (${keys.size} keys)`);
}
