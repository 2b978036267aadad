/** The change feed into NATS JetStream. Start at README.md. */
export { Feed, type FeedPorts } from './feed.js';
export { FeedChecker, type FeedVerdict } from './feed-checker.js';
export { type FeedType, Header, type HeaderReader } from './message.js';
export {
  FEED_FLAGS,
  type FeedOptions,
  type FlagReader,
  RESERVED_PREFIX,
  feedOptions,
} from './options.js';
export { escapeKey, keyOfSubject, unescapeKey } from './subject.js';
