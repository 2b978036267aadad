/**
 * Crash points, one after the other (RELIABILITY C3): each short play is run once to count what its victim
 * does to its disks, then again with a death right after each of these operations, what is under way
 * having reached the disk not at all, by half, or whole without the process knowing. It starts again, and all
 * invariants of the level hold: nothing acknowledged is lost, it starts, all states are one.
 *
 * `ALL=1` dies at every operation; else at so many of them, spread evenly.
 */
import type { CrashFate } from '@conclave/testkit';
import type { SimMember } from './member.js';
import { Stage } from './testing/stage.js';

const FATES: readonly CrashFate[] = ['none', 'half', 'all'];
const POINTS_MAX = process.env['ALL'] === undefined ? 6 : Number.POSITIVE_INFINITY;
const SEED = Number(process.env['SEED'] ?? 7);
const DOWN_MS = 120;

interface Play {
  readonly members: number;
  /** Before operations count; null: they count from the first one on. */
  readonly before: ((stage: Stage) => void) | null;
  readonly victim: (stage: Stage) => SimMember | undefined;
  readonly act: (stage: Stage) => void;
}

/** Runs the play; the victim dies after operation `point`. How many operations it had. */
function perform(play: Play, point: number, fate: CrashFate): number {
  const stage = new Stage(SEED, play.members);
  if (play.before !== null) play.before(stage);
  let operations = 0;
  let victim: SimMember | null = null;
  const watch = (): void => {
    const member = victim ?? play.victim(stage);
    if (member === undefined) return;
    victim = member;
    member.disk.afterOperation = () => {
      if (operations++ !== point) return;
      member.crash(true, fate);
      stage.cluster.timeline.after(DOWN_MS, () => member.start());
    };
  };
  watch();
  // A victim that comes only during the play: a joiner.
  if (victim === null) stage.cluster.onLaunch = watch;
  play.act(stage);
  if (victim !== null) (victim as SimMember).disk.afterOperation = null;
  const wrong = stage.verdict();
  if (wrong !== '') throw new Error(`SEED=${SEED} operation ${point}, ${fate} of it: ${wrong}`);
  return operations;
}

function enumerate(play: Play): { readonly operations: number; readonly deaths: number } {
  const operations = perform(play, -1, 'none');
  const points = Math.min(operations, POINTS_MAX);
  let deaths = 0;
  for (let i = 0; i < points; i++) {
    const point = Math.floor((i * operations) / points);
    for (const fate of FATES) {
      if (perform(play, point, fate) > point) deaths++;
    }
  }
  return { operations, deaths };
}

function serving(stage: Stage): void {
  stage.until('all serve', () => stage.cluster.members.every((m) => m.isServing));
}

function loaded(stage: Stage): void {
  serving(stage);
  for (let i = 0; i < 4; i++) stage.put(`k/${i}`);
}

/** One follower missed so much that it needs the whole state. */
function behind(stage: Stage): SimMember {
  loaded(stage);
  const away = stage.follower as SimMember;
  away.crash(false);
  stage.pass(600);
  for (let i = 0; i < 14; i++) stage.put(`missed/${i}`);
  stage.pass(100);
  return away;
}

function changes(stage: Stage): void {
  stage.addLearner(4n);
  const joiner = (): SimMember | undefined => stage.cluster.member(4n);
  stage.until('it has caught up', () => (joiner()?.replica?.appliedIndex ?? 0) > 0);
  stage.promote(4n);
  stage.put('k/during');
  const leaving = stage.cluster.members.find((m) => m.id !== 4n && m !== stage.leader) as SimMember;
  stage.remove(leaving.id);
  stage.put('k/after');
}

const PLAYS: Readonly<Record<string, Play>> = {
  'the first boot of a member alone': {
    ...{ members: 1, before: null, act: (stage) => stage.put('k/first') },
    victim: ({ cluster }) => cluster.members[0],
  },
  'the first boot of one of three': {
    ...{ members: 3, before: null, act: (stage) => stage.put('k/first') },
    victim: ({ cluster }) => cluster.members[1],
  },
  'votes: each of two that are left': {
    members: 3,
    before: (stage) => {
      loaded(stage);
      const { leader } = stage;
      leader?.crash(false);
      stage.cluster.timeline.after(1_500, () => leader?.start());
    },
    victim: (stage) => stage.follower,
    act: (stage) => stage.put('k/elected'),
  },
  'appends of a leader': {
    ...{ members: 3, before: loaded, victim: (stage) => stage.leader },
    act: (stage) => {
      for (let i = 0; i < 6; i++) stage.put(`k/${i % 3}`);
    },
  },
  'appends of a follower': {
    ...{ members: 3, before: loaded, victim: (stage) => stage.follower },
    act: (stage) => {
      for (let i = 0; i < 6; i++) stage.put(`k/${i % 3}`);
    },
  },
  'the install of a snapshot': {
    ...{ members: 3, before: behind },
    victim: ({ cluster }) => cluster.members.find((m) => !m.host.isUp),
    act: (stage) => {
      const away = stage.cluster.members.find((m) => !m.host.isUp) as SimMember;
      away.start();
      stage.until('it is up to date', () => {
        const { appliedIndex } = stage.cluster.oracle;
        return away.replica?.appliedIndex === appliedIndex && away.isServing;
      });
    },
  },
  'a compaction': {
    ...{ members: 3, before: loaded, victim: (stage) => stage.leader },
    act: (stage) => {
      for (let i = 0; i < 3; i++) stage.put('k/1');
      stage.compact(5);
      stage.pass(150);
    },
  },
  'changes of members, on the leader': {
    ...{ members: 3, before: loaded, victim: (stage) => stage.leader, act: changes },
  },
  'changes of members, on the one that joins': {
    ...{ members: 3, before: loaded, act: changes },
    victim: ({ cluster }) => cluster.member(4n),
  },
};

test.each(Object.keys(PLAYS))(
  'a death at any operation loses nothing: %s',
  (name) => {
    const { operations, deaths } = enumerate(PLAYS[name] as Play);
    console.log(`SEED=${SEED} ${name}: ${operations} operations, ${deaths} deaths`);
    expect(operations).toBeGreaterThan(4);
    expect(deaths).toBe(3 * Math.min(operations, POINTS_MAX));
  },
  600_000,
);
