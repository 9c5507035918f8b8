// What UDP and TCP listeners have in common: sharing of a port, and what to tell an operator when an address cannot be used.

import { createSocket } from 'node:dgram';
import { closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { Problem } from '../base/errors.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { packetIo } from './packet-io.ts';
import { findPortHolder, type PortHolder, type Protocol } from './socket-table.ts';

/**
 * Whether one port can be shared among several sockets (SO_REUSEPORT: the kernel spreads clients over them). The native addon can;
 * for Node itself the `reusePort` option came with 22.12 and 23.1, and only Linux spreads UDP evenly. Without it one thread owns
 * each address.
 */
export const supportsReusePort: boolean = packetIo.addon !== undefined || hasReusePort(process.versions.node, process.platform);

export function hasReusePort(version: string, platform: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return platform === 'linux' && (major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
}

/** Why the kernel does not let sockets share a port, or undefined if it does; to be asked only where `supportsReusePort`. */
export function findSharingObstacle(): Promise<string | undefined> {
  const address = '127.0.0.1';
  if (packetIo.addon !== undefined) {
    const fd = packetIo.addon.openTcp({ address, port: 0, sharing: 'join', backlog: 1 });
    if (fd < 0) return Promise.resolve(getSystemErrorName(fd));
    closeSync(fd);
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    const options = { host: address, port: 0, reusePort: true }; // the types are those of Node 20
    server.listen(options, () => server.close(() => resolve(undefined)));
  });
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export const endpointText = (endpoint: Endpoint): string =>
  endpoint.address.includes(':') ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`;

/**
 * The ERR_LISTEN problem for an endpoint that nobody else may have, or undefined if it is free: opens a socket that shares with
 * no other, and closes it. The sockets that answer do share, with any socket of the same user that allows it; a second server
 * would get half of the clients, and neither would notice.
 */
export function findObstacle(protocol: Protocol, endpoint: Endpoint): Promise<Problem | undefined> {
  const { address, port } = endpoint;
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve(listenProblem(protocol, endpoint, error));
    if (protocol === 'tcp') {
      const server = createServer();
      server.once('error', fail);
      server.listen({ host: address, port, ipv6Only: true, exclusive: true }, () => server.close(() => resolve(undefined)));
      return;
    }
    const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
    socket.once('error', (error) => {
      socket.close();
      fail(error);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

/** The warning that nobody can reach an IPv6 wildcard, if this machine has no IPv6 address; opening it fails only without any IPv6. */
export function findUnreachable(endpoint: Endpoint): Problem | undefined {
  if (endpoint.address !== '::' || hasIpv6()) return undefined;
  const message = `${endpointText(endpoint)} is served, but no interface has an IPv6 address (sysctl net.ipv6.conf.all.disable_ipv6?)`;
  return { severity: 'warning', code: 'ERR_LISTEN', message };
}

const hasIpv6 = (): boolean => Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'));

/** The ERR_LISTEN problem for a bind that failed with the system's error code, with what an operator can do about it. */
export function listenProblem(
  protocol: Protocol,
  endpoint: Endpoint,
  error: NodeJS.ErrnoException,
  findHolder = findPortHolder,
): Problem {
  const reason =
    error.code === 'EADDRINUSE' ? portTaken(protocol, endpoint, findHolder(protocol, endpoint)) : remedy(endpoint, error);
  return { severity: 'error', code: 'ERR_LISTEN', message: `${protocol} ${endpointText(endpoint)} cannot be used: ${reason}` };
}

function portTaken(protocol: Protocol, { port }: Endpoint, holder: PortHolder | undefined): string {
  if (holder?.process?.pid === process.pid) {
    return (
      `this server has port ${port} already: two entries of server.listen overlap, ` +
      `or an inherited IPv6 socket takes IPv4 too (BindIPv6Only=ipv6-only in the socket unit prevents it)`
    );
  }
  if (holder?.process !== undefined) {
    const { pid, name } = holder.process;
    return `process ${pid} (${name}, user ${holder.uid}) has port ${port}; stop it or choose another port`;
  }
  const who = holder === undefined ? 'another process' : `a process of user ${holder.uid}`;
  const usual = port === 53 ? ' (systemd-resolved, dnsmasq or another DNS server?)' : '';
  return `${who} has port ${port}${usual}; 'sudo ss -lnp${protocol[0]} sport = :${port}' names it; stop it or choose another port`;
}

function remedy({ address, port }: Endpoint, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
      return port >= 1024
        ? 'the system forbids it (SELinux, AppArmor or a seccomp filter)'
        : `port ${port} needs a privilege: run it under systemd with meridian.socket or AmbientCapabilities=CAP_NET_BIND_SERVICE, ` +
            `or 'setcap cap_net_bind_service=+ep' the node binary, ` +
            `or 'sysctl net.ipv4.ip_unprivileged_port_start=${port}', or choose a port from 1024 on; see docs/deploy.md`;
    case 'EADDRNOTAVAIL':
      return address.includes(':') && !hasIpv6()
        ? 'this machine has no IPv6 address (sysctl net.ipv6.conf.all.disable_ipv6?); remove it from server.listen or enable IPv6'
        : `no interface of this machine has the address ${address}; 'ip address' lists those it has`;
    case 'EAFNOSUPPORT':
      return `this machine has no ${address.includes(':') ? 'IPv6' : 'IPv4'}; remove it from server.listen or enable it in the kernel`;
    case 'EMFILE':
    case 'ENFILE':
      return `too many open files; raise the limit ('ulimit -n', LimitNOFILE= in a systemd unit)`;
    default:
      return error.message;
  }
}
