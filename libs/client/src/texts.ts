/**
 * The texts that the router itself answers with, or must tell apart. They are etcd's: clients match
 * on them. Everything else passes through unread.
 */
export const Texts = {
  TIMED_OUT: 'etcdserver: request timed out',
  CONNECTION_LOST: 'etcdserver: request timed out, possibly due to connection lost',
  NO_LEADER: 'etcdserver: no leader',
  TOO_MANY_REQUESTS: 'etcdserver: too many requests',
  NOT_FOR_LEARNER: 'etcdserver: rpc not supported for learner',
  STOPPED: 'etcdserver: server stopped',
} as const;
