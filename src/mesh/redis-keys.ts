// The keys of a mesh in Redis. All begin with one hash tag, so that a Cluster keeps them in one slot and a script may touch several.

export interface RedisKeys {
  /** Hash: `log`, the number of the newest entry of the log; `peers`, the version of the peers; `reports`, of loads and demand. */
  readonly state: string;
  /** Hash: process id -> record. */
  readonly peers: string;
  /** Sorted set: process id by the time of its last heartbeat. */
  readonly alive: string;
  /** Sorted set: prober id by the time at which its last vote expires. */
  readonly voters: string;
  /** Stream: what probers wrote into their hashes, newest last. */
  readonly log: string;
  /** Hash: `version`, `mark`, `book`. */
  readonly overrides: string;
  /** Hash: likewise. */
  readonly notes: string;
  /** Hash: target -> record, and the writer in `@writer`, `@until`, `@write`. */
  readonly verdicts: string;
  /** Hash of one aggregator: target -> verdict, and `@`. */
  fleet(id: string): string;
  /** Stream: what that aggregator wrote into its hash, newest last. */
  fleetLog(id: string): string;
  /** Stream: batches of results for that aggregator, newest last. */
  results(id: string): string;
  /** Hash: agent -> time and report. Sorted set: agent by time. */
  readonly loads: string;
  readonly loadTimes: string;
  /** The same of the round trips that agents have measured. */
  readonly rtts: string;
  readonly rttTimes: string;
  /** And of the samples of their clients. */
  readonly clients: string;
  readonly clientTimes: string;
  /** Hash: DNS server -> time and what it was asked. Sorted set: server by time. */
  readonly demand: string;
  readonly demandTimes: string;
  /** Hash: `tick`, `mark`, `at`, `text` of the last spill step. */
  readonly spill: string;
  /** Hash: `holder`, `until`, `token`. */
  lease(name: string): string;
  /** A count or a text that agents of a site share. */
  shared(name: string): string;
  /** Channel: one letter, what to look at. */
  readonly nudge: string;
  /** Hash of one prober's votes. */
  votes(prober: string): string;
}

/** `meridian:` gives `{meridian}:peers`; a prefix with a hash tag of its own is taken as it is. */
export function keysOf(prefix: string): RedisKeys {
  const hasTag = /\{[^}]+\}/.test(prefix);
  const base = hasTag ? prefix : `{${prefix.replace(/:$/, '') || 'meridian'}}:`;
  return {
    state: `${base}state`,
    peers: `${base}peers`,
    alive: `${base}alive`,
    voters: `${base}voters`,
    log: `${base}log`,
    overrides: `${base}overrides`,
    notes: `${base}notes`,
    verdicts: `${base}verdicts`,
    loads: `${base}loads`,
    loadTimes: `${base}load-times`,
    rtts: `${base}rtts`,
    rttTimes: `${base}rtt-times`,
    clients: `${base}clients`,
    clientTimes: `${base}client-times`,
    demand: `${base}demand`,
    demandTimes: `${base}demand-times`,
    spill: `${base}spill`,
    nudge: `${base}nudge`,
    lease: (name) => `${base}lease:${name}`,
    shared: (name) => `${base}shared:${name}`,
    votes: (prober) => `${base}votes:${prober}`,
    fleet: (id) => `${base}fleet:${id}`,
    fleetLog: (id) => `${base}fleet-log:${id}`,
    results: (id) => `${base}results:${id}`,
  };
}

/** What a nudge is about. */
export const NUDGE = { VOTES: 'v', PEERS: 'p', OVERRIDES: 'o', NOTES: 'n', FLEETS: 'f', RESULTS: 'r', SPILL: 's' } as const;
