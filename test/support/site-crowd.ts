// A crowd of clients in conversation with servers that say their names, for runs in which servers are killed and configurations change
// meanwhile. Every conversation is accounted for: whole, or broken off, and whether it had heard who its server is.

import { once } from 'node:events';
import { connect } from 'node:net';
import { type Child, startChild } from './child.ts';

/** Says `NAME\n`, then sends back what it gets. Its own process, so that it can be killed. Stands still while it serves nobody. */
const SERVER = `
  const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.write(process.argv[1] + '\\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

const DATAGRAM_SERVER = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (message, { port, address }) => socket.send(process.argv[1] + ' ' + message, port, address));
  socket.bind(0, '127.0.0.1', () => console.log(socket.address().port));`;

export interface NamedServer {
  readonly name: string;
  readonly port: number;
  readonly child: Child;
}

export async function startNamedServer(name: string, kind: 'tcp' | 'udp' = 'tcp'): Promise<NamedServer> {
  const child = startChild(process.execPath, ['-e', kind === 'tcp' ? SERVER : DATAGRAM_SERVER, name]);
  while (!child.printed('stdout').includes('\n')) await once(child.stdout, 'data');
  return { name, port: Number(child.printed('stdout')), child };
}

/** What became of conversations, by the name of the server; `''` = nobody had said a name yet. */
export interface Outcomes {
  readonly whole: Map<string, number>;
  readonly broken: Map<string, number>;
}

/** One conversation: hears the name, says some lines and hears them again, ends. */
function converse(port: number, rounds: number, outcomes: Outcomes): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let heard = '';
    let left = rounds;
    let isWhole = false;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      heard += text;
      // The name, and each line that was said.
      while (heard.split('\n').length - 1 > rounds - left && left > 0) {
        left--;
        socket.write(`line ${left}\n`);
      }
      if (left === 0 && heard.split('\n').length - 1 === rounds + 1) socket.end();
    });
    socket.on('end', () => {
      isWhole = heard.split('\n').length - 1 === rounds + 1;
    });
    socket.on('close', () => {
      const name = heard.includes('\n') ? heard.slice(0, heard.indexOf('\n')) : '';
      const tally = isWhole ? outcomes.whole : outcomes.broken;
      tally.set(name, (tally.get(name) ?? 0) + 1);
      resolve();
    });
  });
}

/** So many clients, each in one conversation after another, until it is told to stop. */
export class Crowd {
  readonly outcomes: Outcomes = { whole: new Map(), broken: new Map() };
  readonly #clients: readonly Promise<void>[];
  #isOver = false;
  #heard: () => void = () => {};

  constructor(port: number, clients: number, rounds = 5) {
    this.#clients = Array.from({ length: clients }, async () => {
      while (!this.#isOver) {
        await converse(port, rounds, this.outcomes);
        this.#heard();
      }
    });
  }

  /** Resolves when so many more conversations are whole. */
  async more(count: number): Promise<void> {
    const wanted = total(this.outcomes.whole) + count;
    while (total(this.outcomes.whole) < wanted) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Every conversation has ended, one way or the other. */
  async stop(): Promise<Outcomes> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return this.outcomes;
  }
}

export const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
