/** `conclave-discovery`: reads flags, starts, stops. */
import { writeSync } from 'node:fs';
import { Telemetry } from '@conclave/telemetry';
import { type DiscoveryConfig, loadConfig, usage } from './config.js';
import { DISCOVERY_METRICS } from './metrics.js';
import { DiscoveryService } from './discovery-service.js';
import { versionText } from './version.js';

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 4_500;

/** Whoever started us with a pipe may be gone: that is no reason to fail. */
function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, `${text}\n`);
  } catch {
    // Nobody reads.
  }
}

function openTelemetry(config: DiscoveryConfig): Telemetry {
  const { logLevel, logFormat, logOutputs } = config;
  try {
    return new Telemetry({
      log: { level: logLevel, format: logFormat, outputs: logOutputs },
      metrics: DISCOVERY_METRICS,
    });
  } catch (error) {
    print(2, (error as Error).message);
    process.exit(1);
  }
}

async function run(config: DiscoveryConfig, warnings: readonly string[]): Promise<void> {
  const telemetry = openTelemetry(config);
  telemetry.watchEventLoop();
  const exit = (code: number): never => {
    telemetry.logger.flushSync();
    process.exit(code);
  };
  const fatal = (message: string, stack = ''): void => {
    telemetry.log('fatal', message, stack === '' ? {} : { stack });
    exit(1);
  };
  process.on('uncaughtException', (error) => {
    fatal(`internal fault: ${error.message}`, error.stack);
  });
  for (const warning of warnings) telemetry.log('warn', warning);
  let service: DiscoveryService | null = null;
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    telemetry.log('info', 'received signal; shutting down', { signal });
    setTimeout(() => exit(1), STOP_MS_MAX).unref();
    await service?.stop();
    telemetry.logger.flushSync();
    if (process.pid === 1) process.exit(0);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', (signal) => void stop(signal));
  process.on('SIGTERM', (signal) => void stop(signal));
  try {
    service = await DiscoveryService.start(config, telemetry, fatal);
  } catch (error) {
    telemetry.log('fatal', `cannot start: ${(error as Error).message}`);
    exit(1);
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
      print(1, loaded.what === 'version' ? versionText() : usage());
      return;
    case 'run':
      void run(loaded.config, loaded.warnings);
  }
}

main();
