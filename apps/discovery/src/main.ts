/** `conclave-discovery`: what starts when its process does. */
import { PROCESS_CATALOGUE, Telemetry, runProgram } from '@conclave/telemetry';
import { type DiscoveryConfig, loadConfig, usage } from './config.js';
import { DiscoveryService } from './discovery-service.js';
import { DISCOVERY_METRICS } from './metrics.js';
import { versionText } from './version.js';

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 4_500;

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
    life.telemetry.watchEventLoop();
    const fatal = (message: string): void => life.fatal(message);
    const service = await DiscoveryService.start(config, life.telemetry, fatal);
    life.atStop(() => service.stop());
  },
});
