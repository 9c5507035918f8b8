// The supervisor with real worker threads: a worker that dies is replaced and answers from the latest images on the same port.

import test from 'ava';
import { load } from '../../../src/app/load.ts';
import type { Images } from '../../../src/app/messages.ts';
import { imagesOf } from '../../../src/app/server.ts';
import { Workers } from '../../../src/app/workers.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { ask } from '../../../src/client/dns-client.ts';
import { countersSize } from '../../../src/metrics/counters.ts';
import { encodeQuery } from '../../../src/wire/message.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { TYPE } from '../../../src/wire/rrtype.ts';
import { ROOT } from '../../support/paths.ts';

const QUERY = encodeQuery({
  id: 1,
  name: nameFromText('mail.example.test.') as Uint8Array,
  type: TYPE.A,
  flags: { rd: false, ad: false, cd: false },
});

test('a worker that dies is replaced on the same port, with the latest images', async (t) => {
  const { loaded } = load(`${ROOT}zones/meridian.yaml`);
  const settings = { ...loaded!.snapshot.server, listen: [{ address: '127.0.0.1', port: 0 }] };
  const lines: string[] = [];
  let noteBack = (): void => {};
  const isBack = new Promise<void>((resolve) => {
    noteBack = resolve;
  });
  const note = (_facts: unknown, message: string): void => {
    lines.push(message);
    if (message === 'the DNS worker is back') noteBack();
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const workers = new Workers(settings, 1, new SharedArrayBuffer(countersSize(1)), imagesOf(loaded!, 1), log);
  t.is(await workers.start(), undefined);
  const { port } = workers.endpoints[0]!;
  t.not(port, 0);
  const answers = async (): Promise<boolean> =>
    (await ask({ server: '127.0.0.1', port, query: QUERY, transport: 'udp', timeoutMs: 5000 })).ok;
  t.true(await answers());

  // An image that is none: a bug that no worker survives.
  const broken: Images = { ...imagesOf(loaded!, 2), zones: [new SharedArrayBuffer(64)] };
  void workers.install(broken);
  await workers.install(imagesOf(loaded!, 3));
  await isBack;
  t.true(await answers());
  t.true(lines[0]!.startsWith('a DNS worker died'));
  await workers.close();
});
