/** `conclave-gateway`: reads flags, starts, stops. */
import { writeSync } from 'node:fs';
import { NO_TRACING_FLAGS, type Otlp, otlpSettings, startOtlp } from '@conclave/otlp';
import { Telemetry } from '@conclave/telemetry';
import { type GatewayConfig, loadConfig, usage } from './config.js';
import { Gateway } from './gateway.js';
import { CONCLAVE_VERSION, versionText } from './version.js';

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 4_500;
/** And a collector has this long to take the last traces and metrics. */
const OTLP_FLUSH_MS = 500;

/** Whoever started us with a pipe may be gone: that is no reason to fail. */
function print(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, `${text}\n`);
  } catch {
    // Nobody reads.
  }
}

function openTelemetry(config: GatewayConfig): Telemetry {
  const { logLevel, logFormat, logOutputs } = config;
  try {
    return new Telemetry({ log: { level: logLevel, format: logFormat, outputs: logOutputs } });
  } catch (error) {
    print(2, (error as Error).message);
    process.exit(1);
  }
}

function openOtlp(config: GatewayConfig, telemetry: Telemetry): Promise<Otlp> {
  const settings = otlpSettings(process.env, NO_TRACING_FLAGS, 'conclave-gateway');
  const self = { name: config.name, version: CONCLAVE_VERSION };
  return startOtlp(settings, self, { probe: telemetry, readings: () => telemetry.readings() });
}

async function run(config: GatewayConfig, warnings: readonly string[]): Promise<void> {
  const telemetry = openTelemetry(config);
  const exit = (code: number): never => {
    telemetry.logger.flushSync();
    process.exit(code);
  };
  process.on('uncaughtException', (error) => {
    telemetry.log('fatal', `internal fault: ${error.message}`, { stack: error.stack ?? '' });
    exit(1);
  });
  for (const warning of warnings) telemetry.log('warn', warning);
  let gateway: Gateway | null = null;
  let otlp: Otlp | null = null;
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    telemetry.log('info', 'received signal; shutting down', { signal });
    setTimeout(() => exit(1), STOP_MS_MAX).unref();
    await gateway?.stop();
    await otlp?.close(OTLP_FLUSH_MS);
    telemetry.logger.flushSync();
    if (process.pid === 1) process.exit(0);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', (signal) => void stop(signal));
  process.on('SIGTERM', (signal) => void stop(signal));
  try {
    otlp = await openOtlp(config, telemetry);
    gateway = await Gateway.start(config, telemetry, otlp.tracer);
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
