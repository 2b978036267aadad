/**
 * How a voter leaves (reliability rule 58): demoted by a joint change, removed once nobody counts its vote.
 */
import { Feature } from '@conclave/statemachine';
import { ConfChangeTransition, ConfChangeType, MemberChange } from '@conclave/wire';
import { MiniCluster, type MiniMember } from './testing/mini-cluster.js';
import type { ProposalResult } from './types.js';

const seed = Number(process.env['SEED'] ?? 58);

function leaderOf(cluster: MiniCluster): MiniMember {
  cluster.until('a leader', () => cluster.leader !== undefined);
  return cluster.leader as MiniMember;
}

/** As `MemberRemove` proposes it. */
function leave(at: MiniMember, id: bigint): ProposalResult[] {
  const answers: ProposalResult[] = [];
  const requestID = at.running.nextRequestId();
  at.running.proposeConfChange(
    {
      transition: ConfChangeTransition.JOINT_AUTO_LEAVE,
      changes: [{ type: ConfChangeType.ADD_LEARNER, id }],
      context: MemberChange.encode(MemberChange.create({ requestID, leaving: true })),
    },
    requestID,
    60_000,
    (result) => answers.push(result),
  );
  return answers;
}

function isGone(at: MiniMember | undefined, id: bigint): boolean {
  const machine = at?.replica?.machine;
  return machine?.isRemoved(id) === true && machine.leaving.length === 0;
}

function published(cluster: MiniCluster): MiniMember {
  const leader = leaderOf(cluster);
  cluster.until('all know that voters leave so', () =>
    cluster.members.every((m) => m.running.machine.feature >= Feature.JOINT_REMOVAL),
  );
  return leader;
}

test.each([
  [2, 'the follower'],
  [3, 'a follower'],
  [5, 'a follower'],
  [2, 'the leader'],
  [3, 'the leader'],
])('of %i members, %s leaves: demoted, no member at once, then removed', (members, who) => {
  const cluster = new MiniCluster({ members, seed });
  const leader = published(cluster);
  const others = cluster.members.filter((m) => m !== leader);
  const victim = who === 'the leader' ? leader : (others[0] as MiniMember);
  const stays = cluster.members.filter((m) => m !== victim);
  const answers = leave(others[0] as MiniMember, victim.id);
  cluster.until('the change is applied', () => answers.length > 0);
  expect(answers[0]).toMatchObject({ ok: true, result: { ok: true } });
  const ids = (others[0] as MiniMember).running.machine.members.map((m) => m.id);
  expect(ids).not.toContain(victim.id);
  cluster.until('it is removed', () => stays.every((m) => isGone(m, victim.id)));
  for (const { running } of stays) {
    expect(running.machine.confState).toEqual({
      voters: stays.map((m) => m.id),
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    });
  }
});

test('a new leader ends what the one before began, however far that came', () => {
  for (let pause = 0; pause < 12; pause++) {
    const cluster = new MiniCluster({ members: 4, seed: seed + pause });
    const leader = published(cluster);
    const [victim, ...rest] = cluster.members.filter((m) => m !== leader) as [MiniMember];
    leave(leader, victim.id);
    let tasks = 0;
    cluster.afterTask = () => {
      // Somewhere in the middle of it the leader dies for good.
      if (++tasks === 6 * pause && leader.replica !== null) cluster.crash(leader);
    };
    cluster.advance(200);
    cluster.afterTask = null;
    if (leader.replica !== null) cluster.crash(leader);
    const { machine } = leaderOf(cluster).running;
    const begun = machine.leaving.length > 0 || machine.members.length < 4;
    if (!begun) leave(leaderOf(cluster), victim.id);
    cluster.until('it is removed', () => rest.every((m) => isGone(m, victim.id)));
  }
});

test('a voter is not removed while the joint configuration counts it', () => {
  const cluster = new MiniCluster({ members: 3, seed });
  const leader = published(cluster);
  const [victim] = cluster.members.filter((m) => m !== leader) as [MiniMember];
  const seen: string[] = [];
  cluster.afterTask = () => {
    const machine = leader.replica?.machine;
    if (machine === undefined) return;
    const counted = machine.confState.votersOutgoing.includes(victim.id);
    const state = `${counted ? 'counted' : 'free'} ${machine.isRemoved(victim.id) ? 'gone' : 'here'}`;
    if (seen.at(-1) !== state) seen.push(state);
  };
  leave(leader, victim.id);
  cluster.until('it is removed', () => isGone(leader, victim.id));
  expect(seen).toEqual(['free here', 'counted here', 'free here', 'free gone']);
});
