/** Certificates for a test, made by openssl: authorities, servers on 127.0.0.1, clients. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.js';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

async function openssl(args: readonly string[]): Promise<void> {
  const ran = await run('openssl', args, { timeoutMs: 20_000 });
  if (ran.code !== 0) throw new Error(`openssl ${args[0]}: ${ran.stderr}`);
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;

/** An authority of its own; its files begin with `name`. */
export class Authority {
  /** File of its certificate. */
  readonly cert: string;
  readonly #directory: string;
  readonly #name: string;

  private constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
    this.cert = join(directory, `${name}.crt`);
  }

  static async make(directory: string, name: string): Promise<Authority> {
    const made = new Authority(directory, name);
    await openssl([
      ...['req', '-x509', ...KEY, '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', made.#key, '-out', made.cert],
    ]);
    return made;
  }

  get #key(): string {
    return join(this.#directory, `${this.#name}.key`);
  }

  /** Signs one that serves 127.0.0.1 and may be a client. */
  async sign(name: string): Promise<Certificate> {
    const file = (ending: string): string => join(this.#directory, `${name}.${ending}`);
    writeFileSync(
      file('ext'),
      'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    const key = file('key');
    await openssl(['req', ...KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', file('csr')]);
    await openssl([
      ...['x509', '-req', '-in', file('csr'), '-days', '2', '-CAcreateserial'],
      ...['-CA', this.cert, '-CAkey', this.#key, '-extfile', file('ext'), '-out', file('crt')],
    ]);
    return { cert: file('crt'), key };
  }
}
