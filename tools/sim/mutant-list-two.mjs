// Planted bugs (RELIABILITY C8) that need the whole rooms: state machine, store, watches, gateways,
// snapshots. The same form as in mutant-list.mjs; run at level 2.

const patch = (file, find, replace) => ({ file: `libs/${file}`, find, replace });

/** Worlds in which members fall behind and get snapshots, and die on the way. */
const SNAPSHOTS = {
  member: {
    snapshotCount: 5,
    catchUpEntries: 0,
    flushIntervalMs: 50,
    tickMs: 50,
    electionTicks: 5,
  },
  kinds: ['isolate', 'kill', 'ambush'],
};

export const MUTANTS_TWO = [
  {
    id: '10b',
    what: 'a received state is named before the log has started over',
    limit: 300,
    draw: SNAPSHOTS,
    patches: [
      patch(
        'replica/src/snapshot-switch.ts',
        'this.#log.reset(\n      meta,',
        'const { firstSegment: old } = directory.current;\n' +
          '    directory.switchTo({ stateNumber, firstSegment: old }, () => this.#log.reset(\n      meta,',
      ),
      patch(
        'replica/src/snapshot-switch.ts',
        "finish('installed');\n        });\n      },\n    );",
        "finish('installed');\n        });\n      },\n    ));",
      ),
    ],
  },
  {
    id: '11',
    what: 'the applied index goes to the engine in a batch of its own, before the data',
    limit: 100,
    patches: [
      patch(
        'replica/src/state-writer.ts',
        'this.#engine.write(ops, (failure) => {',
        'this.#engine.write(ops.slice(-4), () => this.#engine.write(ops.slice(0, -4), (failure) => {',
      ),
      patch(
        'replica/src/state-writer.ts',
        'this.#settle();\n    });\n  }\n\n  /** Time passes: what waits',
        'this.#settle();\n    }));\n  }\n\n  /** Time passes: what waits',
      ),
    ],
  },
  {
    id: '12b',
    what: 'an entry is applied again after a restart',
    limit: 50,
    patches: [
      patch(
        'statemachine/src/state-machine.ts',
        'this.#appliedIndex = meta.index;\n      this.#appliedTerm',
        'this.#appliedIndex = Math.max(0, meta.index - 1);\n      this.#appliedTerm',
      ),
    ],
  },
  {
    id: '13',
    what: 'apply asks the local clock',
    limit: 100,
    patches: [
      patch(
        'statemachine/src/applier.ts',
        'leases.grant(request.ID, request.TTL, nowMs, index);',
        'leases.grant(request.ID, request.TTL + (Math.floor(nowMs) % 7 === 0 ? 1 : 0), nowMs, index);',
      ),
    ],
  },
  {
    id: '13b',
    what: 'apply looks at the state of one member: whether it leads',
    limit: 100,
    patches: [
      patch(
        'statemachine/src/applier.ts',
        'const result = store.write(request, this.#leaseExists);',
        'const result = store.write(request, (id) => !leases.primary || this.#leaseExists(id));',
      ),
    ],
  },
  {
    id: '14',
    what: 'the comparisons of a transaction are made on the leader only',
    limit: 500,
    patches: [
      patch(
        'statemachine/src/applier.ts',
        'const result = store.write(request, this.#leaseExists);',
        "const bare = request.type === 'txn' && !leases.primary\n" +
          '      ? { ...request, request: { ...request.request, compare: [] } }\n      : request;\n' +
          '    const result = store.write(bare, this.#leaseExists);',
      ),
    ],
  },
  {
    id: '17',
    what: 'the expiry of a lease by an earlier leader is applied',
    limit: 1_000,
    draw: { override: { leases: 6, movesLeader: true, operatorPaceMs: 300 } },
    patches: [
      patch(
        'statemachine/src/applier.ts',
        'if (request.term !== entry.term) return this.#ok();\n    const present',
        'if (request.term > entry.term) return this.#ok();\n    const present',
      ),
    ],
  },
  {
    id: '19',
    what: 'a gateway repeats a write outside of any session',
    limit: 100,
    patches: [
      patch(
        'client/src/single-call.ts',
        'let metadata = this.#slot === null ? this.#metadata : withSession(this.#metadata, this.#slot);',
        'let metadata = this.#metadata;',
      ),
    ],
  },
  {
    id: '25',
    what: 'a slow watcher jumps over what was compacted',
    limit: 300,
    patches: [
      patch(
        'watch/src/catch-up.ts',
        'if (watcher.next < compactRevision) this.#host.overtaken(watcher, compactRevision);\n      else this.add(watcher);',
        'watcher.next = Math.max(watcher.next, compactRevision);\n      this.add(watcher);',
      ),
      patch(
        'watch/src/catch-up.ts',
        'if (watcher.next < compactRevision) this.#host.overtaken(watcher, compactRevision);\n      }',
        '}',
      ),
      patch(
        'watch/src/watch-room.ts',
        'else if (watcher.next < this.#ports.store.compactRevision) {\n      this.#compact(watcher, this.#ports.store.compactRevision);\n    } else {',
        'else {',
      ),
    ],
  },
  {
    id: '25b',
    what: 'progress is told while a watcher of the stream still lags',
    limit: 300,
    patches: [
      patch(
        'watch/src/stream.ts',
        'if (this.#watchers.size === 0 || this.lagging > 0 || this.compacted > 0) return;',
        'if (this.#watchers.size === 0) return;',
      ),
    ],
  },
  {
    id: '25c',
    what: 'a watcher falls back to history one revision too late',
    limit: 300,
    patches: [
      patch(
        'watch/src/watch-room.ts',
        'if (watcher.stream.outbox.full) this.#fallBack(watcher, revision);',
        'if (watcher.stream.outbox.full) this.#fallBack(watcher, revision + 1);',
      ),
    ],
  },
  {
    id: '25d',
    what: 'watchers of a member that installed a snapshot miss what it brought',
    limit: 1_000,
    draw: SNAPSHOTS,
    patches: [
      patch(
        'watch/src/watch-room.ts',
        'this.#fallBack(watcher, Math.max(watcher.next, missed));',
        'watcher.next = revision + 1;',
      ),
    ],
  },
  {
    id: '26b',
    what: 'a member goes on after an error of its disk',
    limit: 100,
    patches: [
      patch(
        'log/src/segmented-log.ts',
        'if (failure !== null || this.#failure !== null) {\n      const first',
        'if (failure !== null && this.#failure !== null) {\n      const first',
      ),
    ],
  },
  {
    id: '28',
    what: 'a wiped member is taken for the one it was (the rule of the hello, as the simulator has it)',
    limit: 1_000,
    draw: { kinds: ['wipe', 'kill', 'isolate', 'halves'], override: { changesMembers: false } },
    patches: [
      patch(
        'sim/src/l2/member.ts',
        '(replicated || met.get(other.id)) === other.incarnation;',
        'other.incarnation !== 0n;',
      ),
    ],
  },
  {
    id: '30',
    what: 'a tombstone at the compact revision is dropped',
    limit: 1_000,
    patches: [
      patch(
        'mvcc/src/key-history.ts',
        'let first = last;\n    while (first > 0',
        'if (this.tombstoneAt(last)) return last + 1;\n    let first = last;\n    while (first > 0',
      ),
    ],
  },
  {
    id: '31',
    what: 'a keepalive is answered by a leader that asked nobody',
    limit: 1_000,
    draw: { override: { leases: 6 } },
    patches: [
      patch(
        'api/src/keep-alive.ts',
        'this.#hold(() =>\n      this.#api.replica.linearizableRead(leftMs, (error) => {',
        'this.#hold(() =>\n      (((_ms: number, done: (e: null | any) => void) => {\n' +
          '        done(null);\n        return () => undefined;\n' +
          '      }) as typeof this.#api.replica.linearizableRead)(leftMs, (error) => {',
      ),
    ],
  },
  {
    id: '32',
    what: 'a session forgets an answer before its client has it',
    limit: 300,
    patches: [
      patch(
        'client/src/session.ts',
        'while (this.#lowest < this.#next && this.#finished[this.#lowest % SESSION_WINDOW] === 1) {',
        'while (this.#lowest < this.#next) {',
      ),
    ],
  },
  {
    id: '33',
    what: 'a linearizable read is served by what is applied, not by the read index',
    limit: 100,
    patches: [
      patch(
        'replica/src/read-queue.ts',
        'if (this.#ports.applied() >= index) {',
        'if (index > 0) {',
      ),
    ],
  },
  {
    id: '34',
    what: 'a gateway resumes a watch one revision too late',
    limit: 300,
    patches: [
      patch(
        'client/src/watcher.ts',
        'return this.groupOpen ? this.groupRevision : this.next;',
        'return this.groupOpen ? this.groupRevision : this.next + (this.next > 0 ? 1 : 0);',
      ),
    ],
  },
  {
    id: '35',
    what: 'a new leader ends leases by the time they had at the old one',
    limit: 300,
    patches: [
      patch(
        'lease/src/lessor.ts',
        'lease.deadlineMs = nowMs + left * 1_000 + extendMs;',
        'lease.deadlineMs ||= nowMs + left * 500;',
      ),
    ],
  },
  {
    id: '36',
    what: 'the log is cut behind what was applied, flushed or not',
    limit: 100,
    patches: [
      patch(
        'replica/src/state-writer.ts',
        'const noted = this.#written;',
        'const noted = this.machine.appliedIndex;',
      ),
    ],
  },
];
