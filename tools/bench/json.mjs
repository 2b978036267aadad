// Puts by JSON over HTTP/1.1, at two servers in turn (A B A B), each with its process' CPU seconds:
//
//   node tools/bench/json.mjs HOST:PORT,PID HOST:PORT,PID [--rounds 5] [--puts 10000] [--clients 32]
//
// The client is node:http, which costs more than the servers: rates are a lower bound, CPU seconds are not
// touched by it.
import http from 'node:http';
import { parseArgs } from 'node:util';
import { cpuSeconds } from './pressure.mjs';

const VALUE_BYTES = 256;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    puts: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '32' },
  },
});
const [rounds, puts, clients] = [values.rounds, values.puts, values.clients].map(Number);
const systems = positionals.map((text) => {
  const [, host, port, pid] = /^([^:]+):(\d+),(\d+)$/.exec(text) ?? [];
  return { name: text, host, port: Number(port), pid, rates: [], cpu: [] };
});
if (
  systems.length === 0 ||
  systems.some((s) => s.pid === undefined) ||
  !(rounds * puts * clients > 0)
) {
  console.error('name each server as HOST:PORT,PID; --rounds, --puts and --clients are numbers');
  process.exit(2);
}

function put({ host, port }, agent, n) {
  const key = Buffer.from(`bench/json/${n % 1000}`).toString('base64');
  const body = `{"key":"${key}","value":"${Buffer.alloc(VALUE_BYTES, n).toString('base64')}"}`;
  const headers = { 'Content-Length': body.length };
  const options = { host, port, agent, headers, method: 'POST', path: '/v3/kv/put' };
  return new Promise((resolve, reject) => {
    const asked = http.request(options, (answer) => {
      answer.resume();
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer.on('end', resolve);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function round(system) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  let left = puts;
  const client = async () => {
    while (left-- > 0) await put(system, agent, left);
  };
  const cpu = cpuSeconds(system.pid);
  const startMs = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  system.rates.push((puts / (performance.now() - startMs)) * 1000);
  system.cpu.push(((cpuSeconds(system.pid) - cpu) / puts) * 100_000);
  agent.destroy();
}

function told(list, digits) {
  const sorted = [...list].sort((a, b) => a - b);
  const text = (x) => x.toFixed(digits);
  return `${text(sorted[sorted.length >> 1])} (${text(sorted[0])} to ${text(sorted.at(-1))})`;
}

for (const system of systems) await round(system);
for (const system of systems) system.rates.length = system.cpu.length = 0;
for (let i = 0; i < rounds; i++) for (const system of systems) await round(system);
for (const { name, rates, cpu } of systems) {
  console.log(`${name}: ${told(rates, 0)} puts/s, ${told(cpu, 1)} CPU s per 100,000`);
}
