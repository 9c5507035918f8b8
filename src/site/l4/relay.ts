// Two connected sockets made one connection: what arrives at one leaves at the other, no faster than that one takes it. An end of one
// direction is passed on and leaves the other direction open; a reset is passed on as a reset, so that a transfer that broke off
// never looks complete. Both sockets must have been made with allowHalfOpen.

import type { Socket } from 'node:net';

/**
 * Relays until both sockets are closed, then calls `onEnd`, once. The connection is reset if nothing moves for `idleMs`, which
 * `onIdle` is told: a client that does not read what it is sent counts as that, too.
 */
export function relay(client: Socket, server: Socket, idleMs: number, onIdle: () => void, onEnd: () => void): void {
  let open = 2;
  const closed = (one: Socket, other: Socket): void => {
    // A socket that was not ended in both directions was cut off, by its peer or by us. Otherwise pipe has passed both ends on.
    if (!one.readableEnded || !one.writableFinished) other.resetAndDestroy();
    if (--open === 0) onEnd();
  };
  client.once('close', () => closed(client, server));
  server.once('close', () => closed(server, client));
  // A reset arrives as an error before `close`, which has all that is needed.
  client.on('error', ignore);
  server.on('error', ignore);
  // What moves, in either direction, moves through the client's socket.
  client.setTimeout(idleMs, () => {
    onIdle();
    client.resetAndDestroy();
    server.resetAndDestroy();
  });
  client.pipe(server);
  server.pipe(client);
}

const ignore = (): void => {};
