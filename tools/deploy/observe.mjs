// Profile `observe` with real containers: every span and metric arrives, every target is scraped, every rule is
// loaded and quiet, and every query of the dashboard has an answer. A service whose image is neither here nor to
// be pulled is left out, and said so.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { until } from './engine.mjs';

const PROFILE = ['otel-collector', 'prometheus', 'grafana'];
const PAGE = 'deploy/observe/grafana/dashboards/conclave.json';
/** Grafana puts its own interval there. */
const RATE_INTERVAL = '1m';
/** Counters that stay absent until a first event of their kind. */
const MAY_BE_EMPTY = new Set(['Calls that failed']);

export class Observed {
  #project;
  #prometheus;
  #grafana;
  #root;
  #services = [];

  /** `ports`: of Prometheus and Grafana on 127.0.0.1; `password`: of Grafana's user `admin`. */
  constructor(project, root, ports, password) {
    this.#project = project;
    this.#root = root;
    this.#prometheus = `http://127.0.0.1:${ports.prometheus}`;
    this.#grafana = { url: `http://127.0.0.1:${ports.grafana}`, password };
  }

  /** Starts what can be had of the profile; tells what cannot. */
  async up() {
    const config = JSON.parse(
      await this.#project.compose('--profile', 'observe', 'config', '--format', 'json'),
    );
    const missing = [];
    for (const service of PROFILE) {
      const { image } = config.services[service];
      const isThere = ['inspect', 'pull'].some(
        (verb) =>
          spawnSync('docker', [...(verb === 'pull' ? [] : ['image']), verb, image]).status === 0,
      );
      if (isThere) this.#services.push(service);
      else missing.push(image);
    }
    if (this.#services.length > 0) {
      const deps = this.#services.includes('prometheus') ? [] : ['--no-deps'];
      await this.#project.compose('up', '-d', '--wait', ...deps, ...this.#services);
    }
    const left = missing.length === 0 ? '' : `; LEFT OUT, no image: ${missing.join(', ')}`;
    return `${this.#services.join(', ')}${left}`;
  }

  /** The collector took spans and metrics of every process, and refused none. */
  async collector() {
    if (!this.#services.includes('otel-collector')) return 'left out';
    let taken = null;
    await until('spans and metrics at the collector', 90, async () => {
      const own = await this.#inside('http://otel-collector:8888/metrics');
      taken = {
        spans: sum(own, 'otelcol_receiver_accepted_spans'),
        points: sum(own, 'otelcol_receiver_accepted_metric_points'),
        refused: sum(own, 'otelcol_receiver_refused_'),
        failed: sum(own, 'otelcol_receiver_failed_'),
      };
      return taken.spans > 0 && taken.points > 0;
    });
    if (taken.refused + taken.failed > 0) throw new Error(`refused: ${JSON.stringify(taken)}`);
    const wanted = ['node1', 'node2', 'node3', 'gateway1', 'gateway2'];
    await until('metrics of every process at the collector', 90, async () => {
      const shown = await this.#inside('http://otel-collector:9464/metrics');
      const seen = new Set([...shown.matchAll(/service_instance_id="([^"]+)"/g)].map((m) => m[1]));
      const absent = wanted.filter((name) => !seen.has(name));
      if (absent.length > 0) throw new Error(`nothing of ${absent.join(', ')}`);
      return /^etcd_server_has_leader\{/m.test(shown);
    });
    return `${taken.spans} spans, ${taken.points} metric points so far`;
  }

  /** All targets are up, all rules evaluated without a fault, no alert fires, no query is empty. */
  async prometheus() {
    if (!this.#services.includes('prometheus')) return 'left out';
    let targets = [];
    await until('all targets are up', 90, async () => {
      const { activeTargets } = await this.#ask('/api/v1/targets');
      targets = activeTargets.filter(
        (target) =>
          this.#services.includes('otel-collector') || target.labels.job !== 'otel-collector',
      );
      const down = targets.filter((target) => target.health !== 'up');
      if (down.length > 0) {
        throw new Error(down.map((t) => `${t.scrapeUrl}: ${t.lastError}`).join('; '));
      }
      return targets.length > 0;
    });
    let rules = [];
    await until('all rules were evaluated', 90, async () => {
      const { groups } = await this.#ask('/api/v1/rules');
      rules = groups.flatMap((group) => group.rules);
      const bad = rules.filter((rule) => rule.health !== 'ok');
      if (bad.length > 0) throw new Error(bad.map((r) => `${r.name}: ${r.lastError}`).join('; '));
      return rules.length > 0;
    });
    const firing = rules.filter((rule) => rule.state === 'firing').map((rule) => rule.name);
    if (firing.length > 0) throw new Error(`firing on a healthy cluster: ${firing.join(', ')}`);
    const queries = dashboardQueries(path.join(this.#root, PAGE));
    await until('every query of the dashboard has an answer', 150, async () => {
      const empty = [];
      for (const { title, expr } of queries) {
        const query = new URLSearchParams({
          query: expr.replaceAll('$__rate_interval', RATE_INTERVAL),
        });
        const { result } = await this.#ask(`/api/v1/query?${query}`);
        if (result.length === 0 && !MAY_BE_EMPTY.has(title)) empty.push(`${title}: ${expr}`);
      }
      if (empty.length > 0) throw new Error(`no data for ${empty.join('; ')}`);
      return true;
    });
    return `${targets.length} targets up, ${rules.length} rules quiet, ${queries.length} dashboard queries answered`;
  }

  /** The dashboard is there, and its data source answers. */
  async grafana() {
    if (!this.#services.includes('grafana')) return 'left out';
    const { url, password } = this.#grafana;
    const headers = { authorization: `Basic ${btoa(`admin:${password}`)}` };
    let found = [];
    await until('Grafana shows the dashboard', 90, async () => {
      const answer = await fetch(`${url}/api/search?type=dash-db`, { headers });
      found = await answer.json();
      return answer.ok && found.length > 0;
    });
    const source = await fetch(`${url}/api/datasources/uid/prometheus/health`, { headers });
    if (!source.ok) throw new Error(`its data source: ${await source.text()}`);
    return `dashboard ${found.map((one) => one.title).join(', ')}`;
  }

  /** Of a page that only containers can reach. */
  #inside(url) {
    const code = `fetch('${url}').then(r=>r.text()).then(t=>process.stdout.write(t))`;
    return this.#project.compose('exec', '-T', 'node1', 'node', '-e', code);
  }

  async #ask(target) {
    const answer = await fetch(this.#prometheus + target);
    const body = await answer.json();
    if (body.status !== 'success') throw new Error(`${target}: ${JSON.stringify(body)}`);
    return body.data;
  }
}

function dashboardQueries(file) {
  const { panels } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

/** Of all samples of an exposition whose name begins with `prefix`. */
function sum(text, prefix) {
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
