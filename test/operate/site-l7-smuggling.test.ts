// What the server behind the agent sees of requests that two readers may take for different ones: a corpus from public descriptions,
// one connection each, sent in one piece and cut into two at a place that differs from case to case.

import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { converse } from '../support/http2-octets.ts';
import { type L7Stage, startL7 } from '../support/site-l7.ts';
import { DOWNGRADES, SMUGGLING } from '../support/smuggling.ts';

let stage: L7Stage;

test.before(async () => {
  stage = await startL7();
});
test.after.always(() => stage?.close());

/** All that comes until the agent ends the connection. */
function ask(octets: string, cutAt = 0): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: stage.ports.plain, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.on('end', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write(octets.slice(0, cutAt), 'latin1', () => setImmediate(() => socket.write(octets.slice(cutAt), 'latin1')));
  });
}

const END = 'GET /end HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

/** Whatever was sent before has been acted on: the next client gets its own response, and the server has seen these and nothing else. */
async function sees(t: ExecutionContext, seen: readonly string[]): Promise<void> {
  t.true((await ask(END)).endsWith('/end'));
  for (const reading of stage.recorder.readings) {
    t.deepEqual(
      reading.requests.filter((request) => request !== 'GET /end a <>'),
      seen,
    );
    if (seen.length > 0) t.is(reading.rest, '');
    t.false(/^GET \/evil/m.test(reading.rest) && seen.length === 0, reading.rest);
  }
}

for (const [i, { what, octets, statuses, seen }] of SMUGGLING.entries()) {
  test.serial(`HTTP/1.1, ${i + 1}: ${what}`, async (t) => {
    for (const cutAt of [0, 1 + ((i * 37) % (octets.length - 1))]) {
      stage.recorder.forget();
      const got = await ask(octets, cutAt);
      t.deepEqual(
        [...got.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)),
        statuses,
        got,
      );
      await sees(t, seen);
    }
  });
}

for (const { what, frames, seen } of DOWNGRADES) {
  test.serial(`HTTP/2: ${what}`, async (t) => {
    stage.recorder.forget();
    t.is(await converse(stage.ports.secure, frames), seen === null ? 'refused' : 'served');
    await sees(t, seen === null ? [] : [seen]);
  });
}
