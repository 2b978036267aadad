import { writeSync } from 'node:fs';
import { ConclaveError } from '@conclave/base';
import type { LogLevel } from '@conclave/base';
import { type Otlp, otlpSettings, startOtlp } from '@conclave/otlp';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import { Telemetry } from '@conclave/telemetry';
import { loadConfig, usage } from './config/load-config.js';
import type { NodeConfig } from './config/node-config.js';
import { openFailpoints } from './failpoints/open-failpoints.js';
import { ConclaveNode } from './node.js';
import { CONCLAVE_VERSION, ETCD_VERSION, versionText } from './version.js';

/** Set by the bundler; false leaves nothing of the failpoints in the bundle. */
declare const CONCLAVE_FAILPOINTS: boolean;
/** Set by the bundler for an older build in a test: it supports features up to this one; else null. */
declare const CONCLAVE_FEATURE_MAX: number | null;

/** How long the end of the process waits for a slow reader of its log. */
const FLUSH_MS = 250;
/** And for a collector to take the last traces and metrics. */
const OTLP_FLUSH_MS = 500;

/** Whoever started us with a pipe may be gone: that is no reason to fail. */
function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, `${text}\n`);
  } catch {
    // Nobody reads.
  }
}

function main(): void {
  const loaded = loadConfig(process.argv.slice(2), process.env);
  switch (loaded.type) {
    case 'fault':
      print(2, loaded.text);
      process.exitCode = loaded.exitCode;
      return;
    case 'show':
      print(1, loaded.what === 'version' ? versionText(ETCD_VERSION) : usage());
      return;
    case 'run':
      void run(loaded.config, loaded.warnings);
  }
}

function levelOf(config: NodeConfig): LogLevel {
  const { logLevel } = config;
  return logLevel === 'dpanic' || logLevel === 'panic' ? 'fatal' : (logLevel as LogLevel);
}

/** Ends telemetry; a reader of our log that takes nothing more gets a moment, then what fits at once. */
function flushed(telemetry: Telemetry): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      telemetry.logger.flushSync();
      resolve();
    }, FLUSH_MS);
    telemetry.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function openOtlp(config: NodeConfig, telemetry: Telemetry): Promise<Otlp> {
  const settings = otlpSettings(process.env, config.tracing, 'conclave-node');
  const self = { name: config.name, version: CONCLAVE_VERSION };
  return startOtlp(settings, self, { probe: telemetry, readings: () => telemetry.readings() });
}

async function run(config: NodeConfig, warnings: readonly string[]): Promise<void> {
  let telemetry: Telemetry;
  try {
    const outputs = config.logOutputs;
    telemetry = new Telemetry({
      log: { level: levelOf(config), format: config.logFormat, outputs },
    });
  } catch (error) {
    print(2, (error as Error).message);
    process.exit(1);
  }
  let ending = false;
  telemetry.watchEventLoop();
  const exit = (code: number): void => {
    telemetry.logger.flushSync();
    process.exit(code);
  };
  let failed = false;
  // Also in the middle of a stop: what is broken must not go on.
  const fatal = (message: string, cause?: unknown): void => {
    if (failed) return;
    failed = true;
    ending = true;
    const stack = cause instanceof Error && cause.stack ? { stack: cause.stack } : {};
    telemetry.log('fatal', message, stack);
    exit(1);
  };
  process.on('uncaughtException', (error) => fatal(`internal fault: ${error.message}`, error));
  for (const warning of warnings) telemetry.log('warn', warning);
  let node: ConclaveNode | null = null;
  let otlp: Otlp | null = null;
  const removed = (): void => {
    if (ending) return;
    ending = true;
    telemetry.log('error', 'the member has been permanently removed from the cluster', {
      advice: 'it stops; its data directory is of no more use and must be removed',
    });
    // A moment for the last acknowledgements to leave.
    setTimeout(() => exit(0), 1_000);
  };
  const stop = async (signal: 'SIGINT' | 'SIGTERM'): Promise<void> => {
    if (ending) return;
    ending = true;
    telemetry.log('info', 'received signal; shutting down', { signal });
    setTimeout(() => exit(1), 5_000).unref();
    await node?.stop();
    await otlp?.close(OTLP_FLUSH_MS);
    await flushed(telemetry);
    if (process.pid === 1) process.exit(0);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGTERM', () => void stop('SIGTERM'));
  try {
    const seams = CONCLAVE_FAILPOINTS ? await openFailpoints(process.env) : null;
    if (!CONCLAVE_FAILPOINTS && process.env['GOFAIL_HTTP']) {
      telemetry.log('warn', 'this build has no failpoints; GOFAIL_HTTP is ignored');
    }
    otlp = await openOtlp(config, telemetry);
    const { tracer } = otlp;
    node = await ConclaveNode.start(
      config,
      telemetry,
      { fatal, removed },
      seams,
      tracer,
      CONCLAVE_FEATURE_MAX ?? FEATURE_SUPPORTED,
    );
  } catch (error) {
    const code = error instanceof ConclaveError ? { code: error.code } : {};
    telemetry.log('fatal', `cannot start: ${(error as Error).message}`, code);
    exit(1);
  }
}

main();
