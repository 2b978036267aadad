// Who is there and who leads, asked inside the containers: their addresses may be out of reach from here.
export const NODES = ['node1', 'node2', 'node3'];

const IS_LEADER = `fetch('http://127.0.0.1:2379/metrics').then((a) => a.text()).then((t) =>
  console.log(/^etcd_server_is_leader 1$/m.test(t)))`;

/** The service that leads now. Rejects if none does within 30 s. */
export async function leaderOf(project) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    for (const node of NODES) {
      const isLeader = await project
        .compose('exec', '-T', node, 'node', '-e', IS_LEADER)
        .catch(() => 'false');
      if (isLeader === 'true') return node;
    }
  }
  throw new Error('no member leads');
}

/** Rows of the member list: `{id, name, peerUrls, isLearner}`; ids in hexadecimal. */
export async function memberTable(project, node) {
  const text = await project.compose('exec', '-T', node, 'conclavectl', 'member', 'list');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id, , name, peerUrls, , isLearner] = line.split(', ');
      return { id, name, peerUrls, isLearner: isLearner === 'true' };
    });
}
