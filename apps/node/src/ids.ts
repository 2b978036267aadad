/** Ids as etcd derives them (spec 2.9), so that the same configuration gives the same cluster. */
export { clusterId, memberId } from '@conclave/storage';
