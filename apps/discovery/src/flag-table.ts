/**
 * The flags of the discovery service. The environment has each as `CONCLAVE_DISCOVERY_<NAME>`; the
 * command line wins.
 */
import type { ServiceFlag, ServiceFlagType } from '@conclave/base';

const LEVELS = ['debug', 'info', 'warn', 'error', 'panic', 'fatal'] as const;

type Row = readonly [string, ServiceFlagType, string, string, (readonly string[])?];

const ROWS: readonly Row[] = [
  ['listen-client-urls', 'urls', 'http://localhost:8087', 'Where members and people connect.'],
  ['listen-metrics-urls', 'urls', '', 'Further URLs that serve only metrics and health.'],
  [
    'advertise-url',
    'string',
    '',
    'URL that tokens are handed out with, such as https://discovery.example.org; by default the host ' +
      'that the client asked.',
  ],
  ['data-dir', 'string', 'discovery.conclave', 'Directory of the registry, without --backend.'],
  [
    'backend',
    'urls',
    '',
    'Keep the registry in this Conclave or etcd cluster instead (URLs of its clients); any number of ' +
      'services may share it.',
  ],
  ['backend-prefix', 'string', '/_etcd/registry', 'Where in the backend the tokens are.'],
  ['backend-user', 'string', '', 'name:password for a backend with authentication.'],
  ['backend-cacert', 'string', '', 'CA file that signs the backend (https).'],
  ['backend-cert', 'string', '', 'Client certificate for the backend (https).'],
  ['backend-key', 'string', '', 'Its key.'],
  ['token-ttl', 'duration', '168h', 'How long a token lives; 0: for ever.'],
  [
    'initial-tokens',
    'list',
    '',
    'Tokens created at the start, unless they are there: token=size, separated by commas.',
  ],
  ['max-tokens', 'uint', '10000', 'Tokens kept.'],
  ['max-members', 'uint', '64', 'Registrations per token, and the largest size.'],
  ['max-value-bytes', 'uint', '4096', 'Largest registration.'],
  ['max-body-bytes', 'uint', '16384', 'Largest request body.'],
  ['max-registry-bytes', 'uint', '67108864', 'Bytes of all registrations, without --backend.'],
  ['max-waiting', 'uint', '10000', 'Long polls and event streams at a time.'],
  ['wait-timeout', 'duration', '1m', 'A long poll without an event ends after this long.'],
  ['request-rate', 'uint', '100', 'Requests per second and address; 0: no limit.'],
  ['token-rate', 'uint', '60', 'New tokens per minute and address; 0: no limit.'],
  ['shutdown-grace', 'duration', '2s', 'How long open requests may take after SIGTERM.'],
  ['log-level', 'enum', 'info', 'Lowest level.', LEVELS],
  ['log-format', 'enum', 'json', 'Form of log lines.', ['json', 'console']],
  ['log-outputs', 'list', 'default', 'stdout, stderr, or files; default is stderr.'],
];

export const DISCOVERY_FLAGS: readonly ServiceFlag[] = Object.freeze(
  ROWS.map(([name, type, fallback, help, values]) => {
    return { name, type, fallback, help, ...(values === undefined ? {} : { values }) };
  }),
);
