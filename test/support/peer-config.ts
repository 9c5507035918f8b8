// The part of NSD's and Knot's configuration that is the same wherever tests and benches run them: unprivileged, in a directory
// of their own, on one loopback port, with one thread.

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');

/** The `server:` and `remote-control:` clauses of nsd.conf; `more` are further lines of the first. */
export const nsdServer = (directory: string, port: number, more: readonly string[] = []): string => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  zonesdir: "${directory}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
  server-count: 1
${indented(more)}remote-control:
  control-enable: no
`;

/** The `server:`, `database:` and `log:` sections of knot.conf; `more` are further lines of the first, `logged` the least severity. */
export const knotServer = (directory: string, port: number, more: readonly string[] = [], logged = 'warning'): string => `server:
  rundir: ${directory}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
${indented(more)}database:
  storage: ${directory}
log:
  - target: stderr
    any: ${logged}
`;
