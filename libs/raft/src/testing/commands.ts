/** The commands of the transcripts: each moves the members of an `Interaction` and prints lines. */
import { encodeUtf8 } from '@conclave/base';
import {
  type ConfChangeTransition,
  ConfChangeType,
  encodeConfChange,
  EntryType,
} from '@conclave/wire';
import type { SlotChange } from '../conf-change.js';
import type { ProposeResult, RaftConfig, RaftInitialState, Ready } from '../ready.js';
import {
  formatConf,
  formatEntries,
  formatEntry,
  formatMessage,
  formatProgress,
  formatStatus,
} from './format.js';
import { type Arguments, type Interaction, type LogLevel, slots } from './interaction.js';
import { Member } from './member.js';

export type Command = (i: Interaction, args: Arguments) => void;

const ROUNDS_MAX = 1000;

function configOf(slot: number, options: ReadonlyMap<string, string>): RaftConfig {
  const number = (key: string, otherwise: number) => Number(options.get(key) ?? otherwise);
  const flag = (key: string, otherwise: boolean) =>
    (options.get(key) ?? (otherwise ? 'on' : 'off')) === 'on';
  return {
    slot,
    electionTicks: number('election', 10),
    heartbeatTicks: number('heartbeat', 1),
    preVote: flag('prevote', true),
    checkQuorum: flag('checkquorum', true),
    messageBytesMax: number('message-bytes', 1 << 20),
    inflightMessagesMax: number('inflight', 256),
    inflightBytesMax: number('inflight-bytes', 1 << 24),
    uncommittedBytesMax: number('uncommitted-bytes', 1 << 24),
    committedBytesMax: number('committed-bytes', 1 << 20),
    cacheBytesMax: number('cache-bytes', 1 << 20),
    diskStallTicks: number('disk-stall', 1000),
    disableProposalForwarding: !flag('forwarding', true),
    stepDownOnRemoval: flag('step-down', true),
    confChangeValidation: flag('validation', true),
    seed: number('seed', slot),
  };
}

/** add-nodes N [voters=(1,2)] [learners=(3)] [index=I] [log=1,1,2] [term=T] and config options. */
function addNodes(i: Interaction, { words, options }: Arguments): void {
  const index = Number(options.get('index') ?? 0);
  const voters = slots(options.get('voters'));
  const learners = slots(options.get('learners'));
  const terms = (options.get('log') ?? '').split(',').filter((t) => t !== '');
  const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  for (let n = Number(words[0]); n > 0; n--) {
    const slot = Math.max(0, ...i.members.keys()) + 1;
    const entries = terms.map((t, at) => ({
      term: Number(t),
      index: index + at + 1,
      type: EntryType.NORMAL,
      data: encodeUtf8(`t${t}i${index + at + 1}`),
    }));
    const cut = { index, term: index === 0 ? 0 : 1, confState };
    const initial: RaftInitialState = {
      hardState: { term: Number(options.get('term') ?? 1), vote: 0, commit: index },
      cut,
      confState,
      applied: index,
      entries,
    };
    i.addMember((ports) => new Member(configOf(slot, options), initial, [], ports));
  }
}

function printResult(i: Interaction, result: ProposeResult): void {
  i.print(result.ok ? `proposed at ${result.index}` : `refused: ${result.code}`);
}

/** propose N data... [size=bytes]; `-` is an empty entry. All in one proposal. */
function propose(i: Interaction, { words, options }: Arguments): void {
  const size = Number(options.get('size') ?? 0);
  const entries = words.slice(1).map((word) => ({
    type: EntryType.NORMAL,
    data: encodeUtf8(word === '-' ? '' : word.padEnd(size, '.')),
  }));
  printResult(i, i.member(words[0]).node.propose(entries));
}

const CHANGE_TYPES: Readonly<Record<string, ConfChangeType>> = {
  v: ConfChangeType.ADD_VOTER,
  r: ConfChangeType.REMOVE,
  l: ConfChangeType.ADD_LEARNER,
};
const TRANSITIONS = ['auto', 'implicit', 'explicit'];

