// Settings of the agent of a site with whatever differs from the usual, and small web servers that say their names.

import { once } from 'node:events';
import { type ClientRequest, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentService, SiteAgentSettings } from '../../src/model/site-agent.ts';
import { balancingOf } from './balance.ts';

export const agentSettings = (differs: Partial<SiteAgentSettings> = {}): SiteAgentSettings => ({
  site: 'lon',
  services: [],
  listeners: [],
  load: { unit: 'connections', max: null, target: null },
  clients: true,
  driver: null,
  addresses: [],
  patienceMs: 60_000,
  drainTimeoutMs: 60_000,
  ...differs,
});

export const serviceSettings = (differs: Partial<AgentService> = {}): AgentService => ({
  id: 'web',
  servers: [],
  balancing: balancingOf({ kind: 'round-robin' }),
  queue: { mostWaiting: 0, timeoutMs: 60_000 },
  retry: { percent: 20, least: 3 },
  check: null,
  ...differs,
});

/** Answers every request with its name; a request for /slow when the test says so. */
export class WebServer {
  readonly name: string;
  readonly port: number;
  readonly #server: Server;
  readonly #slow: (() => void)[] = [];
  #came: () => void = () => {};

  static async open(name: string, port = 0): Promise<WebServer> {
    const server = createServer();
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return new WebServer(name, server);
  }

  private constructor(name: string, server: Server) {
    this.name = name;
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    server.on('request', (request, response) => {
      const answer = (): void => void response.end(name);
      if (request.url !== '/slow') answer();
      else {
        this.#slow.push(answer);
        this.#came();
      }
    });
  }

  /** Resolves when a slow request is here. */
  async slowRequest(): Promise<void> {
    while (this.#slow.length === 0) {
      await new Promise<void>((resolve) => {
        this.#came = resolve;
      });
    }
  }

  answerSlow(): void {
    for (const answer of this.#slow.splice(0)) answer();
  }

  /** Ends as a process that is killed. */
  kill(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** The body, on a connection of its own; the code of the system if there is none. */
export function fetchName(port: number, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const request: ClientRequest = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
