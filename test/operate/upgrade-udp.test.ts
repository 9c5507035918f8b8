// A site agent that is replaced under a steady load of datagrams: not one is lost, and clients keep their servers.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { OpenDatagrams } from '../support/open-datagrams.ts';
import { reservePortFor } from '../support/reserved-port.ts';
import { beginServer } from '../support/server.ts';
import { UdpBackend } from '../support/site-udp.ts';
import { Succession } from '../support/succession.ts';

const PER_SECOND = 400;
const CLIENTS = 8;
/** Between two upgrades, so that each is under load from its begin to its end. */
const ANSWERS_BETWEEN = 200;
/** What servers take for an answer: in any moment, some are under way. */
const ANSWER_MS = 50;

/** Answers with its name and what it was sent, not at once. */
async function slowServer(t: ExecutionContext, name: string): Promise<UdpBackend> {
  const backend = await UdpBackend.open(t, name, () => null);
  backend.socket.on('message', (message, { port }) => {
    setTimeout(() => backend.socket.send(`${name} ${message}`, port, '127.0.0.1'), ANSWER_MS);
  });
  return backend;
}

test('no datagram is lost when an agent is replaced, sessions stay at their servers, and a second upgrade finds the first one ending', async (t) => {
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => slowServer(t, name)));
  const [sessions, questions] = [await reservePortFor(t), await reservePortFor(t)];
  const directory = mkdtempSync(join(tmpdir(), 'meridian-upgrade-udp-'));
  const servers = backends.map(({ server: { id, port } }) => `${id}: { address: "127.0.0.1:${port}" }`).join(', ');
  writeFileSync(
    join(directory, 'meridian.yaml'),
    `server: { stateDirectory: var }
sites: { fra: { latitude: 50.1, longitude: 8.7 } }
site:
  fra:
    services: { any: { algorithm: random, servers: { ${servers} } } }
    listeners:
      sessions: { listen: "127.0.0.1:${sessions}", udp: { service: any } }
      questions: { listen: "127.0.0.1:${questions}", udp: { service: any, replies: 1 } }
`,
  );
  const agent = beginServer(directory, { args: ['--role', 'site'] });
  const succession = new Succession(agent);
  t.teardown(() => succession.stop());
  await agent.logged('at the site');
  const clients = [
    await OpenDatagrams.open(sessions, CLIENTS, PER_SECOND),
    await OpenDatagrams.open(questions, CLIENTS, PER_SECOND),
  ];
  t.teardown(() => clients.map((client) => client.close()));
  const more = (): Promise<unknown> => Promise.all(clients.map((client) => client.more(ANSWERS_BETWEEN)));
  await more();
  for (let i = 1; i <= 3; i++) {
    succession.signal('SIGUSR2');
    await succession.takenOver(i);
    await more();
  }
  const [ofSessions, ofQuestions] = await Promise.all(clients.map((client) => client.stop()));
  t.deepEqual([ofSessions!.lost, ofQuestions!.lost], [[], []]);
  t.true(Math.min(ofSessions!.answered, ofQuestions!.answered) >= 4 * ANSWERS_BETWEEN);
  t.deepEqual(
    ofSessions!.servers.map(({ size }) => size),
    Array.from({ length: CLIENTS }, () => 1),
    'each client has had one server, though chance chooses',
  );
  const { listeners } = (await succession.status()).site[0]!;
  t.deepEqual(
    listeners.map(({ kind, port }) => ({ kind, port })),
    [
      { kind: 'udp', port: sessions },
      { kind: 'udp', port: questions },
    ],
  );
});
