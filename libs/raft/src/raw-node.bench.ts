/**
 * How many entries a second three members replicate with instant disks and network, for proposals of
 * one entry each, `BATCH` of them to a Ready. Run: bundle this file with esbuild and start it.
 */
import { EntryType, type RaftMessage } from '@conclave/wire';
import { RawNode } from './raw-node.js';
import { testConfig, testInitial } from './testing/cluster.js';

const ROUNDS = 20_000;
const data = new Uint8Array(256);
const members = [1, 2, 3];

function turn(nodes: RawNode[], inbox: RaftMessage[]): boolean {
  let busy = false;
  for (const node of nodes) {
    while (node.hasReady()) {
      busy = true;
      const { append, messages, committed } = node.ready();
      for (const m of messages) inbox.push(m);
      if (append !== null) {
        for (const m of append.messages) inbox.push(m);
        node.appendDone(append.sequence);
      }
      const last = committed[committed.length - 1];
      if (last !== undefined) node.appliedTo(last.index);
    }
  }
  const now = inbox.splice(0);
  for (const m of now) (nodes[m.to - 1] as RawNode).step(m);
  return busy || now.length > 0;
}

for (const batch of [1, 10, 100]) {
  const nodes = members.map((s) => new RawNode(testConfig(s), testInitial(members)));
  const leader = nodes[0] as RawNode;
  const inbox: RaftMessage[] = [];
  leader.campaign();
  while (turn(nodes, inbox));
  const rounds = Math.ceil(ROUNDS / batch) * 5;
  const begun = performance.now();
  for (let n = 0; n < rounds; n++) {
    for (let i = 0; i < batch; i++) leader.propose([{ type: EntryType.NORMAL, data }]);
    while (turn(nodes, inbox));
    if (n % 100 === 99) leader.logCut(leader.applied, leader.term);
  }
  const seconds = (performance.now() - begun) / 1000;
  const rate = Math.round((rounds * batch) / seconds);
  console.log(`batch ${batch}: ${rate} entries/s on all three members, one core`);
}
