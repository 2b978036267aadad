/**
 * SETTINGS frames (RFC 9113 section 6.5.2): what a client's says, as far as a server minds it, and what
 * we say first.
 */
import type { ControlQueue } from './control-queue.js';
import {
  ErrorCode,
  FRAME_BYTES_MAX,
  readUint32,
  Setting,
  SETTING_BYTES,
  WINDOW_DEFAULT,
  WINDOW_MAX,
} from './frames.js';
import type { GrpcLimits } from './limits.js';

/** -1: not said. Of a setting given twice the last counts. */
export interface ClientSettings {
  initialWindow: number;
  /** The smallest of them: the encoder must go through it. */
  tableBytes: number;
}

/** No client has so many. */
export const SETTINGS_MAX = 64;

const FRAME_SIZE_MAX = 0xffffff;

/** Reads the entries in `bytes[lo, hi)` into `found`; answers the error of the first bad one, or null. */
export function readSettings(
  bytes: Uint8Array,
  lo: number,
  hi: number,
  found: ClientSettings,
): ErrorCode | null {
  found.initialWindow = -1;
  found.tableBytes = -1;
  for (let at = lo; at < hi; at += SETTING_BYTES) {
    const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const value = readUint32(bytes, at + 2);
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        if (found.tableBytes < 0 || value < found.tableBytes) found.tableBytes = value;
        break;
      case Setting.ENABLE_PUSH:
        if (value > 1) return ErrorCode.PROTOCOL_ERROR;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > WINDOW_MAX) return ErrorCode.FLOW_CONTROL_ERROR;
        found.initialWindow = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < FRAME_BYTES_MAX || value > FRAME_SIZE_MAX) return ErrorCode.PROTOCOL_ERROR;
        break;
    }
  }
  return null;
}

/** Our settings, and the connection's window. */
export function greet(control: ControlQueue, limits: GrpcLimits): void {
  // A list within the announced size always fits a block, whatever the client compresses.
  const headerBytesMax = Math.min(limits.headerBytesMax, limits.headerBlockBytesMax);
  control.settings([
    [Setting.MAX_CONCURRENT_STREAMS, limits.concurrentStreamsMax],
    [Setting.INITIAL_WINDOW_SIZE, limits.callCreditBytes],
    [Setting.MAX_HEADER_LIST_SIZE, headerBytesMax],
  ]);
  const more = limits.connectionWindowBytes - WINDOW_DEFAULT;
  if (more > 0) control.windowUpdate(0, more);
}
