// Grafana dashboards from a short list of panels: writes deploy/grafana/*.json; with --check fails if they differ. A dashboard asks for
// its data source when it is imported, and shows the instances of a job that you choose.

import { readFileSync, writeFileSync } from 'node:fs';

const OF = 'job=~"$job", instance=~"$instance"';
const rate = (metric, labels = '') => `rate(${metric}{${OF}${labels}}[$__rate_interval])`;
const sum = (by, expr) => `sum by (${by}) (${expr})`;

/** [title, unit, legend, expression...]; of several expressions each has a legend of its own, joined by a bar. */
const DASHBOARDS = {
  'meridian-dns': {
    title: 'Meridian: answers',
    panels: [
      ['Replies a second by rcode', 'reqps', '{{rcode}}', sum('rcode', rate('meridian_dns_replies_total'))],
      ['Queries a second by transport', 'reqps', '{{transport}}', sum('transport', rate('meridian_dns_queries_total'))],
      ['Steered answers a second by site', 'reqps', '{{site}}', sum('site', rate('meridian_gslb_site_answers_total'))],
      ['Steered questions by result', 'reqps', '{{result}}', sum('result', rate('meridian_gslb_answers_total'))],
      [
        'Share of failures',
        'percentunit',
        '{{instance}}',
        `${sum('instance', rate('meridian_dns_replies_total', ', rcode="SERVFAIL"'))} / ${sum('instance', rate('meridian_dns_replies_total'))}`,
      ],
      [
        'Not answered a second',
        'reqps',
        'dropped|limited, {{action}}|overload, {{action}}',
        sum('job', rate('meridian_dns_dropped_total')),
        sum('action', rate('meridian_dns_rate_limited_total')),
        sum('action', rate('meridian_dns_overload_total')),
      ],
      ['Datagrams lost a second', 'pps', '{{kind}}', sum('kind', rate('meridian_dns_udp_errors_total'))],
      [
        'Octets a second',
        'Bps',
        'queries, {{transport}}|replies, {{transport}}',
        sum('transport', rate('meridian_dns_query_octets_total')),
        sum('transport', rate('meridian_dns_reply_octets_total')),
      ],
      [
        'TCP connections open',
        'short',
        '{{instance}}',
        `meridian_dns_tcp_connections_total{${OF}} - meridian_dns_tcp_closed_total{${OF}}`,
      ],
      ['Threads that answer', 'short', '{{instance}}, {{state}}', `meridian_dns_workers{${OF}}`],
    ],
  },
  'meridian-health': {
    title: 'Meridian: health, mesh, capacity',
    panels: [
      ['Members by state', 'short', '{{state}}', `max by (state) (meridian_health_members{${OF}})`],
      [
        'Members of each pool that serve',
        'percentunit',
        '{{pool}}',
        `min by (pool) (meridian_health_pool_serving{${OF}} / meridian_health_pool_members{${OF}})`,
      ],
      ['Load of each site', 'short', '{{site}}', `max by (site) (meridian_capacity_site_load{${OF}})`],
      [
        'Load against target',
        'percentunit',
        '{{site}}',
        `max by (site) (meridian_capacity_site_load{${OF}} / meridian_capacity_site_target{${OF}})`,
      ],
      ['Turns of verdicts a second', 'ops', '{{instance}}', rate('meridian_health_verdict_changes_total')],
      ['Votes a second', 'ops', '{{direction}}', sum('direction', rate('meridian_health_votes_total'))],
      ['Processes by role', 'short', '{{role}}', `max by (role) (meridian_mesh_peers{${OF}})`],
      ['Mesh last heard', 's', '{{instance}}', `meridian_mesh_age_seconds{${OF}}`],
      ['Answers behind verdicts', 's', '{{instance}}', `meridian_health_steering_lag_seconds{${OF}}`],
      ['Orders in force', 'short', '{{action}}', `max by (action) (meridian_overrides{${OF}})`],
      ['Version of the orders', 'short', '{{instance}}', `meridian_overrides_version{${OF}}`],
      ['Serials of zones', 'none', '{{zone}} {{instance}}', `meridian_zone_serial{${OF}}`],
      ['Certificates end in', 's', '{{use}} {{instance}}', `meridian_certificate_expiry_timestamp_seconds{${OF}} - time()`],
      ['Can be written', 'bool', '{{what}} {{instance}}', `meridian_state_writable{${OF}}`],
    ],
  },
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in
const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const variable = (name, label, query) => ({
  name,
  label,
  type: 'query',
  datasource: SOURCE,
  query: { query, refId: name },
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: '.+',
  current: { text: 'All', value: '$__all' },
});

const panel = ([title, unit, legends, ...exprs], i) => ({
  id: i + 1,
  type: 'timeseries',
  title,
  datasource: SOURCE,
  gridPos: { x: 12 * (i % 2), y: 8 * Math.floor(i / 2), w: 12, h: 8 },
  fieldConfig: {
    defaults: { unit, min: unit === 's' ? undefined : 0, custom: { fillOpacity: 10, showPoints: 'never' } },
    overrides: [],
  },
  options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  targets: exprs.map((expr, n) => ({
    refId: String.fromCharCode(65 + n),
    datasource: SOURCE,
    expr,
    legendFormat: legends.split('|')[n] ?? legends,
  })),
});

const dashboardOf = (uid, { title, panels }) => ({
  uid,
  title,
  tags: ['meridian', 'dns'],
  schemaVersion: 39,
  editable: true,
  refresh: '30s',
  time: { from: 'now-6h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      variable('job', 'Job', 'label_values(meridian_build_info, job)'),
      variable('instance', 'Server', 'label_values(meridian_build_info{job=~"$job"}, instance)'),
    ],
  },
  panels: panels.map(panel),
});

for (const [uid, dashboard] of Object.entries(DASHBOARDS)) {
  const file = new URL(`../deploy/grafana/${uid}.json`, import.meta.url);
  const made = dashboardOf(uid, dashboard);
  if (!process.argv.includes('--check')) writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`);
  else if (JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== JSON.stringify(made)) {
    console.error(
      `deploy/grafana/${uid}.json is out of date; run: node .ci/grafana.mjs && npx biome format --write deploy/grafana`,
    );
    process.exitCode = 1;
  }
}
