/** `conclave-gateway`: what starts when its process does. */
import { NO_TRACING_FLAGS, type Otlp, otlpSettings, startOtlp } from '@conclave/otlp';
import { GATEWAY_CATALOGUE, Telemetry, runProgram } from '@conclave/telemetry';
import { type GatewayConfig, loadConfig, usage } from './config.js';
import { Gateway } from './gateway.js';
import { CONCLAVE_VERSION, versionText } from './version.js';

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 4_500;
/** And a collector has this long to take the last traces and metrics. */
const OTLP_FLUSH_MS = 500;

function openOtlp(config: GatewayConfig, telemetry: Telemetry): Promise<Otlp> {
  const settings = otlpSettings(process.env, NO_TRACING_FLAGS, 'conclave-gateway');
  const self = { name: config.name, version: CONCLAVE_VERSION };
  return startOtlp(settings, self, { probe: telemetry, readings: () => telemetry.readings() });
}

runProgram<GatewayConfig>({
  load: loadConfig,
  show: (what) => (what === 'version' ? versionText() : usage()),
  stopMsMax: STOP_MS_MAX,
  telemetry: ({ logLevel, logFormat, logOutputs }) =>
    new Telemetry({
      log: { level: logLevel, format: logFormat, outputs: logOutputs },
      catalogue: GATEWAY_CATALOGUE,
    }),
  async start(config, life) {
    const otlp = await openOtlp(config, life.telemetry);
    life.atStop(() => otlp.close(OTLP_FLUSH_MS));
    const gateway = await Gateway.start(config, life.telemetry, otlp.tracer);
    life.atStop(() => gateway.stop());
  },
});
