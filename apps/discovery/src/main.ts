/** `conclave-discovery`: what starts when its process does. */
import { hostname } from 'node:os';
import { NO_TRACING_FLAGS, type Otlp, otlpSettings, startOtlp } from '@conclave/otlp';
import { PROCESS_CATALOGUE, Telemetry, runProgram } from '@conclave/telemetry';
import { type DiscoveryConfig, loadConfig, usage } from './config.js';
import { DiscoveryService } from './discovery-service.js';
import { DISCOVERY_METRICS } from './metrics.js';
import { CONCLAVE_VERSION, versionText } from './version.js';

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 4_500;
/** And a collector has this long to take the last traces and metrics. */
const OTLP_FLUSH_MS = 500;

/** `refresh` brings gauges up to date before they are read. */
function openOtlp(telemetry: Telemetry, refresh: () => void): Promise<Otlp> {
  const settings = otlpSettings(process.env, NO_TRACING_FLAGS, 'conclave-discovery');
  const self = { name: hostname(), version: CONCLAVE_VERSION };
  const readings = (): ReturnType<Telemetry['readings']> => {
    refresh();
    return telemetry.readings();
  };
  return startOtlp(settings, self, { probe: telemetry, readings });
}

runProgram<DiscoveryConfig>({
  load: loadConfig,
  show: (what) => (what === 'version' ? versionText() : usage()),
  stopMsMax: STOP_MS_MAX,
  telemetry: ({ logLevel, logFormat, logOutputs }) =>
    new Telemetry({
      log: { level: logLevel, format: logFormat, outputs: logOutputs },
      catalogue: PROCESS_CATALOGUE,
      metrics: DISCOVERY_METRICS,
    }),
  async start(config, life) {
    const { telemetry } = life;
    telemetry.watchEventLoop();
    let service: DiscoveryService | null = null;
    const otlp = await openOtlp(telemetry, () => service?.refreshGauges());
    life.atStop(() => otlp.close(OTLP_FLUSH_MS));
    const fatal = (message: string): void => life.fatal(message);
    const started = await DiscoveryService.start(config, telemetry, fatal, otlp.tracer);
    service = started;
    life.atStop(() => started.stop());
  },
});
