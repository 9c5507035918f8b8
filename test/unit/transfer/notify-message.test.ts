import test from 'ava';
import { notifyMessage } from '../../../src/transfer/notify-message.ts';
import { recordToText } from '../../../src/wire/message.ts';
import { nameToText } from '../../../src/wire/name.ts';
import { decoded, zoneImage } from '../../support/responder.ts';

test('a NOTIFY has the zone as question and the new SOA record as answer (RFC 1996 section 3.7)', (t) => {
  const message = decoded(notifyMessage(zoneImage('example.test.', '$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n'), 0xbeef));
  t.is(message.id, 0xbeef);
  t.is(message.opcode, 4);
  t.false(message.isResponse);
  t.true(message.flags.aa);
  t.deepEqual(
    message.questions.map(({ name, type, class: c }) => [nameToText(name), type, c]),
    [['example.test.', 6, 1]],
  );
  t.deepEqual(message.answers.map(recordToText), [
    'example.test.\t60\tIN\tSOA\tns.example.test. host.example.test. 7 3600 600 86400 300',
  ]);
});
