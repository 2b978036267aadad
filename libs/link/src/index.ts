export { type Beat, startBeat } from './beat.js';
export { CallAnswerer } from './call-answerer.js';
export { CallOpener, type CallOpenerEvents } from './call-opener.js';
export { type LinkPorts } from './dialer.js';
export { FrameSocket, type FrameSocketEvents } from './frame-socket.js';
export {
  type KnownMember,
  type LinkIdentity,
  type RefusalReason,
  judgeHello,
} from './handshake.js';
export { type DialTarget, dialTarget } from './link-url.js';
export { LinkHost, type LinkHostPorts } from './link-host.js';
export { LinkPool, type LinkPoolEvents, type LinkPoolPorts } from './link-pool.js';
export { type LinkPath, LinkServer, type LinkServerPorts } from './link-server.js';
export { MemberLinks } from './member-links.js';
export { DEFAULT_LINK_OPTIONS, type LinkOptions } from './options.js';
export { type PeerEvents, PeerLinks, type PeerLinksPorts } from './peer-links.js';
export {
  type SnapshotAcceptor,
  SnapshotLinks,
  type SnapshotReceiverEvents,
  type SnapshotSenderEvents,
  type SnapshotStreamReceiver,
  type SnapshotStreamSender,
} from './snapshot-links.js';
