/**
 * From a peer URL as etcd writes it (`http://10.0.0.1:2380`, `unix://path`) to what a WebSocket dials.
 */
export type DialTarget =
  { readonly ok: true; readonly url: string } | { readonly ok: false; readonly text: string };

/** `path` is `/raft`, `/raft/snapshot` or `/link`. `localhost` means 127.0.0.1, as for listeners. */
export function dialTarget(peerUrl: string, path: string): DialTarget {
  if (peerUrl.startsWith('unix://')) {
    const file = peerUrl.slice('unix://'.length);
    return file === ''
      ? { ok: false, text: `${peerUrl} names no socket file` }
      : { ok: true, url: `ws+unix:${file}:${path}` };
  }
  let parsed: URL;
  try {
    parsed = new URL(peerUrl);
  } catch {
    return { ok: false, text: `${JSON.stringify(peerUrl)} is not a URL` };
  }
  if (parsed.protocol === 'https:') {
    return { ok: false, text: `TLS is not supported yet: ${peerUrl}` };
  }
  if (parsed.protocol !== 'http:' || parsed.hostname === '') {
    return { ok: false, text: `${peerUrl} does not have the form http://host:port` };
  }
  const host = parsed.hostname === 'localhost' ? '127.0.0.1' : parsed.hostname;
  const port = parsed.port === '' ? '80' : parsed.port;
  return { ok: true, url: `ws://${host}:${port}${path}` };
}
