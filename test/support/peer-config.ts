// The part of NSD's, Knot's and BIND's configuration that is the same wherever tests and benches run them: unprivileged, in a
// directory of their own, on one loopback port, with one thread, and patient with a TCP client that the machine keeps waiting.

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
  tcp-idle-timeout: 120
  tcp-io-timeout: 120000
  tcp-remote-io-timeout: 120000
${indented(more)}database:
  storage: ${directory}
log:
  - target: stderr
    any: ${logged}
`;

/** The `options` and `controls` statements of named.conf; `more` are further options. `directory` must hold a folder `keys`. */
export const bindOptions = (directory: string, port: number, more: readonly string[] = []): string => `options {
  directory "${directory}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${directory}/keys";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  minimal-responses yes;
  allow-transfer { none; };
  notify no;
  empty-zones-enable no;
  dnssec-validation no;
  tcp-initial-timeout 1200;
  tcp-idle-timeout 1200;
${indented(more.map((option) => `${option};`))}};
controls { };
`;
