/**
 * The gateway's flags. Names are etcd's where etcd has one. The environment has each as
 * `CONCLAVE_GATEWAY_<NAME>`; the command line wins.
 */
import type { ServiceFlag } from '@conclave/base';
import { FEED_FLAGS } from '@conclave/feed';

const LEVELS = ['debug', 'info', 'warn', 'error', 'panic', 'fatal'] as const;

export const GATEWAY_FLAGS: readonly ServiceFlag[] = Object.freeze([
  { name: 'name', type: 'string', fallback: 'gateway', help: 'Name in logs, here and at members.' },
  {
    name: 'endpoints',
    type: 'urls',
    fallback: 'http://localhost:2380',
    help: 'Peer URLs of some members; the others are learned from them.',
  },
  {
    name: 'discovery',
    type: 'string',
    fallback: '',
    help: 'URL of the discovery token that the members bootstrapped with; --endpoints may be given too.',
  },
  { name: 'discovery-proxy', type: 'string', fallback: '', help: 'HTTP proxy for --discovery.' },
  {
    name: 'discovery-token',
    type: 'string',
    fallback: '',
    help: 'Token of v3 discovery, instead of --endpoints.',
  },
  {
    name: 'discovery-endpoints',
    type: 'urls',
    fallback: '',
    help: 'v3 discovery: client URLs of the cluster that keeps the token.',
  },
  {
    name: 'discovery-user',
    type: 'string',
    fallback: '',
    help: 'v3 discovery: name:password.',
  },
  { name: 'discovery-cacert', type: 'string', fallback: '', help: 'v3 discovery: CA file.' },
  {
    name: 'discovery-cert',
    type: 'string',
    fallback: '',
    help: 'v3 discovery: client certificate.',
  },
  { name: 'discovery-key', type: 'string', fallback: '', help: 'v3 discovery: its key.' },
  {
    name: 'listen-client-urls',
    type: 'urls',
    fallback: 'http://localhost:2379',
    help: 'Where clients connect.',
  },
  {
    name: 'listen-metrics-urls',
    type: 'urls',
    fallback: '',
    help: 'Further URLs that serve only metrics and health.',
  },
  { name: 'cors', type: 'list', fallback: '*', help: 'Origins allowed for HTTP/1.' },
  { name: 'host-whitelist', type: 'list', fallback: '*', help: 'Host names allowed for HTTP/1.' },
  {
    name: 'enable-grpc-gateway',
    type: 'enum',
    fallback: 'true',
    values: ['true', 'false'],
    help: 'JSON over HTTP below /v3/.',
  },
  { name: 'max-request-bytes', type: 'uint', fallback: '1572864', help: 'Largest request.' },
  {
    name: 'max-concurrent-streams',
    type: 'uint',
    fallback: '16384',
    help: 'HTTP/2 streams per connection.',
  },
  {
    name: 'grpc-keepalive-min-time',
    type: 'duration',
    fallback: '5s',
    help: 'Shortest time between client pings.',
  },
  {
    name: 'grpc-keepalive-interval',
    type: 'duration',
    fallback: '2h',
    help: 'Server ping on an idle connection.',
  },
  {
    name: 'grpc-keepalive-timeout',
    type: 'duration',
    fallback: '20s',
    help: 'Wait for the answer to a server ping.',
  },
  {
    name: 'election-timeout',
    type: 'uint',
    fallback: '1000',
    help: "The members' election timeout in milliseconds.",
  },
  {
    name: 'shutdown-grace',
    type: 'duration',
    fallback: '2s',
    help: 'How long open calls may take after SIGTERM.',
  },
  {
    name: 'metrics',
    type: 'enum',
    fallback: 'basic',
    values: ['basic', 'extensive'],
    help: 'Level of detail of /metrics.',
  },
  { name: 'log-level', type: 'enum', fallback: 'info', values: LEVELS, help: 'Lowest level.' },
  {
    name: 'log-format',
    type: 'enum',
    fallback: 'json',
    values: ['json', 'console'],
    help: 'Form of log lines.',
  },
  {
    name: 'log-outputs',
    type: 'list',
    fallback: 'default',
    help: 'stdout, stderr, or files; default is stderr.',
  },
  ...FEED_FLAGS.map(([name, type, fallback, help]) => ({ name, type, fallback, help })),
]);
