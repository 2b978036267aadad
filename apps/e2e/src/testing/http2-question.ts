/** One POST of JSON over HTTP/2 by prior knowledge. */
import { connect } from 'node:http2';

export function askHttp2(
  endpoint: string,
  path: string,
  body: string,
): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${endpoint}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
    });
    stream.on('error', reject);
    stream.on('response', (headers) => {
      session.destroy();
      resolve({ status: Number(headers[':status']) });
    });
    stream.end(body);
  });
}
