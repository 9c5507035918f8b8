// The catalogue of everything Meridian can complain about, and the one printed form of a complaint.
// A code, once published, keeps its meaning for ever; docs/reference/errors.md lists each one (checked both ways by
// test/meta). Messages are lower case without a full stop: what is wrong, what is allowed, what was found.

/** code -> what it means and what to do, one sentence each; the text of docs/reference/errors.md. */
export const ERRORS = {
  // zone files
  ERR_ZONE_SYNTAX:
    'The text is not a master file line (RFC 1035 section 5): unbalanced quote or parenthesis, stray token, bad escape.',
  ERR_ZONE_DIRECTIVE: 'A $-directive is unknown or its arguments are wrong; allowed are $ORIGIN, $TTL, $INCLUDE and $GENERATE.',
  ERR_ZONE_NAME: 'A domain name is malformed: empty label, label over 63 octets, name over 255 octets, bad escape.',
  ERR_ZONE_TTL: 'A TTL is missing, malformed or above 2147483647 seconds (RFC 2181 section 8).',
  ERR_ZONE_CLASS: 'A class other than IN; Meridian serves the Internet class only.',
  ERR_ZONE_TYPE: 'An unknown record type; write TYPEnnn with \\# data for types without a name (RFC 3597).',
  ERR_ZONE_RDATA: 'The data of a record does not have the form its type demands.',
  ERR_ZONE_INCLUDE: 'An $INCLUDE cannot be read, leaves the zone directory, repeats itself or is nested too deeply.',
  ERR_ZONE_GENERATE: 'A $GENERATE range, template or count is wrong or too large.',
  ERR_ZONE_LIMIT: 'The zone exceeds a limit on octets, records or records in one RRset.',
  ERR_ZONE_NO_OWNER: 'The first record of a file has no owner name to inherit.',
  ERR_ZONE_FILE: 'The zone file cannot be read.',
  ERR_ZONE_SOA: 'A zone has exactly one SOA record, at its apex.',
  ERR_ZONE_NS: 'A zone needs at least one NS record at its apex.',
  ERR_ZONE_OUT_OF_ZONE: 'A record lies outside the zone of its file.',
  ERR_ZONE_CNAME_CLASH: 'A CNAME stands beside other data or another CNAME at the same name (RFC 1034 section 3.6.2).',
  ERR_ZONE_DNAME_CLASH: 'A DNAME stands beside another DNAME or a CNAME, or there are names below it (RFC 6672 section 2.4).',
  ERR_ZONE_TTL_MISMATCH: 'Records of one RRset have different TTLs; the lowest is used (RFC 2181 section 5.2).',
  ERR_ZONE_DUPLICATE: 'The same record is given twice; one is kept.',
  ERR_ZONE_MISSING_GLUE: 'A delegation names a server inside the delegated zone without giving its address.',
  ERR_ZONE_TARGET_MISSING: 'An NS, MX or SRV record names a target inside the zone that has no address.',
  ERR_ZONE_TARGET_ALIAS: 'An NS, MX or SRV record names a target that is a CNAME (RFC 2181 section 10.3).',
  ERR_ZONE_OCCLUDED: 'A record lies below a zone cut or a DNAME and can never be answered.',
  ERR_ZONE_ALIAS_LOOP: 'CNAME or DNAME records lead back to themselves.',
  ERR_ZONE_ALIAS_CHAIN: 'A chain of CNAME records is longer than a resolver follows.',
  ERR_ZONE_SERIAL: 'A zone has changed but its serial did not go up (RFC 1982); secondaries will not take the change over.',
  ERR_ZONE_GSLB_CLASH: 'A GSLB record stands beside A, AAAA, CNAME or DNAME, or twice at one name, or below a zone cut.',
  ERR_ZONE_GSLB_TARGET: 'A GSLB record names a policy that the configuration does not define.',
  ERR_ZONE_GSLB_ALIAS: 'A GSLB policy may answer with an alias, which cannot stand at the apex or beside other data.',

  // configuration
  ERR_CONFIG_FILE: 'The configuration file cannot be read.',
  ERR_CONFIG_YAML: 'The file is not well-formed YAML.',
  ERR_CONFIG_UNKNOWN_KEY: 'A key is not known here; the nearest known key is suggested.',
  ERR_CONFIG_VALUE: 'A value has the wrong type or lies outside what is allowed.',
  ERR_CONFIG_MISSING: 'A required key is missing.',
  ERR_CONFIG_REFERENCE: 'A name refers to a site, pool, policy or file that is not defined.',
  ERR_CONFIG_CYCLE: 'Policies refer to each other in a circle, or a server of a site is a listener of its own agent.',
  ERR_CONFIG_RESTART: 'A setting that only a restart applies has changed; the reload applied everything else.',
  ERR_CONFIG_DUPLICATE: 'The same thing is defined twice.',
  ERR_CONFIG_ACCESS_KEY: 'A file of API key hashes, or of the key for tokens, cannot be read or holds something else.',
  ERR_CONFIG_COOKIE_SECRET:
    'A file of cookie secrets cannot be read, or does not hold one or two secrets of 32 hexadecimal digits.',
  ERR_CONFIG_EXPOSED: 'The admin API would be reachable from other machines without tokens, or with tokens but without TLS.',
  ERR_CONFIG_UNSHARED: 'Something is to be shared by the agents of a site, and there is nothing to share it through.',
  ERR_CONFIG_UNUSED: 'A site, pool, policy or service is defined, but nothing refers to it.',

  // geography
  ERR_GEO_FILE: 'A geographic database or network map cannot be read.',
  ERR_GEO_FORMAT: 'A geographic database is damaged or not in MaxMind DB format.',
  ERR_GEO_SCHEMA: 'A geographic database lacks the fields that are needed, or holds another kind of data.',
  ERR_GEO_SUSPECT: 'A new geographic database differs so much from the one in use that it is not trusted.',
  ERR_GEO_MAP: 'A line of a network map is malformed.',

  // the mesh
  ERR_MESH_UNREACHABLE: 'Redis cannot be reached or does not answer in time; what is known stays in use and connecting goes on.',
  ERR_MESH_AUTH:
    'Redis refuses the user, the password or a command that the user may not run, or the password file cannot be read.',
  ERR_MESH_TLS: 'The TLS connection to Redis fails: a certificate, a key, an authority or a name is wrong.',
  ERR_MESH_TYPE:
    'A key of the mesh holds another type of value; another program uses the prefix: delete the key or change the prefix.',
  ERR_MESH_READONLY: 'The Redis server is a read-only replica; point the mesh to its master, or use Sentinel.',
  ERR_MESH_LOADING: 'Redis is still loading its data after a start; the mesh waits for it.',
  ERR_MESH_MEMORY: 'Redis has reached maxmemory and refuses writes; give it more memory.',
  ERR_MESH_DISK: 'Redis refuses writes because it cannot save to its disk, or because too few replicas are connected.',
  ERR_MESH_CLUSTER: 'The Redis Cluster does not serve the slot of the mesh at the moment.',
  ERR_MESH_REPLY: 'Redis answers a command with an error that Meridian does not know, or with something it does not understand.',
  ERR_MESH_DUPLICATE: 'Two processes of the mesh have the same id; the one that started last is heard, the other is not.',
  ERR_MESH_RECORD: 'A record of the mesh is foreign, damaged or of another version; it is ignored, or refused if it is ours.',
  ERR_MESH_FILE: 'A file of the mesh in the state directory is damaged, or cannot be read or written.',
  ERR_MESH_CONFLICT:
    'The overrides (or the notes that processes share) have been changed by somebody else in the meantime; read them again and repeat.',
  ERR_MESH_UNAVAILABLE: 'The overrides cannot be changed at the moment; nothing has been changed.',
  ERR_MESH_UNCERTAIN: 'A change of overrides may or may not have been made or kept; read the overrides before repeating it.',

  // the fleet aggregator
  ERR_FLEET: 'The fleet aggregator cannot judge targets at the moment; probers and servers go on by votes until it can.',

  // balancers that are already there
  ERR_DRIVER_PROGRAM: 'The program of a balancer is missing, cannot be run, or is too old; the message says what is needed.',
  ERR_DRIVER_PLAN: 'A service or front cannot be made for this balancer; nothing was changed. The message says what it can do.',
  ERR_DRIVER_REFUSED: 'The balancer refuses a configuration or an order; what it did before it still does.',
  ERR_DRIVER_UNREACHABLE: 'A balancer cannot be reached, or does not answer in time.',
  ERR_DRIVER_UNSUPPORTED: 'A setting has no counterpart in this balancer and is left out; everything else was applied.',
  ERR_ADDRESS_MOVE:
    'A virtual address cannot be brought to this machine or taken away; who cannot take it leaves it to the others.',
  ERR_LOAD_SOURCE: 'The load of a balancer cannot be read: unreachable, too slow, or a refusal.',
  ERR_LOAD_FORM: 'What a source of load says is not what it should be; it counts as not said.',
  // the admin API
  ERR_API_VALUE: 'A field of a request is missing, unknown or not as allowed; the reply names each one.',
  ERR_API_TOKEN: 'The request has no token, or one that is not known; send it as Authorization: Bearer TOKEN.',
  ERR_API_ROLE: 'The token is known, but its role may not do this.',
  ERR_API_GUESSING: 'Too many requests with wrong tokens came from this address; it must wait.',
  ERR_API_NOT_FOUND: 'There is nothing under this path, or no such item.',
  ERR_API_METHOD: 'The path exists, but not for this method.',
  ERR_API_ORIGIN: 'The request names a host that this address does not answer to, or comes from a web page of another origin.',
  ERR_API_VERSION: 'The orders, or a file, have changed since the version that If-Match names; read them again.',
  ERR_API_REPEATED: 'An Idempotency-Key is used for another request, or the request with it is still under way.',
  ERR_API_LIMIT: 'Too many requests came from this address, or too many clients listen to events.',
  ERR_API_BODY: 'The body of a request is too large, not JSON, or did not arrive in time.',
  ERR_API_LISTEN: 'The admin API cannot listen on an address, or not with this certificate; everything else goes on.',
  ERR_TRIAL:
    'A change cannot be tried for all servers, or not now: another one is on trial, or the others could not take it over; nothing was changed.',
  ERR_SAFETY: 'An order would break a safety rule (admin.safety); break the glass with a reason, or order less.',
  ERR_AUDIT: 'The audit file in the state directory is damaged, or cannot be read or written.',

  // alerts
  ERR_ALERT_DELIVERY: 'A receiver of alerts cannot be reached or refuses; it is tried again, then the message is a dead letter.',
  ERR_SILENCE: 'A silence cannot be made or ended as asked; the message says what is allowed or what there is.',

  // traces
  ERR_TRACES: 'Traces are asked for, but the package that they need is missing or cannot be used; nothing is traced.',

  // answers that are told one by one
  ERR_DECISIONS:
    'A file or socket to which answers are told one by one cannot be written; they are dropped and counted, and it is tried again.',

  // running
  ERR_CAPACITY: 'No site has a capacity that load could be measured by.',
  ERR_ROLE: 'A role given with --role is unknown, or would be of no use with the mesh of the configuration.',
  ERR_OVERRIDE: 'An order (override) cannot be given or taken back as asked; the message says what is allowed or what there is.',
  ERR_PROBER_WITHDRAWN:
    'Nearly everything that this prober looks at went down at once: it mistrusts itself and has taken its votes back for now.',
  ERR_USAGE: 'The command line is wrong; the message shows the right form.',
  ERR_SITE_CERTIFICATE:
    'A certificate or key file of a site cannot be read, or the two do not belong together; those in use stay.',
  ERR_LISTEN: 'A listening address cannot be used.',
  ERR_INHERITED_SOCKET: 'A socket that the service manager handed over is of no use: server.listen does not have its address.',
  ERR_OPEN_FILES:
    'The limit on open files is too low for the TCP connections that the configuration allows, or even for the start; or it has been reached.',
  ERR_ADDON:
    'A native addon is not used: all works without it, at a higher cost for each query (packets), connection (relay) or result (fleet).',
  ERR_WORKER: 'A thread that answers has ended and another is started, or there are fewer than the configuration wants.',
  ERR_STATE: 'The state directory cannot be created or written.',
  ERR_INTERNAL: 'A bug in Meridian; the message says where. What was served before is still served.',
  ERR_CONTROL: 'No running server could be reached on its control socket, or it refused the request.',
  ERR_UPGRADE:
    'A server cannot be replaced by its successor, or the successor failed; the one that was there goes on as if nothing had been asked.',
  ERR_BENCH: 'The tool that makes load for `meridian bench` is missing or failed; the message says which and why.',
  ERR_DRILL: 'A drill cannot be played here, or what it did could not be undone; the message says why and what to do.',
  ERR_SIMULATE: 'The page of `meridian simulate` cannot be written; the message says why.',
  ERR_IMPORT: 'What is to be imported cannot be read, or is not in the format that it is said to be; nothing has been written.',
  ERR_QUERY: 'A DNS server did not answer a query in time or answered with something that is not DNS.',
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One complaint, with the place it is about. Lines and columns count from 1. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** `file:line:column: error CODE: message`, on one line whatever the message holds. */
export function formatProblem(problem: Problem): string {
  const parts = [problem.file, problem.line, problem.column].filter((part) => part !== undefined);
  const place = parts.length > 0 ? `${parts.join(':')}: ` : '';
  return `${place}${problem.severity} ${problem.code}: ${problem.message}`.replace(/[\r\n]+/g, ' ');
}

export const hasErrors = (problems: readonly Problem[]): boolean => problems.some((p) => p.severity === 'error');
