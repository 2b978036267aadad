/** The etcd version that clients are told, unless `--version-override` says another. */
export const ETCD_VERSION = '3.6.9';

/** Our own version. */
export const CONCLAVE_VERSION = '0.1.0';

/** What `--version` prints; four lines as etcd's, ours below the first. */
export function versionText(etcdVersion: string = ETCD_VERSION): string {
  return [
    `etcd Version: ${etcdVersion}`,
    `Conclave Version: ${CONCLAVE_VERSION}`,
    `Node Version: ${process.versions.node}`,
    `Node OS/Arch: ${process.platform}/${process.arch}`,
  ].join('\n');
}

/** `major.minor.0`, which is what a cluster agrees on. */
export function clusterVersionOf(etcdVersion: string): string {
  const [major, minor] = etcdVersion.split('.');
  return `${major}.${minor}.0`;
}
