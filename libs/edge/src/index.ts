export {
  ClientEdge,
  type ClientEdgeOptions,
  type ClientEdgePorts,
  type EdgeProtocols,
} from './client-edge.js';
export { type HttpExtension } from './http-router.js';
export { type CallDone, callOnce } from './local-call.js';
export { type AlarmName, type NodeVersions, type NodeView } from './node-view.js';
