export const CONCLAVE_VERSION = '0.1.0';

/** What `--version` prints. */
export function versionText(): string {
  return [
    `Conclave Version: ${CONCLAVE_VERSION}`,
    `Node Version: ${process.versions.node}`,
    `Node OS/Arch: ${process.platform}/${process.arch}`,
  ].join('\n');
}
