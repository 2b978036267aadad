/**
 * A DNS server over UDP that knows SRV records and nothing else (RFC 1035 section 4, RFC 2782), and the
 * script that points a process' resolvers at it.
 */
import { type Socket, createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SrvRow {
  readonly target: string;
  readonly port: number;
}

const TYPE_SRV = 33;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
const NAME_ERROR = 3;
/** Response, recursion desired and available. */
const FLAGS = 0x8180;

export class SrvDns {
  readonly #socket: Socket = createSocket('udp4');
  readonly #records: ReadonlyMap<string, readonly SrvRow[]>;
  readonly asked = new Set<string>();

  /** `records`: by full name, without the dot at the end. */
  private constructor(records: ReadonlyMap<string, readonly SrvRow[]>) {
    this.#records = records;
    this.#socket.on('message', (question, from) => {
      this.#socket.send(this.#answer(question), from.port, from.address);
    });
  }

  static async start(records: ReadonlyMap<string, readonly SrvRow[]>): Promise<SrvDns> {
    const dns = new SrvDns(records);
    await new Promise<void>((resolve) => dns.#socket.bind(0, '127.0.0.1', resolve));
    return dns;
  }

  /** `NODE_OPTIONS` for a process that is to ask here. */
  nodeOptions(directory: string): string {
    const file = join(directory, 'use-own-dns.cjs');
    const server = JSON.stringify([`127.0.0.1:${this.#socket.address().port}`]);
    writeFileSync(
      file,
      `const dns = require('node:dns/promises');
dns.Resolver = class extends dns.Resolver {
  constructor(options) { super(options); this.setServers(${server}); }
};
`,
    );
    return `--require ${file}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #answer(question: Buffer): Buffer {
    let at = HEADER_BYTES;
    const labels: string[] = [];
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    // The name's end, type, class.
    const asked = question.subarray(HEADER_BYTES, at + 5);
    const name = labels.join('.').toLowerCase();
    this.asked.add(name);
    const isSrv = question.readUInt16BE(at + 1) === TYPE_SRV;
    const rows = isSrv ? (this.#records.get(name) ?? []) : [];
    const header = Buffer.alloc(HEADER_BYTES);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(FLAGS | (rows.length > 0 ? 0 : NAME_ERROR), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(rows.length, 6);
    return Buffer.concat([header, asked, ...rows.map(answerRow)]);
  }
}

function answerRow({ target, port }: SrvRow): Buffer {
  const name = Buffer.concat([
    ...target.split('.').map((label) => Buffer.from(`\u0000${label}`, 'latin1')),
    Buffer.alloc(1),
  ]);
  let at = 0;
  for (const label of target.split('.')) {
    name[at] = label.length;
    at += 1 + label.length;
  }
  // A pointer to the question's name; then type, class, time to live, length, priority, weight, port.
  const head = Buffer.alloc(18);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(TYPE_SRV, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(6 + name.length, 10);
  head.writeUInt16BE(port, 16);
  return Buffer.concat([head, name]);
}
