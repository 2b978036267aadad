/** What each message carries, and that it carries nothing else: fields without meaning are 0. */
import { EntryType, MessageType } from '@conclave/wire';
import {
  appendMessage,
  appendResponse,
  heartbeatMessage,
  plainMessage,
  proposeMessage,
  readIndexResponse,
  snapshotMessage,
  voteMessage,
  voteResponse,
} from './message.js';

const NOTHING = {
  logTerm: 0,
  index: 0,
  commit: 0,
  reject: false,
  rejectHint: 0,
  context: 0,
  entries: [],
  snapshot: null,
};
const BASE = { ...NOTHING, to: 2, from: 1, term: 5 };
const ENTRIES = [{ term: 5, index: 9, type: EntryType.NORMAL, data: new Uint8Array(1) }];
const META = {
  index: 7,
  term: 4,
  confState: {
    voters: [],
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  },
};
const { VOTE, VOTE_RESPONSE, TIMEOUT_NOW } = MessageType;

describe('messages', () => {
  test.each([
    ['plain', plainMessage(TIMEOUT_NOW, 2, 1, 5, 3), { type: TIMEOUT_NOW, context: 3 }],
    [
      'append',
      appendMessage(2, 1, 5, 8, 4, 6, ENTRIES),
      { type: MessageType.APPEND, index: 8, logTerm: 4, commit: 6, entries: ENTRIES },
    ],
    [
      'acknowledgement',
      appendResponse(2, 1, 5, 9, false, 0, 0),
      { type: MessageType.APPEND_RESPONSE, index: 9 },
    ],
    [
      'refusal of an append',
      appendResponse(2, 1, 5, 9, true, 6, 3),
      { type: MessageType.APPEND_RESPONSE, index: 9, reject: true, rejectHint: 6, logTerm: 3 },
    ],
    [
      'heartbeat',
      heartbeatMessage(2, 1, 5, 6, 12),
      { type: MessageType.HEARTBEAT, commit: 6, context: 12 },
    ],
    ['vote', voteMessage(VOTE, 2, 1, 5, 9, 4, false), { type: VOTE, index: 9, logTerm: 4 }],
    [
      'forced vote',
      voteMessage(VOTE, 2, 1, 5, 9, 4, true),
      { type: VOTE, index: 9, logTerm: 4, context: 1 },
    ],
    ['granted vote', voteResponse(VOTE_RESPONSE, 2, 1, 5, false, 0, 0), { type: VOTE_RESPONSE }],
    [
      'refused vote',
      voteResponse(VOTE_RESPONSE, 2, 1, 5, true, 6, 4),
      { type: VOTE_RESPONSE, reject: true, commit: 6, logTerm: 4 },
    ],
    [
      'read index',
      readIndexResponse(2, 1, 5, 9, 3),
      { type: MessageType.READ_INDEX_RESPONSE, index: 9, context: 3 },
    ],
    ['proposal', proposeMessage(2, 1, 5, ENTRIES), { type: MessageType.PROPOSE, entries: ENTRIES }],
    ['snapshot', snapshotMessage(2, 1, 5, META), { type: MessageType.SNAPSHOT, snapshot: META }],
  ])('%s', (_name, message, fields) => {
    expect(message).toEqual({ ...BASE, ...fields });
    // All are of one shape, so that what reads them stays fast.
    expect(Object.keys(message)).toEqual(Object.keys(plainMessage(VOTE, 0, 0, 0, 0)));
  });
});