/** conf-change N [transition=auto|implicit|explicit] v1 l2 r3; no changes: leave the joint config. */
function confChange(i: Interaction, { words, options }: Arguments): void {
  const at = TRANSITIONS.indexOf(options.get('transition') ?? 'auto');
  const transition = at as ConfChangeTransition;
  const changes: SlotChange[] = words.slice(1).map((word) => ({
    type: CHANGE_TYPES[word[0] ?? ''] as ConfChangeType,
    slot: Number(word.slice(1)),
  }));
  const wire = changes.map(({ type, slot }) => ({ type, id: BigInt(slot) }));
  const data =
    changes.length === 0
      ? new Uint8Array(0)
      : encodeConfChange({ transition, changes: wire, context: new Uint8Array(0) });
  printResult(i, i.member(words[0]).node.proposeConfChange(data, { transition, changes }));
}

/** What a Ready holds beside its messages, in lines. */
function describeReady(i: Interaction, member: Member, ready: Ready): void {
  const { slot } = member;
  if (ready.append !== null) {
    const { sequence, hardState, entries, messages } = ready.append;
    let line = `  ${slot} append #${sequence}`;
    if (hardState !== null) line += ` term=${hardState.term} vote=${hardState.vote}`;
    if (entries.length > 0) line += ` ${formatEntries(entries)}`;
    if (messages.length > 0) line += ` then ${messages.length} message(s)`;
    i.detail(line);
  }
  if (ready.committed.length > 0) i.detail(`  ${slot} commits ${formatEntries(ready.committed)}`);
  for (const read of ready.readStates)
    i.print(`  ${slot} may read ${read.context} at ${read.index}`);
  if (ready.readsDropped.length > 0)
    i.print(`  ${slot} drops reads ${ready.readsDropped.join(' ')}`);
  for (const { lo, hi } of ready.entriesRequests) i.detail(`  ${slot} reads entries [${lo},${hi})`);
  if (ready.snapshotsToSend.length > 0) {
    i.detail(`  ${slot} must send snapshots to ${ready.snapshotsToSend.join(' ')}`);
  }
}

/** process-ready N...: takes one Ready; its append and its batch wait. */
function processReady(i: Interaction, { words }: Arguments): void {
  for (const word of words) takeReady(i, i.member(word));
}

function takeReady(i: Interaction, member: Member): boolean {
  if (!member.alive || !member.node.hasReady()) return false;
  describeReady(i, member, member.takeReady());
  return true;
}

/** process-append N [count]: the oldest appends become durable. */
function processAppend(i: Interaction, { words }: Arguments): void {
  const member = i.member(words[0]);
  for (let n = Number(words[1] ?? 1); n > 0; n--) doAppend(i, member);
}

function doAppend(i: Interaction, member: Member): boolean {
  const next = member.appends[0];
  if (next === undefined) return false;
  i.detail(`  ${member.slot} append #${next.sequence} is durable`);
  member.doAppend();
  return true;
}

/** process-apply N [count]: the oldest batches are applied. */
function processApply(i: Interaction, { words }: Arguments): void {
  const member = i.member(words[0]);
  for (let n = Number(words[1] ?? 1); n > 0; n--) doApply(i, member);
}

function doApply(i: Interaction, member: Member): boolean {
  if (member.batches.length === 0) return false;
  const batch = member.doApply();
  const before = formatEntries(batch);
  const conf = batch.some((e) => e.type === EntryType.CONF_CHANGE);
  i.detail(`  ${member.slot} applies ${before}`);
  if (conf) i.print(`  ${member.slot} ${formatConf(member.confState)}`);
  return true;
}

/** process-snapshot N [fail]: the accepted snapshot is installed, or fails. */
function processSnapshot(i: Interaction, { words }: Arguments): void {
  const member = i.member(words[0]);
  if (words[1] === 'fail') member.failInstall();
  else member.install();
}

