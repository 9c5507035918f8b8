// The control socket: a Unix socket in the state directory on which the running server takes requests from `meridian reload`
// and its like. One JSON object per line each way, one request per connection. Who may open the socket may steer the server,
// so it is created for its owner only. The system takes at most 107 octets of path: a shorter relative one is used if there is.

import { chmodSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { LoadRequest } from '../capacity/capacity-book.ts';
import type { DemoRequest } from '../demo/demo-sites.ts';
import type { OrderRequest, RecallRequest } from '../orders/orders.ts';
import type { PurgeRequest } from '../site/purge.ts';
import { shorterPath } from '../text/shorter-path.ts';
import type { SilenceRequest } from '../watch/silences.ts';

const REQUEST_LIMIT_OCTETS = 65536;
/** A reload of millions of records takes seconds, but on a busy machine it makes way for answers. Nobody waits longer than this. */
const REPLY_TIMEOUT_MS = 660_000;

export type ControlRequest =
  | { readonly command: 'reload' }
  | { readonly command: 'status' }
  | { readonly command: 'overrides' }
  | { readonly command: 'upgrade'; readonly withinMs: number }
  | { readonly command: 'alerts' }
  | ({ readonly command: 'silence' } & SilenceRequest)
  | { readonly command: 'unsilence'; readonly what: string }
  | { readonly command: 'whatif'; readonly without: string }
  | ({ readonly command: 'load' } & LoadRequest)
  | ({ readonly command: 'purge' } & PurgeRequest)
  | ({ readonly command: 'order' } & OrderRequest)
  | ({ readonly command: 'recall' } & RecallRequest)
  | ({ readonly command: 'demo' } & DemoRequest)
  | { readonly command: 'explain'; readonly name: string; readonly client: string; readonly type: string };

export type ControlHandler = (request: ControlRequest) => Promise<unknown>;

const problem = (message: string): Problem => ({ severity: 'error', code: 'ERR_CONTROL', message });

/** An open control socket. */
export interface Control {
  /** For a successor: from now on who connects gets here, and none is refused in between. */
  replace(): void;
  /** Stops listening, and takes the name away unless a successor has it. */
  close(): void;
}

/**
 * Listens on `path`. Fails if another server answers there, unless it is our predecessor (`replace` then takes the name from it); a
 * socket that a dead server left behind is replaced. The socket is bound under a name of its own: libuv removes that name when it
 * closes, and the other must not go with a process that has handed it over.
 */
export async function openControl(
  path: string,
  handle: ControlHandler,
  hasPredecessor = false,
): Promise<Result<Control, Problem>> {
  if (!hasPredecessor && existsSync(path)) {
    if (await isAlive(path))
      return err(
        problem(`another server already listens on control socket ${path}; stop it, or set another server.stateDirectory`),
      );
    try {
      rmSync(path, { force: true });
    } catch (error) {
      return err(unopened(path, error));
    }
  }
  const server = createServer((socket) => serveConnection(socket, handle));
  const own = join(dirname(path), `.${process.pid}`);
  rmSync(own, { force: true });
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(err(unopened(path, error))));
    server.listen(socketName(own), () => {
      try {
        chmodSync(own, 0o600);
        const { ino } = statSync(own);
        if (!hasPredecessor) {
          linkSync(own, path); // fails if another has just done so
          rmSync(own);
        }
        resolve(ok(controlOf(server, path, own, ino)));
      } catch (error) {
        server.close();
        resolve(err(unopened(path, error)));
      }
    });
  });
}

const controlOf = (server: Server, path: string, own: string, ino: number): Control => ({
  replace: () => renameSync(own, path),
  close: () => {
    server.close();
    if (statSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
  },
});

/** As short as can be, for the system takes no long ones; never without a slash, for Node takes `.4711` for a number, a port. */
function socketName(path: string): string {
  const name = shorterPath(path);
  return name.includes('/') ? name : `./${name}`;
}

/** Why a socket cannot be made there, or what is there cannot be removed. */
function unopened(path: string, error: unknown): Problem {
  const { code } = error as NodeJS.ErrnoException;
  // Node says EACCES for a directory that does not exist, too.
  const reason =
    code === 'EACCES' || code === 'EPERM'
      ? 'its directory does not exist or is not writable for this user'
      : code === 'EADDRINUSE' || code === 'EEXIST'
        ? 'another server has just made it'
        : reasonOf(error);
  return problem(`control socket ${path} cannot be opened: ${reason}; set another server.controlSocket or server.stateDirectory`);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(socketName(path));
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Linux says so when the queue of connections that wait is full.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EAGAIN'));
  });
}

function serveConnection(socket: Socket, handle: ControlHandler): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    received += chunk;
    if (received.length > REQUEST_LIMIT_OCTETS) socket.destroy();
    const end = received.indexOf('\n');
    if (end < 0) return;
    socket.removeAllListeners('data');
    void answer(received.slice(0, end), handle).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function answer(line: string, handle: ControlHandler): Promise<unknown> {
  try {
    return await handle(JSON.parse(line) as ControlRequest);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Sends one request to the server behind `path` and resolves to its reply, or to why there was none. */
export function askControl<T>(path: string, request: ControlRequest): Promise<Result<T, Problem>> {
  return new Promise((resolve) => {
    let received = '';
    const socket = createConnection(socketName(path), () => socket.write(`${JSON.stringify(request)}\n`));
    const fail = (reason: string): void => {
      socket.destroy();
      resolve(err(problem(`${reason} (control socket ${path})`)));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(REPLY_TIMEOUT_MS, () => fail(`the server did not reply within ${REPLY_TIMEOUT_MS / 1000} s`));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
          ? "no server is running here; 'meridian serve' starts one, --config names the configuration of another"
          : error.message,
      ),
    );
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('end', () => {
      if (!received.endsWith('\n')) return fail('the server closed the connection without a reply');
      const reply = JSON.parse(received) as T & { error?: string };
      if (reply.error !== undefined) return fail(`the server refused: ${reply.error}`);
      return resolve(ok(reply));
    });
  });
}
