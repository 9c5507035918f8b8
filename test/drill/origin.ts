// A server that stands for a member of the pool, with the faults that real ones have. It speaks HTTPS, so that its certificate can
// go bad; each fault is what a probe would meet on the wire, not a flag that the probe reads.

import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type Certificate, makeCertificate } from '../support/probing.ts';

/** In the certificates; probes ask for this name. */
export const ORIGIN_NAME = 'origin.example.test';

export type OriginFault = 'refuse' | 'error' | 'slow' | 'expired';

export interface Certificates {
  readonly good: Certificate;
  readonly expired: Certificate;
}

export const makeCertificates = (): Certificates => ({
  good: makeCertificate(ORIGIN_NAME, 365),
  expired: makeCertificate(ORIGIN_NAME, -1),
});

export class Origin {
  readonly #certificates: Certificates;
  readonly #slowMs: number;
  readonly #host: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #port: number;
  #server: Server | null = null;
  #fault: OriginFault | null = null;

  private constructor(certificates: Certificates, slowMs: number, host: string, port: number) {
    this.#certificates = certificates;
    this.#slowMs = slowMs;
    this.#host = host;
    this.#port = port;
  }

  /** `slowMs`: how long an answer takes while it is slow. */
  static async open(certificates: Certificates, slowMs: number, host: string, port: number): Promise<Origin> {
    const origin = new Origin(certificates, slowMs, host, port);
    await origin.#listen();
    return origin;
  }

  async break(fault: OriginFault): Promise<void> {
    this.#fault = fault;
    const { good, expired } = this.#certificates;
    if (fault === 'refuse') await this.close();
    else if (fault === 'expired') this.#server?.setSecureContext(expired);
    else this.#server?.setSecureContext(good);
  }

  async mend(): Promise<void> {
    this.#fault = null;
    if (this.#server === null) await this.#listen();
    else this.#server.setSecureContext(this.#certificates.good);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #listen(): Promise<void> {
    const { key, cert } = this.#certificates.good;
    const server = createServer({ key, cert }, (_, response) => {
      if (this.#fault !== 'slow') {
        response.statusCode = this.#fault === 'error' ? 500 : 200;
        response.end('ready');
        return;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        response.end('ready');
      }, this.#slowMs);
      this.#timers.add(timer);
    });
    server.on('clientError', (_, socket) => socket.destroy());
    server.listen(this.#port, this.#host);
    await once(server, 'listening');
    this.#server = server;
  }
}
