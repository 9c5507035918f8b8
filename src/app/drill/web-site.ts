// The web servers of a site of a drill's own world: two small ones behind the agent, which can be stopped and made slow. They serve
// in this process; what is between them and clients is the real program.

import { createServer, type Server } from 'node:http';

export class WebSite {
  readonly site: string;
  readonly #host: string;
  readonly #ports: readonly number[];
  readonly #servers = new Map<number, Server>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** How much later they answer. */
  #slowMs = 0;

  constructor(site: string, host: string, ports: readonly number[]) {
    this.site = site;
    this.#host = host;
    this.#ports = ports;
  }

  async start(): Promise<void> {
    for (const i of this.#ports.keys()) await this.startOne(i);
  }

  async startOne(i: number): Promise<void> {
    const port = this.#ports[i]!;
    if (this.#servers.has(port)) return;
    const server = createServer((request, response) => {
      const stayMs = Number(/^\/stay\/(\d{1,5})$/.exec(request.url ?? '')?.[1] ?? 0);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        response.end(`${this.site} ${i + 1}\n`);
      }, this.#slowMs + stayMs);
      this.#timers.add(timer);
    });
    server.on('clientError', (_, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#host, () => resolve());
    });
    this.#servers.set(port, server);
  }

  async stopOne(i: number): Promise<void> {
    const port = this.#ports[i]!;
    const server = this.#servers.get(port);
    this.#servers.delete(port);
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  slow(byMs: number): void {
    this.#slowMs = byMs;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#ports.keys()].map((i) => this.stopOne(i)));
  }
}
