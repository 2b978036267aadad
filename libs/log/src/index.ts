export type {
  AppendRequest,
  DurableLog,
  LogFault,
  LogOptions,
  OpenLogResult,
  RecoveredLog,
} from './types.js';
