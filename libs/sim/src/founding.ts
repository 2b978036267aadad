/**
 * How a world begins: the founders with the same first log, the oracle that knows it, and newcomers
 * with nothing at all.
 */
import type { Random } from '@conclave/base';
import { EMPTY_CONF_STATE, type SlotConfState } from '@conclave/raft';
import { type Entry, EntryType } from '@conclave/wire';
import type { TrueTime } from './clock.js';
import { encodeChange } from './conf-codec.js';
import { ModelDisk, type MemberStore, type Recovered } from './disk.js';
import { Oracle } from './judges/oracle.js';
import { RaftJudge } from './judges/raft-judge.js';
import { chainOf } from './judges/shadow-log.js';
import { LogStore } from './log-store.js';
import { type Image, ModelMachine } from './machine.js';
import { Member } from './member.js';
import type { NetworkOptions } from './network.js';
import { type MemberPorts, Work } from './ports.js';
import { type Knobs, type Scenario, checkScenario } from './scenario.js';

export function networkOptions(knobs: Knobs): NetworkOptions {
  return {
    delayMin: knobs.delayMinUs,
    delayMean: knobs.delayMeanUs,
    drop: knobs.drop,
    duplicate: knobs.duplicate,
    replay: knobs.replay,
    reorder: knobs.reorder,
  };
}

function votersOf(knobs: Knobs): SlotConfState {
  const voters = Array.from({ length: knobs.voters }, (_, i) => i + 1);
  return { ...EMPTY_CONF_STATE, voters };
}

/** The log the founders share: their own addition, one after the other. */
function foundersLog(knobs: Knobs): Entry[] {
  const entries: Entry[] = [];
  for (let slot = 1; slot <= knobs.voters; slot++) {
    const data = encodeChange({ transition: 0, changes: [{ type: 0, slot }] });
    entries.push({ term: 1, index: slot, type: EntryType.CONF_CHANGE, data });
  }
  return entries;
}

/** How all founders begin, and the judges that know it. */
export interface Founding {
  readonly oracle: Oracle;
  readonly judge: RaftJudge;
  readonly initial: Recovered;
  readonly image: Image;
}

export function found(scenario: Scenario): Founding {
  checkScenario(scenario);
  const { knobs } = scenario;
  const confState = knobs.foundersInLog ? EMPTY_CONF_STATE : votersOf(knobs);
  const oracle = new Oracle(knobs.keys, knobs.clients, confState);
  const judge = new RaftJudge(oracle, knobs.voters + knobs.spares);
  const entries = knobs.foundersInLog ? foundersLog(knobs) : [];
  const machine = new ModelMachine(knobs.keys, knobs.clients, confState);
  if (!knobs.foundersInLog) {
    oracle.begin(1);
    machine.skip(1, 1);
  }
  for (const entry of entries) {
    const chain = chainOf(oracle.log.chain(oracle.commit) as number, entry);
    oracle.commitEntry(entry, chain, 1);
  }
  const cutIndex = knobs.foundersInLog ? 0 : 1;
  const initial: Recovered = {
    hardState: { term: 1, vote: 0, commit: oracle.commit },
    cut: { index: cutIndex, term: cutIndex, confState },
    entries,
  };
  return { oracle, judge, initial, image: machine.image() };
}

/** What a member needs of its world. */
export interface Surroundings {
  readonly scenario: Scenario;
  readonly seeds: Random;
  readonly time: TrueTime;
  readonly ports: MemberPorts;
}

export function createFounder(
  { judge, initial, image }: Founding,
  slot: number,
  around: Surroundings,
): Member {
  judge.born(slot, initial.hardState);
  return createMember(slot, initial, image, around);
}

/** A member that was never anywhere: no configuration, no log. */
export function createNewcomer(slot: number, around: Surroundings): Member {
  const { keys, clients } = around.scenario.knobs;
  const initial: Recovered = {
    hardState: { term: 0, vote: 0, commit: 0 },
    cut: { index: 0, term: 0, confState: EMPTY_CONF_STATE },
    entries: [],
  };
  const image = new ModelMachine(keys, clients, EMPTY_CONF_STATE).image();
  return createMember(slot, initial, image, around);
}

function createMember(
  slot: number,
  initial: Recovered,
  image: Image,
  { scenario, seeds, time, ports }: Surroundings,
): Member {
  const { knobs } = scenario;
  const diskPorts = {
    later: (delayUs: number, task: () => void) => ports.later(slot, Work.DISK, delayUs, task),
    latencyUs: () => ports.diskLatencyUs(slot),
    fatal: () => ports.fatal(slot),
    see: (name: string) => ports.see(name),
  };
  const random = seeds.fork();
  const store: MemberStore = knobs.realLog
    ? new LogStore(slot, initial, random, time, diskPorts, knobs.segmentBytes)
    : new ModelDisk(initial, knobs.diskGroupMax, random, diskPorts);
  return new Member(slot, knobs, initial, image, seeds.uint32(), store, ports);
}
