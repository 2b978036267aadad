import type { Hello } from '@conclave/wire';
import { type KnownMember, type LinkIdentity, judgeHello } from './handshake.js';

const SELF: LinkIdentity = {
  clusterId: 1n,
  memberId: 10n,
  incarnation: 100n,
  feature: 3,
  name: 'self',
};
const KNOWN: KnownMember = { state: 'member', incarnation: 200n };

function hello(fields: Partial<Hello>): Hello {
  return {
    type: 'hello',
    role: 'member',
    clusterId: 1n,
    from: 20n,
    to: 10n,
    incarnation: 200n,
    session: 0n,
    feature: 2,
    name: 'peer',
    peerURLs: [],
    ...fields,
  };
}

function judge(fields: Partial<Hello>, clusterFeature: number, path = '/raft'): string | null {
  const reason = judgeHello(hello(fields), SELF, path, () => KNOWN, clusterFeature);
  return reason && `${reason.code}: ${reason.text}`;
}

describe('the feature number in a hello', () => {
  test('a member whose build is below the number of the cluster is refused, with what helps', () => {
    expect(judge({ feature: 2 }, 3)).toBe(
      'feature-too-low: the build of member 14 supports feature numbers up to 2, the cluster uses 3: ' +
        'start a build that supports 3',
    );
  });

  test('one at the number or above it is welcome, whatever our own build supports', () => {
    expect([judge({ feature: 3 }, 3), judge({ feature: 9 }, 3)]).toEqual([null, null]);
  });

  test('a gateway applies nothing: its number does not matter', () => {
    expect(judge({ role: 'gateway', from: 0n, feature: 0 }, 3, '/link')).toBeNull();
  });

  test('who it is comes first: a wiped directory is told before an old build', () => {
    expect(judge({ incarnation: 201n, feature: 0 }, 3)).toMatch(/^other-incarnation: /);
  });
});
