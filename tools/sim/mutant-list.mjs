// Bugs that are planted on purpose (RELIABILITY C8): each must be found within its limit of seeds.
// A patch is an exact replacement in one file; `draw` makes the worlds that can show it likelier.

const raft = (file, find, replace) => ({ file: `libs/raft/src/${file}`, find, replace });
const log = (file, find, replace) => ({ file: `libs/log/src/${file}`, find, replace });

export const MUTANTS = [
  {
    id: '1',
    what: 'a vote is answered before it is durable',
    limit: 50,
    patches: [
      raft(
        'election.ts',
        'r.sendAfterTerm(voteResponse(VOTE_RESPONSE, m.from, r.slot, r.term, false, 0, 0));',
        'r.send(voteResponse(VOTE_RESPONSE, m.from, r.slot, r.term, false, 0, 0));',
      ),
    ],
  },
  {
    id: '2',
    what: 'a restarted member forgets its vote',
    limit: 100,
    patches: [raft('raft.ts', 'this.vote = hardState.vote;', 'this.vote = 0;')],
  },
  {
    id: '3',
    what: 'the up-to-date check compares the index only',
    limit: 300,
    patches: [
      raft(
        'raft-log.ts',
        'return term > lastTerm || (term === lastTerm && index >= this.lastIndex);',
        'return index >= this.lastIndex || term > lastTerm + 1_000_000;',
      ),
    ],
  },
  {
    id: '4',
    what: 'entries of earlier terms are committed by counting',
    limit: 3_000,
    draw: { plain: true },
    patches: [
      raft(
        'commit.ts',
        'if (index <= r.log.commit || r.log.term(index) !== r.term) return false;',
        'if (index <= r.log.commit) return false;',
      ),
    ],
  },
  {
    id: '5',
    what: 'an append always truncates behind its previous entry',
    limit: 100,
    patches: [
      raft(
        'step-follower.ts',
        'const from = log.findNew(m.entries);',
        'const from = m.index >= log.commit ? 0 : log.findNew(m.entries);',
      ),
    ],
  },
  {
    id: '6',
    // Durable or not: the leader finds the place of agreement exactly (fast rejection), so what lies
    // behind the entries of a message is the leader's own, and the last index alone harms nobody.
    what: 'a follower acknowledges its last index, durable or not',
    limit: 300,
    patches: [
      raft(
        'step-follower.ts',
        'r.sendAfterAppend(appendResponse(m.from, r.slot, r.term, agreed, false, 0, 0));',
        'r.sendAfterTerm(appendResponse(m.from, r.slot, r.term, log.lastIndex, false, 0, 0));',
      ),
    ],
  },
  {
    id: '7',
    what: 'a write that was overwritten still vouches for its entries (ABA)',
    limit: 3_000,
    patches: [
      raft(
        'unstable.ts',
        'for (const append of this.#inFlight) if (append.vouches > kept) append.vouches = kept;',
        '',
      ),
    ],
  },
  {
    id: '8',
    what: 'a leader counts itself before its own write is durable',
    limit: 100,
    patches: [
      raft(
        'election.ts',
        'r.uncommittedBytes += data.length;\n  r.unstable.touch(r.tick);',
        'r.uncommittedBytes += data.length;\n  r.unstable.touch(r.tick);\n' +
          '  r.tracker.get(r.slot)?.acknowledge(entry.index);',
      ),
    ],
  },
  {
    id: '9',
    what: 'a follower commits what the leader commits, whether its log agrees or not',
    limit: 300,
    patches: [
      raft(
        'commit.ts',
        'const index = commit < agreed ? commit : agreed;',
        'const index = commit;',
      ),
    ],
  },
  {
    id: '9b',
    what: 'a heartbeat carries the commit index to those who do not have so much',
    limit: 300,
    patches: [
      raft(
        'replication.ts',
        'const commit = Math.min(peer.match, r.log.commit);',
        'const commit = r.log.commit;',
      ),
    ],
  },
  {
    id: '10',
    what: 'a snapshot older than what is committed is accepted',
    limit: 300,
    patches: [raft('snapshot.ts', 'if (meta.index <= r.log.commit) {', 'if (meta.index < 0) {')],
  },
  {
    id: '12',
    what: 'replay begins at the applied entry, not behind it',
    limit: 50,
    patches: [
      raft(
        'raft.ts',
        'this.log = new RaftLog(cut.index, cut.term, applied, commit, entries);',
        'const from = entries[0] !== undefined && entries[0].index <= applied ? applied - 1 : applied;' +
          '\n    this.log = new RaftLog(cut.index, cut.term, from, commit, entries);',
      ),
    ],
  },
  {
    id: '15',
    what: 'reads are answered before the leader has committed in its term',
    limit: 1_000,
    patches: [
      raft(
        'reads.ts',
        'const added = r.reads.add(from, context, hasCommittedInTerm(r) ? r.log.commit : -1);\n' +
          '  if (added && hasCommittedInTerm(r)) answerReads(r);',
        'const added = r.reads.add(from, context, r.log.commit);\n  if (added) answerReads(r);',
      ),
    ],
  },
  {
    id: '16',
    what: 'a read joins a round that was sent before it came',
    limit: 10_000,
    patches: [
      raft(
        'read-only.ts',
        'this.round++;\n    for (const',
        'if (this.#pending.length === 0) this.round++;\n    for (const',
      ),
    ],
  },
  {
    id: '18',
    what: 'a change is proposed without a commit in the own term',
    limit: 10_000,
    patches: [
      raft('election.ts', 'r.pendingConfIndex = r.termFirstIndex;', 'r.pendingConfIndex = 0;'),
    ],
  },
  {
    id: '18b',
    what: 'two changes at once',
    limit: 10_000,
    patches: [
      raft(
        'membership.ts',
        'if (r.pendingConfIndex > r.log.applied) return true;\n  return isJoint',
        'return isJoint',
      ),
    ],
  },
  {
    id: '20',
    what: 'the buffer of entries is used again after a message was sent',
    limit: 100,
    patches: [
      raft(
        'raft-log.ts',
        'return this.#entries.slice(lo + offset, end + offset);',
        'const scratch = ((this as any).scratch ??= []);\n    scratch.length = 0;\n' +
          '    for (let i = lo + offset; i < end + offset; i++) scratch.push(this.#entries[i]);\n' +
          '    return scratch;',
      ),
    ],
  },
  {
    id: '21',
    what: 'half is a majority of an even number',
    limit: 100,
    patches: [
      raft('quorum.ts', 'sorted[n >> 1] as Index', 'sorted[(n - 1) >> 1] as Index'),
      raft('quorum.ts', 'const needed = (n >> 1) + 1;', 'const needed = (n + 1) >> 1;'),
    ],
  },
  {
    id: '21b',
    what: 'a joint configuration counts one half only',
    limit: 100,
    patches: [
      raft('quorum.ts', 'return a < b ? a : b;', 'return a;'),
      raft('quorum.ts', 'if (a === b) return a;', 'if (outgoing.length > 0) return a;'),
    ],
  },
  {
    id: '22',
    what: 'a leader or candidate does not yield to a higher term',
    limit: 300,
    patches: [
      raft(
        'step.ts',
        'becomeFollower(r, m.term, isFromLeader(m) ? m.from : 0);',
        'if (r.role === Role.LEADER || r.role === Role.CANDIDATE) return false;\n' +
          '  becomeFollower(r, m.term, isFromLeader(m) ? m.from : 0);',
      ),
    ],
  },
  {
    id: '23',
    what: 'no lease protects a leader from those who do not hear it',
    limit: 500,
    patches: [
      raft(
        'election.ts',
        'if (!r.config.checkQuorum || r.leader === 0 || r.leader === asker) return false;',
        'if (r.slot > 0) return false;',
      ),
    ],
  },
  {
    id: '24',
    what: 'CheckQuorum counts what was sent, not what came back',
    limit: 500,
    patches: [
      raft(
        'tracker.ts',
        'peer.slot === self || peer.recentActive);',
        'peer.slot > 0 || self > 0);',
      ),
    ],
  },
  {
    id: '26',
    what: 'a failed write is ignored, the next one acknowledged',
    limit: 100,
    draw: { realLogShare: 1 },
    patches: [
      log(
        'segmented-log.ts',
        'if (failure !== null || this.#failure !== null) {\n      const first',
        'if (failure !== null && this.#failure !== null) {\n      const first',
      ),
    ],
  },
  {
    id: '27',
    what: 'a hole in the log is not noticed at start',
    limit: 300,
    draw: { realLogShare: 1 },
    patches: [
      log(
        'segment-walk.ts',
        'if (head === null || head.previousEnd <= end) continue;',
        'if (head === null || head.previousEnd >= 0) continue;',
      ),
      log(
        'recovery.ts',
        'const mark = this.#mark;\n    const shorter',
        'const mark = this.#mark;\n    if (mark.group >= 0) return;\n    const shorter',
      ),
    ],
  },
  {
    id: '29',
    what: 'a full window is not freed when its answers are lost',
    limit: 500,
    patches: [
      raft(
        'step-leader.ts',
        "peer.paused = false;\n  if (peer.state === 'snapshot')",
        "if (peer.state === 'snapshot')",
      ),
    ],
  },
];
