// A receiver of webhooks over real HTTP: takes, refuses or never answers, as the test says.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { eventually } from './patience.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Hook {
  readonly url: string;
  readonly received: readonly Received[];
  /** Status of the next replies; `hang` = none ever comes. */
  answer: number | 'hang';
  /** Resolves when so many requests have come. */
  got(count: number): Promise<void>;
}

export async function openHook(t: Pick<ExecutionContext, 'teardown'>): Promise<Hook> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (hook.answer === 'hang') return;
      response.writeHead(hook.answer, { location: '/elsewhere' });
      response.end('as you\nsay');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const hook: Hook = {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: 200,
    got: (count) =>
      eventually(
        () => received.length >= count,
        () => `${received.length} requests came, not ${count}`,
      ),
  };
  return hook;
}
