/** `conclave-node`: what starts when its process does. */
import type { LogLevel } from '@conclave/base';
import { type Otlp, otlpSettings, startOtlp } from '@conclave/otlp';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import {
  type Life,
  NODE_CATALOGUE,
  SilentTelemetry,
  Telemetry,
  runProgram,
} from '@conclave/telemetry';
import { loadConfig, usage } from './config/load-config.js';
import type { NodeConfig } from './config/node-config.js';
import { openFailpoints } from './failpoints/open-failpoints.js';
import { ConclaveNode } from './node.js';
import { CONCLAVE_VERSION, ETCD_VERSION, versionText } from './version.js';

/** Set by the bundler; false leaves nothing of the failpoints in the bundle. */
declare const CONCLAVE_FAILPOINTS: boolean;
/** Set by the bundler for an older build in a test: it supports features up to this one; else null. */
declare const CONCLAVE_FEATURE_MAX: number | null;
/** Set by the bundler; false makes a member without metrics and traces, to measure what they cost. */
declare const CONCLAVE_TELEMETRY: boolean;

/** The process ends by then, whatever hangs. */
const STOP_MS_MAX = 5_000;
/** And a collector has this long to take the last traces and metrics. */
const OTLP_FLUSH_MS = 500;
/** A member that was removed: for the last acknowledgements to leave. */
const REMOVED_MS = 1_000;

function levelOf({ logLevel }: NodeConfig): LogLevel {
  return logLevel === 'dpanic' || logLevel === 'panic' ? 'fatal' : (logLevel as LogLevel);
}

function openOtlp(config: NodeConfig, telemetry: Telemetry): Promise<Otlp> {
  const settings = otlpSettings(process.env, config.tracing, 'conclave-node');
  const self = { name: config.name, version: CONCLAVE_VERSION };
  return startOtlp(settings, self, { probe: telemetry, readings: () => telemetry.readings() });
}

function removed(life: Life): void {
  if (!life.endSoon(0, REMOVED_MS)) return;
  life.telemetry.log('error', 'the member has been permanently removed from the cluster', {
    advice: 'it stops; its data directory is of no more use and must be removed',
  });
}

async function start(config: NodeConfig, life: Life): Promise<void> {
  const { telemetry } = life;
  telemetry.watchEventLoop();
  const seams = CONCLAVE_FAILPOINTS ? await openFailpoints(process.env) : null;
  if (!CONCLAVE_FAILPOINTS && process.env['GOFAIL_HTTP']) {
    telemetry.log('warn', 'this build has no failpoints; GOFAIL_HTTP is ignored');
  }
  const otlp = CONCLAVE_TELEMETRY ? await openOtlp(config, telemetry) : null;
  life.atStop(async () => otlp?.close(OTLP_FLUSH_MS));
  const node = await ConclaveNode.start(
    config,
    telemetry,
    { fatal: (message) => life.fatal(message), removed: () => removed(life) },
    seams,
    otlp?.tracer ?? null,
    CONCLAVE_FEATURE_MAX ?? FEATURE_SUPPORTED,
  );
  life.atStop(() => node.stop());
}

runProgram<NodeConfig>({
  load: loadConfig,
  show: (what) => (what === 'version' ? versionText(ETCD_VERSION) : usage()),
  stopMsMax: STOP_MS_MAX,
  telemetry: (config) => {
    const { logFormat, logOutputs } = config;
    const Kind = CONCLAVE_TELEMETRY ? Telemetry : SilentTelemetry;
    return new Kind({
      log: { level: levelOf(config), format: logFormat, outputs: logOutputs },
      catalogue: NODE_CATALOGUE,
    });
  },
  start,
});
