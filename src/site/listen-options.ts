// How a listener of a site gets its socket: the one that a predecessor has passed, or one of its own that nobody shares.

import type { ListenOptions } from 'node:net';
import type { PassedSocket } from '../model/passed-socket.ts';
import type { ListenAddress } from '../model/site-agent.ts';

/** For `server.listen`. `backlog`: connections that may wait to be accepted. */
export function listenOptions({ address, port }: ListenAddress, passed: PassedSocket, backlog?: number): ListenOptions {
  const fd = passed(address, port);
  const queue = backlog === undefined ? {} : { backlog };
  if (fd !== undefined) {
    const adopted: ListenOptions & { readonly fd: number } = { fd, ...queue }; // the types leave it out
    return adopted;
  }
  return { host: address, port, ...queue, ipv6Only: true, exclusive: true };
}
