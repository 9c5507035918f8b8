// Servers and clients of datagrams on loopback, and a front between them. Everything is closed at the end of the test.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock } from '../../src/base/clock.ts';
import type { SiteServer, SiteService, UdpFrontSettings } from '../../src/model/site.ts';
import { UdpFront } from '../../src/site/l4/udp-front.ts';
import type { Service } from '../../src/site/service.ts';
import { serverOf } from './balance.ts';
import { serviceOf } from './site.ts';

interface Closable {
  teardown(close: () => void): void;
}

export const UDP_FRONT: UdpFrontSettings = {
  address: '127.0.0.1',
  port: 0,
  mostFlows: 1000,
  mostFlowsPerClient: 1000,
  flowRate: null,
  flowRatePerClient: null,
  idleTimeoutMs: 300_000,
  replies: null,
  keyPrefixV4: 32,
  keyPrefixV6: 64,
};

async function bound(t: Closable, address: string, port = 0): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  t.teardown(() => {
    try {
      socket.close();
    } catch {} // the test has closed it
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

/** A server of datagrams that answers each one with what the test says; null = not at all. */
export class UdpBackend {
  readonly server: SiteServer;
  readonly socket: Socket;
  readonly heard: string[] = [];
  /** Addresses and ports that it has heard from: one for each flow. */
  readonly peers = new Set<string>();

  static async open(
    t: Closable,
    id: string,
    answer: (text: string) => string | null = (text) => `${id} ${text}`,
    differs: Partial<SiteServer> = {},
  ): Promise<UdpBackend> {
    const socket = await bound(t, differs.address ?? '127.0.0.1', differs.port);
    return new UdpBackend(id, socket, answer, differs);
  }

  private constructor(id: string, socket: Socket, answer: (text: string) => string | null, differs: Partial<SiteServer>) {
    this.socket = socket;
    this.server = serverOf(id, { ...differs, port: socket.address().port });
    socket.on('message', (message: Buffer, from: RemoteInfo) => {
      const text = message.toString('latin1');
      this.heard.push(text);
      this.peers.add(`${from.address} ${from.port}`);
      const reply = answer(text);
      if (reply !== null) socket.send(Buffer.from(reply, 'latin1'), from.port, from.address);
    });
  }
}

/** A client with a port of its own. */
export class UdpClient {
  readonly socket: Socket;
  readonly heard: { readonly text: string; readonly from: string }[] = [];
  readonly #port: number;
  readonly #address: string;

  static async open(t: Closable, port: number, address = '127.0.0.1'): Promise<UdpClient> {
    return new UdpClient(await bound(t, address), port, address);
  }

  private constructor(socket: Socket, port: number, address: string) {
    this.socket = socket;
    this.#port = port;
    this.#address = address;
    socket.on('message', (message, from) => {
      this.heard.push({ text: message.toString('latin1'), from: `${from.address} ${from.port}` });
    });
  }

  send(text: string): void {
    this.socket.send(Buffer.from(text, 'latin1'), this.#port, this.#address);
  }

  /** The next reply; on loopback nothing that is sent is lost, as long as buffers have room. */
  async ask(text: string): Promise<string> {
    const reply = once(this.socket, 'message');
    this.send(text);
    return String((await reply)[0]);
  }
}

export async function udpStage(
  t: Closable,
  servers: readonly SiteServer[],
  front: Partial<UdpFrontSettings> = {},
  service: Partial<SiteService> = {},
): Promise<{ front: UdpFront; service: Service }> {
  const running = serviceOf(servers, service);
  const opened = await UdpFront.open({ ...UDP_FRONT, ...front }, running, systemClock);
  if (!opened.ok) throw new Error(opened.error.message);
  opened.value.begin();
  t.teardown(() => void opened.value.close(0));
  return { front: opened.value, service: running };
}
