/**
 * The metrics of the process, read when they are asked for. From /proc on Linux; elsewhere what
 * Node knows, and 0 for the rest.
 */
import { readdirSync, readFileSync } from 'node:fs';

import type { MetricRegistry } from './registry.js';

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function limitOf(limits: string, name: string): number {
  for (const line of limits.split('\n')) {
    if (!line.startsWith(name)) continue;
    const soft = line.slice(name.length).trim().split(/\s+/)[0] ?? '';
    return soft === 'unlimited' ? 2 ** 64 : Number(soft) || 0;
  }
  return 0;
}

function openFiles(): number {
  try {
    // The directory being read is itself one of them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return 0;
  }
}

/** Reads what does not change, once; `collect` fills in the rest at every scrape. */
export class ProcessMetrics {
  readonly #registry: MetricRegistry;
  readonly #startSeconds: number;
  readonly #filesMax: number;
  readonly #memoryMax: number;

  constructor(registry: MetricRegistry, nodeVersion: string) {
    this.#registry = registry;
    this.#startSeconds = Date.now() / 1000 - process.uptime();
    const limits = readText('/proc/self/limits');
    this.#filesMax = limitOf(limits, 'Max open files');
    this.#memoryMax = limitOf(limits, 'Max address space');
    registry.series('go_info', { version: nodeVersion })?.set(1);
  }

  #set(name: string, value: number): void {
    this.#registry.series(name, undefined)?.set(value);
  }

  collect(): void {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    const stat = readText('/proc/self/stat');
    // Behind the name in brackets, which may hold blanks: state is field 3 of proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const files = openFiles();
    this.#set('process_cpu_seconds_total', (cpu.user + cpu.system) / 1e6);
    this.#set('process_resident_memory_bytes', memory.rss);
    this.#set('process_virtual_memory_bytes', Number(fields[20] ?? 0));
    this.#set('process_virtual_memory_max_bytes', this.#memoryMax);
    this.#set('process_open_fds', files);
    this.#set('process_max_fds', this.#filesMax);
    this.#set('os_fd_used', files);
    this.#set('os_fd_limit', this.#filesMax);
    this.#set('process_start_time_seconds', Math.round(this.#startSeconds * 100) / 100);
    this.#set('go_threads', Number(fields[17] ?? 0));
    this.#set('go_memstats_alloc_bytes', memory.heapUsed + memory.external);
    this.#set('go_memstats_heap_alloc_bytes', memory.heapUsed);
    this.#set('go_memstats_heap_sys_bytes', memory.heapTotal);
    this.#set('go_memstats_sys_bytes', memory.rss);
  }
}
