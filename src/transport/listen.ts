// What UDP and TCP listeners have in common: sharing of a port, and what to tell an operator when an address cannot be used.

import type { Problem } from '../base/errors.ts';
import type { Endpoint } from '../model/snapshot.ts';

/**
 * Whether this Node can share one port among several sockets (SO_REUSEPORT: the kernel spreads clients over them): the
 * `reusePort` option came with 22.12 and 23.1, and only Linux spreads UDP evenly. Without it one thread owns each address.
 */
export const supportsReusePort: boolean = hasReusePort(process.versions.node, process.platform);

export function hasReusePort(version: string, platform: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return platform === 'linux' && (major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
const endpointText = (endpoint: Endpoint): string =>
  endpoint.address.includes(':') ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`;

/** The ERR_LISTEN problem for a bind that failed with the system's error code, with what an operator can do about it. */
export function listenProblem(protocol: 'udp' | 'tcp', endpoint: Endpoint, error: NodeJS.ErrnoException): Problem {
  const text = endpointText(endpoint);
  return {
    severity: 'error',
    code: 'ERR_LISTEN',
    message: `${protocol} ${text} cannot be used: ${remedy(protocol, endpoint, error)}`,
  };
}

function remedy(protocol: 'udp' | 'tcp', { address, port }: Endpoint, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE': {
      const usual = port === 53 ? ' (systemd-resolved, dnsmasq or another DNS server?)' : '';
      return `another process has port ${port}${usual}; 'ss -lnp${protocol[0]} sport = :${port}' names it; stop it or choose another port`;
    }
    case 'EACCES':
      return (
        `ports below 1024 need a privilege; allow it with 'setcap cap_net_bind_service=+ep' on the node binary, ` +
        `with AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit, or choose a port of 1024 or more`
      );
    case 'EADDRNOTAVAIL':
      return `no interface of this machine has the address ${address}; 'ip address' lists those it has`;
    case 'EAFNOSUPPORT':
      return `this machine does not speak the address family of ${address}`;
    default:
      return error.message;
  }
}