/** send-snapshot FROM TO: the leader chooses its applied state as the snapshot. */
function sendSnapshot(i: Interaction, { words }: Arguments): void {
  const member = i.member(words[0]);
  const to = Number(words[1]);
  member.snapshotsToSend = member.snapshotsToSend.filter((slot) => slot !== to);
  i.print(member.sendSnapshot(to) ? 'announced' : 'not wanted');
}

/** stabilize [N...]: everything that can happen happens, among these members. */
function stabilize(i: Interaction, { words }: Arguments): void {
  const chosen = words.length === 0 ? [...i.members.keys()] : words.map(Number);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let busy = false;
    for (const slot of chosen) {
      const member = i.member(slot);
      if (!member.alive) continue;
      if (takeReady(i, member)) busy = true;
      if (doAppend(i, member)) busy = true;
      if (doApply(i, member)) busy = true;
      for (const to of member.snapshotsToSend.splice(0)) busy = member.sendSnapshot(to) || busy;
      if (member.installing !== null) {
        busy = true;
        member.install();
      }
    }
    for (const m of i.take(new Map([['to', chosen.join(',')]]))) {
      if (!chosen.includes(m.from)) {
        i.network.push(m);
        continue;
      }
      busy = true;
      i.deliver(m);
    }
    if (!busy) return;
  }
  throw new Error('stabilize: no end in sight');
}

/**
 * deliver [to=] [from=] [type=] [count=] [order=reverse] [times=N] [keep=on]: hands messages over;
 * those they cause wait, those kept may come again.
 */
function deliver(i: Interaction, { options }: Arguments): void {
  const taken = i.take(options);
  if (options.get('keep') === 'on') i.network.push(...taken);
  if (options.get('order') === 'reverse') taken.reverse();
  const copies = Number(options.get('times') ?? 1);
  for (const m of taken) for (let n = 0; n < copies; n++) i.deliver(m);
}

/** drop [to=] [from=] [type=] [count=]: loses messages. */
function drop(i: Interaction, { options }: Arguments): void {
  for (const m of i.take(options)) i.detail(`  drops ${formatMessage(m)}`);
}

/** tick N [count]. */
function tick(i: Interaction, { words }: Arguments): void {
  for (let n = Number(words[1] ?? 1); n > 0; n--) i.member(words[0]).node.tick();
}

/** run N... ticks=T: T ticks of these members, with everything settled among them after each. */
function run(i: Interaction, { words, options }: Arguments): void {
  for (let n = Number(options.get('ticks') ?? 1); n > 0; n--) {
    for (const slot of words) i.member(slot).node.tick();
    stabilize(i, { words, options: new Map() });
  }
}

function status(i: Interaction, { words }: Arguments): void {
  const chosen = words.length === 0 ? [...i.members.keys()] : words;
  for (const slot of chosen) {
    const s = i.member(slot).node.status();
    i.print(formatStatus(s));
    for (const peer of s.progress) i.print(formatProgress(peer));
  }
}

/** log N: the durable log, then what was applied. */
function printLog(i: Interaction, { words }: Arguments): void {
  const member = i.member(words[0]);
  i.print(
    `cut=${member.cut.term}/${member.cut.index} ${member.entries.map(formatEntry).join(', ')}`,
  );
  i.print(`applied=${member.applied} data=${member.data.join(',')}`);
}

