// What is measured besides the counters of metrics/counters: the state of this process at the moment of asking (gauges), and
// totals whose labels the configuration decides (tallies). The one list of these names; docs/reference/metrics.md is made of it
// and of COUNTER_FACTS.

export interface GaugeFacts {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const gauge = (name: string, help: string, ...labels: string[]): GaugeFacts => ({ metric: `meridian_${name}`, labels, help });

export const GAUGES = {
  BUILD: gauge('build_info', 'Always 1; the version and roles of this process.', 'version', 'roles'),
  UP_SECONDS: gauge('up_seconds', 'Seconds since the start.'),
  LOADS: gauge('config_loads', 'Loads of the configuration since the start, the first one included.'),
  READY: gauge('ready', '1 if the process serves.'),
  WORKERS: gauge('dns_workers', 'Threads that answer.', 'state'),
  ZONE_SERIAL: gauge('zone_serial', 'SOA serial of a zone that is served.', 'zone'),
  ZONE_RECORDS: gauge('zone_records', 'Resource records of a zone that is served.', 'zone'),
  CELLS: gauge('geo_cells', 'Sets of client networks that the policies tell apart.'),
  MEMBERS: gauge('health_members', 'Members by what traffic follows and what is seen.', 'state'),
  MEMBERS_ORDERED: gauge('health_members_ordered', 'Members under an order.'),
  POOL_SERVING: gauge('health_pool_serving', 'Members of a pool that get traffic.', 'pool'),
  POOL_MEMBERS: gauge('health_pool_members', 'Members of a pool.', 'pool'),
  SITE_SERVING: gauge('health_site_serving', 'Members of a site that get traffic.', 'site'),
  SITE_MEMBERS: gauge('health_site_members', 'Members of a site.', 'site'),
  CONCLUDED_AGE: gauge('health_concluded_age_seconds', 'Since health was last concluded.'),
  PROBER_WITHDRAWN: gauge('health_prober_withdrawn', '1 while this prober mistrusts itself.'),
  MESH_STATE: gauge('mesh_state', '1 for the state that the mesh is in.', 'state'),
  MESH_AGE: gauge('mesh_age_seconds', 'Since the engine of the mesh last answered.'),
  MESH_PEERS: gauge('mesh_peers', 'Live processes of the mesh by role; one with several roles counts for each.', 'role'),
  OVERRIDES: gauge('overrides', 'Orders in force.', 'action'),
  OVERRIDES_VERSION: gauge('overrides_version', 'Version of the set of orders: equal on all servers that hear the mesh.'),
  SITE_LOAD: gauge('capacity_site_load', 'Load of a site as its agents report it, in the unit of the capacities.', 'site'),
  SITE_PLANNED: gauge('capacity_site_planned', 'Load that a site will carry once answers of older plans have run out.', 'site'),
  SITE_TARGET: gauge('capacity_site_target', 'Load that a site should not exceed.', 'site'),
  SITE_MAX: gauge('capacity_site_max', 'Load that a site can carry at most.', 'site'),
  STEERING_LAG: gauge(
    'health_steering_lag_seconds',
    'Age of the oldest change of health or load that answers do not follow yet; 0 = they follow all.',
  ),
  RELOAD_REFUSED: gauge('config_reload_refused', '1 while the last reload was refused: what was served before is served.'),
  STATE_WRITABLE: gauge('state_writable', '1 if the last write went to the disk: of the state directory, of the audit.', 'what'),
  CERTIFICATE_EXPIRY: gauge(
    'certificate_expiry_timestamp_seconds',
    'When a certificate that this process presents ends, in seconds since 1970; 0 = its file cannot be read.',
    'use',
  ),
  SITE_RELAY: gauge(
    'site_relay_native',
    '1 if the native relay carries the TCP connections of layer 4; 0 = they go through node:net, at a higher cost.',
    'site',
  ),
  ALERTS_FIRING: gauge(
    'alerts_firing',
    'Alerts of the server itself that fire, by whether somebody has silenced them.',
    'alert',
    'silenced',
  ),
  ALERTS_WAITING: gauge('alert_messages_waiting', 'Messages that wait for a receiver of alerts.', 'receiver'),
  OBJECTIVE: gauge('objective_ratio', 'Part of all answers that should be good.', 'objective'),
  BURN_RATE: gauge(
    'objective_burn_rate',
    'How fast the error budget is used up; at 1 it lasts exactly as long as it should.',
    'objective',
    'window',
  ),
} as const satisfies Readonly<Record<string, GaugeFacts>>;

export type GaugeName = keyof typeof GAUGES;

/** One measured value; labels in the order of the gauge's. */
export interface GaugeValue {
  readonly gauge: GaugeName;
  readonly labels: readonly string[];
  readonly value: number;
}

export interface HistogramFacts extends GaugeFacts {
  /** Upper bounds of the buckets, ascending, in the unit of the name; one without a bound follows. */
  readonly bounds: readonly number[];
}

/** Distributions since the start. */
export const HISTOGRAMS = {
  /** From one city to the far side of the earth and back, and what bufferbloat makes of it. */
  CLIENT_RTT: {
    ...gauge(
      'site_client_rtt_seconds',
      'Round trips to clients at layer 4, as the kernel has smoothed them by the end of each connection.',
      'site',
    ),
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28],
  },
} as const satisfies Readonly<Record<string, HistogramFacts>>;

export type HistogramName = keyof typeof HISTOGRAMS;

/** Labels in the order of the histogram's. */
export interface HistogramValue {
  readonly histogram: HistogramName;
  readonly labels: readonly string[];
  /** How many fell into each bucket, by itself; the last is that without a bound. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counters whose labels the configuration decides; totals since the start, which never go down. */
export const TALLIES = {
  ALERT_MESSAGES: gauge(
    'alert_messages_total',
    'Messages to a receiver of alerts, by what became of them.',
    'receiver',
    'result',
  ),
  DECISIONS: gauge(
    'decisions_total',
    'Answers that were due to be told one by one: told; held back by `perSecond`; lost, as nobody came for them in time; failed, as they could not be explained.',
    'result',
  ),
  DECISIONS_SENT: gauge(
    'decision_records_total',
    'What was to be written of told answers, by where to (log, dnstap-socket, dnstap-file) and whether it was or had to be dropped.',
    'to',
    'result',
  ),
  SITE_SHED: gauge(
    'site_connections_shed_total',
    'Connections at layer 4 that were reset because the process had no descriptor left for them.',
    'site',
    'listener',
  ),
  SITE_ANSWERS: gauge(
    'gslb_site_answers_total',
    'Answers by a GSLB record whose first address is of a member of the site.',
    'site',
  ),
} as const satisfies Readonly<Record<string, GaugeFacts>>;

export type TallyName = keyof typeof TALLIES;

export interface TallyValue {
  readonly tally: TallyName;
  readonly labels: readonly string[];
  readonly value: number;
}
