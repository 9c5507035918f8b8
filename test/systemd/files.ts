// Configurations of the machine, one for each way in which the units are run.

/** Of the Redis that the roles share, outside of the machine but in its network. */
export const REDIS_PORT = 6379;

const STEERING = `admin: { listen: ["127.0.0.1:8053"] }
sites:
  near: { latitude: 51.5, longitude: 0 }
  far: { latitude: 35.7, longitude: 139.7 }
pools:
  web: { members: [{ site: near, v4: 192.0.2.1 }, { site: far, v4: 192.0.2.2 }] }
policies:
  www: { rule: { nearest: web } }
zones: { directory: . }
`;

/** One process, all roles, the capability: what the package brings, with two sites to give orders about. */
export const BY_CAPABILITY = `server: { listen: ["127.0.0.1:53"], workers: 2, stateDirectory: /var/lib/meridian }
${STEERING}`;

/** The addresses of meridian.socket. */
export const BY_SOCKETS = `server: { listen: ["0.0.0.0:53", "[::]:53"], workers: 2, stateDirectory: /var/lib/meridian }
${STEERING}`;

/** As docs/deploy.md has it for socket activation: nothing is left that needs the capability. */
export const NO_CAPABILITY = `[Service]
AmbientCapabilities=
CapabilityBoundingSet=
PrivateUsers=yes
`;

/** As the comment in meridian.socket says: two workers, so each line twice. */
export const SOCKET_FOR_EACH_WORKER = `[Socket]
ListenDatagram=0.0.0.0:53
ListenStream=0.0.0.0:53
ListenDatagram=[::]:53
ListenStream=[::]:53
ReusePort=yes
`;

export const QUICK_WATCHDOG = `[Service]
WatchdogSec=4
`;

export const zone = (text: string): string => `$ORIGIN example.test.
$TTL 30
@    SOA  ns1 hostmaster 1 1h 15m 2w 5m
     NS   ns1
     TXT  "${text}"
ns1  A    192.0.2.53
www  GSLB www
`;

export const BROKEN_ZONE = `${zone('never')}www2 A 192.0.2.300\n`;

/** Others beside the server on one machine, each with its own file. */
export const ROLES: Readonly<Record<string, string>> = {
  probe: role('probe', 'prober: { region: europe }'),
  fleet: role('fleet', 'prober: { region: europe }'),
  admin: role('admin', 'admin: { listen: ["127.0.0.1:8054"] }'),
  site: role(
    'site',
    `sites: { near: { latitude: 51.5, longitude: 0 } }
site:
  near:
    services: { web: { servers: { one: { address: "127.0.0.1:8054" } } } }
    listeners: { public: { listen: "127.0.0.1:80", http: { service: web } } }`,
  ),
};

function role(name: string, more: string): string {
  return `server: { stateDirectory: /var/lib/meridian-${name} }
mesh: { redis: { server: "127.0.0.1:${REDIS_PORT}" } }
${more}
`;
}
