/** Who answers: the Status of each member at its client URLs, asked all at once. */
import { type Member, MaintenanceService, type StatusResponse } from '@conclave/wire';
import type { Endpoints } from './endpoints.js';

const STATUS_MS = 2_000;

export interface Seen {
  readonly member: Member;
  /** Null: it does not answer as this member. */
  readonly status: StatusResponse | null;
}

export function surveyed(endpoints: Endpoints, members: readonly Member[]): Promise<Seen[]> {
  return Promise.all(
    members.map(async (member) => ({ member, status: await statusOf(endpoints, member) })),
  );
}

async function statusOf(endpoints: Endpoints, member: Member): Promise<StatusResponse | null> {
  for (const url of member.clientURLs) {
    if (!/^https?:\/\/[^/?#\s]+\/?$/.test(url)) continue;
    try {
      const options = { timeoutMs: STATUS_MS };
      const at = url.replace(/\/$/, '');
      const status = await endpoints.askAt(at, MaintenanceService.status, {}, options);
      // Another process may have its address by now.
      if (status.header?.memberId === member.ID) return status;
    } catch {
      // The next URL, or nobody.
    }
  }
  return null;
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
