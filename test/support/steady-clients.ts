// Clients that ask a server without a pause until they are told to stop, and count what gets no answer. Each waits for its answer
// before it asks again, so there are never more queries under way than clients, and an answer that does not come is a loss, not a race.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { frame } from './dns-octets.ts';
import { PATIENCE_MS } from './patience.ts';
import { queryOctets } from './query-octets.ts';
import { StreamClient } from './stream-client.ts';

/** Between an answer and the next question: the test is to find losses, not to occupy the machine. */
const PAUSE_MS = 5;
/** Of one TCP connection, or kept-alive HTTP connection. */
const QUESTIONS_PER_CONNECTION = 20;

export interface Tally {
  answered: number;
  /** What was not answered, and how it failed. */
  readonly lost: string[];
}

export interface SteadyClients {
  readonly tally: Tally;
  /** Resolves when so many more have been answered. */
  more(answers: number): Promise<void>;
  /** Lets each have its last answer. */
  stop(): Promise<Tally>;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** `ask` is one client: it resolves when one exchange is over, and rejects if there was no answer. */
function keepAsking(clients: readonly { ask(): Promise<void>; close(): void }[]): SteadyClients {
  const tally: Tally = { answered: 0, lost: [] };
  let isOver = false;
  const all = clients.map(async ({ ask, close }) => {
    while (!isOver) {
      await ask().then(
        () => tally.answered++,
        (error: Error) => tally.lost.push(error.message),
      );
      await pause();
    }
    close();
  });
  return {
    tally,
    more: async (answers) => {
      const wanted = tally.answered + answers;
      const deadlineMs = performance.now() + PATIENCE_MS;
      while (tally.answered < wanted && tally.lost.length === 0 && performance.now() < deadlineMs) await pause();
    },
    stop: async () => {
      isOver = true;
      await Promise.all(all);
      return tally;
    },
  };
}

const QUERY = queryOctets({ name: 'example.test.', type: 'TXT' });

/** Each client keeps its socket, and so stays with the same socket of the server. */
export function askOverUdp(port: number, count: number): SteadyClients {
  return keepAsking(
    Array.from({ length: count }, () => {
      const socket = createSocket('udp4');
      const ask = async (): Promise<void> => {
        const reply = once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
        socket.send(QUERY, port, '127.0.0.1');
        await reply;
      };
      return { ask, close: () => socket.close() };
    }),
  );
}

/** Each client asks a while on one connection, then on another. */
export function askOverTcp(port: number, count: number): SteadyClients {
  return keepAsking(
    Array.from({ length: count }, () => {
      let client: StreamClient | null = null;
      let left = 0;
      const ask = async (): Promise<void> => {
        if (client === null || left === 0 || client.socket.readableEnded) {
          client?.close();
          client = await StreamClient.open(port);
          left = QUESTIONS_PER_CONNECTION;
        }
        left--;
        await client.send(frame(QUERY));
        if ((await client.receive()) !== undefined) return;
        client.close();
        client = null;
        throw new Error('the connection ended without an answer');
      };
      return { ask, close: () => client?.close() };
    }),
  );
}

/** Over HTTP/1.1, on connections that are kept as long as the server lets them be. */
export function askOverHttp(port: number, count: number): SteadyClients {
  return keepAsking(
    Array.from({ length: count }, () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ask = (): Promise<void> =>
        new Promise((resolve, reject) => {
          const request = get({ host: '127.0.0.1', port, path: '/', agent }, (response) => {
            response.on('error', reject);
            response.on('end', () =>
              response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
            );
            response.resume();
          });
          request.on('error', reject);
        });
      return { ask, close: () => agent.destroy() };
    }),
  );
}

/** Over TCP, a connection for each question: what a service at layer 4 gets. */
export function askAnew(port: number, count: number): SteadyClients {
  return keepAsking(
    Array.from({ length: count }, () => ({
      ask: () =>
        new Promise<void>((resolve, reject) => {
          const request = get({ host: '127.0.0.1', port, path: '/', agent: false }, (response) => {
            response.on('error', reject);
            response.on('end', () => resolve());
            response.resume();
          });
          request.on('error', reject);
        }),
      close: () => {},
    })),
  );
}
