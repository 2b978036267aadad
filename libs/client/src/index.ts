export { type MemberInfo, type MemberLink, type MemberReport } from './member-table.js';
export {
  type Chance,
  DEFAULT_ROUTER_OPTIONS,
  type RouterOptions,
  type RouterPorts,
} from './options.js';
export { Router } from './router.js';
