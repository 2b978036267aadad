/**
 * A real browser (Debian's `chromium`), driven by its own protocol over a pipe: one page, scripts evaluated in it,
 * and all that it complained of.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { until } from './process.js';

/** Without these it looks for its maker's hosts at every start. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--remote-debugging-pipe',
];
const START_MS = 60_000;

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

export function hasBrowser(): boolean {
  return spawnSync('chromium', ['--version']).status === 0;
}

export class Browser {
  /** Uncaught errors, console errors, and what the page's own policy forbade. */
  readonly complaints: string[] = [];
  readonly #profile = mkdtempSync(join(tmpdir(), 'conclave-browser-'));
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session = '';
  #next = 1;
  #rest = '';

  private constructor() {
    this.#process = spawn('chromium', [...FLAGS, `--user-data-dir=${this.#profile}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const from = this.#process.stdio[4] as Readable;
    from.setEncoding('utf8');
    from.on('data', (text: string) => this.#take(text));
    (this.#process.stdio[3] as Writable).on('error', () => undefined);
  }

  static async open(url: string): Promise<Browser> {
    const browser = new Browser();
    const { targetId } = await browser.#ask('Target.createTarget', { url: 'about:blank' });
    const attached = await browser.#ask('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = attached['sessionId'] as string;
    for (const domain of ['Page', 'Runtime', 'Log']) await browser.#ask(`${domain}.enable`);
    await browser.goTo(url);
    return browser;
  }

  async goTo(url: string): Promise<void> {
    await this.#ask('Page.navigate', { url });
    const loaded = `location.href !== 'about:blank' && document.readyState === 'complete'`;
    await until(`${url} is loaded`, () => this.evaluate<boolean>(loaded), START_MS);
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const asked = { expression, returnByValue: true, awaitPromise: true };
    const done = (await this.#ask('Runtime.evaluate', asked)) as unknown as Evaluated;
    if (done.exceptionDetails !== undefined) throw new Error(done.exceptionDetails.text);
    return done.result.value as T;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#session = '';
      this.#ask('Browser.close').catch(() => this.#process.kill('SIGKILL'));
      await ended;
    }
    for (const answered of this.#waiting.values()) answered({});
    for (const end of this.#process.stdio) end?.destroy();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #ask(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const session = this.#session === '' ? {} : { sessionId: this.#session };
    const text = JSON.stringify({ id, method, params, ...session });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the browser does not answer ${method}`)),
        START_MS,
      );
      this.#waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.#process.stdio[3] as Writable).write(`${text}\0`);
    });
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\0');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const answer = JSON.parse(part) as Answer;
      if (answer.id === undefined) this.#hear(answer);
      else {
        this.#waiting.get(answer.id)?.(answer);
        this.#waiting.delete(answer.id);
      }
    }
  }

  #hear({ method, params = {} }: Answer): void {
    const level = (params['entry'] as { level?: string } | undefined)?.level ?? params['type'];
    const isTrouble =
      method === 'Runtime.exceptionThrown' ||
      ((method === 'Log.entryAdded' || method === 'Runtime.consoleAPICalled') && level === 'error');
    if (isTrouble) this.complaints.push(JSON.stringify(params));
  }
}
