/** The texts of the page: see `page.ts`. No build step: the browser gets them as they stand here. */

export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conclave discovery</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<main>
<h1><a href="/">Conclave discovery</a></h1>
<form id="create" hidden>
<p>Members find each other through a token and found a cluster of the size it names.</p>
<label>Size <input id="size" type="number" min="1" max="64" value="3" required></label>
<button>New token</button>
</form>
<section id="cluster" hidden aria-live="polite">
<p id="state"></p>
<progress id="progress" max="1" value="0"></progress>
<ol id="members"></ol>
<h2>Start each member with</h2>
<pre id="command"></pre>
<p id="times"></p>
</section>
<p id="trouble" role="alert" hidden></p>
<noscript>This page shows a cluster live and needs JavaScript for that.
The same is at /v1/clusters/TOKEN as JSON.</noscript>
</main>
</body>
</html>
`;

export const PAGE_CSS = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h1 a { color: inherit; text-decoration: none; }
h2 { font-size: 1rem; margin-top: 2rem; }
input { width: 4rem; font: inherit; }
button { font: inherit; padding: .2rem .8rem; }
progress { width: 100%; height: .8rem; }
#state { font-size: 1.2rem; }
#members { padding: 0; list-style: none; }
#members li { border: 1px solid color-mix(in srgb, currentColor 25%, transparent);
  border-radius: .4rem; padding: .5rem .8rem; margin: .5rem 0; overflow-wrap: anywhere; }
#members li.open { border-style: dashed; opacity: .6; }
#members li.late { opacity: .6; }
#members li.fresh { animation: fresh 2s; }
#members small { display: block; }
@keyframes fresh { from { background: #39a84566; } }
@media (prefers-reduced-motion: reduce) { #members li.fresh { animation: none; } }
pre { overflow-x: auto; padding: .8rem; border-radius: .4rem;
  background: color-mix(in srgb, currentColor 8%, transparent); }
#trouble { color: #c22; }
`;

export const PAGE_JS = `'use strict';
const $ = (id) => document.getElementById(id);
const token = decodeURIComponent((location.pathname.match(/^\\/ui\\/([^/]+)\\/?$/) || [])[1] || '');
const seen = new Set();
let shown = false;

function trouble(text) {
  $('trouble').textContent = text;
  $('trouble').hidden = text === '';
}

function row(kind, title, detail) {
  const li = document.createElement('li');
  if (kind) li.className = kind;
  const name = document.createElement('strong');
  name.textContent = title;
  const small = document.createElement('small');
  small.textContent = detail;
  li.append(name, small);
  return li;
}

function show(cluster) {
  trouble('');
  $('cluster').hidden = false;
  const here = Math.min(cluster.registered, cluster.size);
  $('state').textContent = cluster.isComplete
    ? 'Complete: ' + cluster.size + ' of ' + cluster.size + ' members have found each other.'
    : here + ' of ' + cluster.size + ' members have registered.';
  document.title = here + '/' + cluster.size + ' – Conclave discovery';
  $('progress').max = cluster.size;
  $('progress').value = here;
  const rows = cluster.members.map((m) => {
    const kind = !m.isFounder ? 'late' : shown && !seen.has(m.id) ? 'fresh' : '';
    seen.add(m.id);
    const note = m.isFounder ? '' : ' (too late: the cluster was full)';
    return row(kind, (m.name || m.id) + note, m.peerURLs.join(', ') + '  id ' + m.id);
  });
  for (let i = cluster.members.length; i < cluster.size; i++) {
    rows.push(row('open', 'waiting for member ' + (i + 1), 'nobody yet'));
  }
  shown = true;
  $('members').replaceChildren(...rows);
  $('command').textContent = 'conclave-node --name NAME --discovery ' + cluster.url + ' …';
  const day = (text) => (text ? new Date(text).toLocaleString() : 'never');
  $('times').textContent = 'Created: ' + (cluster.createdAt ? day(cluster.createdAt) : 'unknown') +
    '. The token expires: ' + day(cluster.expiresAt) + '.';
}

function follow() {
  const source = new EventSource('/v1/clusters/' + encodeURIComponent(token) + '/events');
  source.addEventListener('cluster', (event) => show(JSON.parse(event.data)));
  source.addEventListener('gone', () => {
    source.close();
    trouble('This token is gone: it was removed or has expired.');
  });
  source.onerror = () => {
    trouble(source.readyState === EventSource.CLOSED
      ? 'There is no such token; it may have expired.'
      : 'The discovery service does not answer; trying again.');
  };
}

async function create(event) {
  event.preventDefault();
  const size = Number($('size').value);
  try {
    const answer = await fetch('/v1/clusters', { method: 'POST', body: JSON.stringify({ size }) });
    const body = await answer.json();
    if (answer.ok) location.assign('/ui/' + body.token);
    else trouble(body.error.message);
  } catch {
    trouble('The discovery service does not answer.');
  }
}

if (token) follow();
else {
  $('create').hidden = false;
  $('create').addEventListener('submit', create);
}
`;
