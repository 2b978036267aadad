/**
 * Maintenance/Downgrade (spec 2.10): checked and refused as etcd 3.6 does, and never begun.
 *
 * A target that etcd would take (one minor version below the cluster's) is refused too: an answer of OK
 * would promise that an older etcd, or an older build of ours, could go on with this data. What an
 * older build may do is decided by the feature number alone, which never falls (docs/adr/0007). So no
 * downgrade is ever under way, and to cancel one is, as at etcd 3.6, no error.
 */
import { DowngradeAction, DowngradeRequest, DowngradeResponse } from '@conclave/wire';
import type { ApiContext } from './context.js';
import type { ApiErrorCode } from './error-table.js';
import type { UnaryCall } from './unary.js';

export function downgrade(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { action, version } = DowngradeRequest.decode(body);
  const early = refusal(action, version);
  if (early !== null) return call.fail(early);
  api.linearizable(call, () => {
    const { clusterVersion } = api.replica.machine;
    if (clusterVersion === '') return call.fail('cluster-version-not-found');
    if (action !== DowngradeAction.CANCEL) return call.fail('downgrade-target');
    const [major, minor] = clusterVersion.split('.');
    const response = DowngradeResponse.create({ version: `${major}.${minor}` });
    api.reply(call, DowngradeResponse.encode(response));
  });
}

/** What is wrong with the request itself. */
function refusal(action: DowngradeAction, version: string): ApiErrorCode | null {
  switch (action) {
    case DowngradeAction.VALIDATE:
    case DowngradeAction.ENABLE:
      return /^\d+\.\d+(\.\d+)?$/.test(version) ? null : 'downgrade-format';
    case DowngradeAction.CANCEL:
      return null;
    default:
      return 'unknown-method';
  }
}
