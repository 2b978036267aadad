// A member's HTTP pages.
import http from 'node:http';

/** Status and body of a GET; status 0 if nobody answers. */
export function get(target) {
  return new Promise((resolve) => {
    const request = http.get(target, { timeout: 2_000 }, (response) => {
      let body = '';
      response.on('data', (bytes) => (body += String(bytes)));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: 0, body: '' }));
  });
}

/** An empty message to the JSON gateway. */
export async function post(target) {
  const response = await fetch(target, { method: 'POST', body: '{}' });
  return { status: response.status, body: await response.text() };
}

export const status = async (target) => (await get(target)).status;

/** Entries a member has applied, by its metrics; 0: it does not say. */
export async function applied(port) {
  const { body } = await get(`http://127.0.0.1:${port}/metrics`);
  return Number(/^etcd_server_proposals_applied_total (\S+)$/m.exec(body)?.[1] ?? 0);
}
