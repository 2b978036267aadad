/** How far a long transfer is, on one line of a terminal that is drawn again and again. */
import type { Output } from '../output.js';

const WIDTH = 30;
const PERIOD_MS = 100;

export class ProgressBar {
  readonly #out: Output | null;
  readonly #label: string;
  readonly #startMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;
  #from: number | null = null;
  #drawn = false;

  /** Draws nothing where nobody looks: `out` null. */
  constructor(label: string, out: Output | null) {
    this.#label = label;
    this.#out = out;
  }

  show(bytes: number, of: number): void {
    if (this.#out === null) return;
    this.#from ??= bytes;
    const nowMs = performance.now();
    if (bytes < of && nowMs - this.#drawnMs < PERIOD_MS) return;
    this.#drawnMs = nowMs;
    const part = of === 0 ? 1 : bytes / of;
    const filled = Math.round(part * WIDTH);
    const rate = (bytes - this.#from) / Math.max(0.001, (nowMs - this.#startMs) / 1_000);
    const bar = '#'.repeat(filled) + '.'.repeat(WIDTH - filled);
    const percent = String(Math.floor(part * 100)).padStart(3);
    const text = `${this.#label} [${bar}] ${percent}% ${bytesText(bytes)} of ${bytesText(of)}, ${bytesText(rate)}/s`;
    this.#out.text(`\r${text}\x1b[K`);
    this.#drawn = true;
  }

  end(): void {
    if (this.#drawn) this.#out?.text('\n');
    this.#drawn = false;
  }
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** As etcdctl writes sizes: powers of 1,000, two figures. */
export function bytesText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