/** expect N key=value...: what must be true now. */
function expectStatus(i: Interaction, { words, options }: Arguments): void {
  const member = i.member(words[0]);
  const s = member.node.status();
  const facts = new Map<string, string>([
    ['role', s.role],
    ['term', String(s.term)],
    ['vote', String(s.vote)],
    ['leader', String(s.leader)],
    ['commit', String(s.commit)],
    ['applied', String(s.applied)],
    ['first', String(s.firstIndex)],
    ['last', String(s.lastIndex)],
    ['durable', String(s.durableIndex)],
    ['transfer', String(s.leadTransferee)],
    ['voters', s.confState.voters.join(',')],
    ['outgoing', s.confState.votersOutgoing.join(',')],
    ['learners', s.confState.learners.join(',')],
    ['learners-next', s.confState.learnersNext.join(',')],
    ['data', member.data.join(',')],
    ['terms', member.entries.map((e) => e.term).join(',')],
    ['reads', member.reads.map((r) => `${r.context}@${r.index}`).join(',')],
    ['dropped', member.readsDropped.join(',')],
  ]);
  for (const p of s.progress) {
    facts.set(`${p.slot}.state`, p.state);
    facts.set(`${p.slot}.match`, String(p.match));
    facts.set(`${p.slot}.next`, String(p.next));
  }
  for (const [key, value] of options) {
    if (facts.get(key) !== value) {
      throw new Error(`member ${words[0]}: ${key} is ${facts.get(key)}, not ${value}`);
    }
  }
}

/** messages [to=] [from=] [type=] [count=N]: lists what waits; with `count`, there must be N. */
function messages(i: Interaction, { options }: Arguments): void {
  const wanted = new Map(options);
  wanted.delete('count');
  const before = i.network;
  const found = i.take(wanted);
  i.network = before;
  for (const m of found) i.print(`  ${formatMessage(m)}`);
  const count = options.get('count');
  if (count !== undefined && found.length !== Number(count)) {
    throw new Error(`${found.length} messages, not ${count}`);
  }
}

/** isolate and friends are `drop`; crash N loses what is not durable, restart N begins again. */
function crash(i: Interaction, { words }: Arguments): void {
  i.member(words[0]).crash();
}

function restart(i: Interaction, { words, options }: Arguments): void {
  const cached = Number(options.get('cached') ?? Number.MAX_SAFE_INTEGER);
  const member = i.member(words[0]);
  const seed = Number(options.get('seed') ?? member.slot + 100);
  member.restart(seed, cached, Number(options.get('applied') ?? member.applied));
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['add-nodes', addNodes],
  ['propose', propose],
  ['conf-change', confChange],
  ['process-ready', processReady],
  ['process-append', processAppend],
  ['process-apply', processApply],
  ['process-snapshot', processSnapshot],
  ['send-snapshot', sendSnapshot],
  ['stabilize', stabilize],
  ['deliver', deliver],
  ['drop', drop],
  ['tick', tick],
  ['run', run],
  ['status', status],
  ['log', printLog],
  ['expect', expectStatus],
  ['messages', messages],
  ['crash', crash],
  ['restart', restart],
  // The disk forgets what it had made durable behind an index: a fault that Raft does not survive.
  ['lose-log', (i, { words }) => i.member(words[0]).loseLog(Number(words[1]))],
  ['campaign', (i, { words }) => i.member(words[0]).node.campaign()],
  ['forget-leader', (i, { words }) => i.member(words[0]).node.forgetLeader()],
  ['compact', (i, { words }) => i.member(words[0]).compact(Number(words[1]))],
  ['log-level', (i, { words }) => void (i.logLevel = words[0] as LogLevel)],
  ['transfer', (i, { words }) => i.print(i.member(words[0]).node.transferLeader(Number(words[1])))],
  [
    'read',
    (i, { words }) =>
      i.print(i.member(words[0]).node.readIndex(Number(words[1])) ? 'asked' : 'no leader'),
  ],
  [
    'report-unreachable',
    (i, { words }) => i.member(words[0]).node.reportUnreachable(Number(words[1])),
  ],
  ['report-reachable', (i, { words }) => i.member(words[0]).node.reportReachable(Number(words[1]))],
  [
    'report-snapshot',
    (i, { words }) => i.member(words[0]).node.reportSnapshot(Number(words[1]), words[2] === 'ok'),
  ],
]);
