/** What the gateway says of itself before a member has told it which etcd version to report. */
export const FALLBACK_ETCD_VERSION = '3.6.9';

export const CONCLAVE_VERSION = '0.1.0';

/** What `--version` prints; etcd's lines, ours below the first. */
export function versionText(): string {
  return [
    `etcd Version: ${FALLBACK_ETCD_VERSION}`,
    `Conclave Version: ${CONCLAVE_VERSION}`,
    `Node Version: ${process.versions.node}`,
    `Node OS/Arch: ${process.platform}/${process.arch}`,
  ].join('\n');
}
