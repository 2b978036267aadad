export { GrpcCallError } from './dial/grpc-call-error.js';
export { type GrpcCallOptions, GrpcChannel, type GrpcChannelOptions } from './dial/grpc-channel.js';
export type { GrpcStream } from './dial/grpc-stream.js';
export { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './grpc-server.js';
export {
  DEFAULT_HTTP1_LIMITS,
  type Http1Handler,
  type Http1Limits,
  Http1Server,
  type Http1ServerOptions,
  type UpgradeHook,
} from './http1-server.js';
export { DEFAULT_GRPC_LIMITS, type GrpcLimits, grpcLimits } from './limits.js';
export {
  type ListenAddress,
  ListenError,
  type ListenErrorCode,
  parseListenUrl,
} from './listen-url.js';
export {
  type BoundPort,
  PortListener,
  type PortListenerOptions,
  type PortProtocols,
  type SocketTaker,
} from './port-listener.js';
export { encodeStatusText } from './status-text.js';
export { parseTimeout } from './timeout.js';
