import { hexId } from '@conclave/base';
import type { Probe } from '@conclave/base';
import type { RaftEvent, RaftProbe } from '@conclave/raft';
import type { SlotTable } from './slot-table.js';

/**
 * What raft does inside, for those who operate it: changes of role and why they came, as log lines with
 * etcd's words, and what went wrong as counts. Events of every message are left out: they would be a
 * flood just when the network is bad.
 */
export function raftEvents(memberId: bigint, slots: SlotTable, probe: Probe): RaftProbe {
  const self = hexId(memberId);
  return { event: (event) => report(event, self, slots, probe) };
}

function report(event: RaftEvent, self: string, slots: SlotTable, probe: Probe): void {
  switch (event.kind) {
    case 'role':
      probe.log('info', `${self} became ${event.role} at term ${event.term}`, {});
      return;
    case 'quorum-lost': {
      const why = 'stepped down to follower since quorum is not active';
      probe.log('warn', `${self} ${why}`, { term: event.term });
      return;
    }
    case 'disk-stalled': {
      const why = 'stepped down to follower since its disk does not finish a write';
      probe.log('warn', `${self} ${why}`, { term: event.term });
      return;
    }
    case 'transfer': {
      const fields = { to: hexId(slots.idOf(event.to)), step: event.step };
      probe.log('info', `${self} leadership transfer`, fields);
      return;
    }
    case 'commit-beyond-log': {
      const fields = { from: hexId(slots.idOf(event.from)), commit: event.commit };
      const lost = 'the leader believes that this member holds more of the log than it does';
      probe.log('error', lost, { ...fields, last: event.last });
      return;
    }
    case 'proposal-dropped':
      probe.count('etcd_server_proposals_failed_total');
      return;
    default:
  }
}
