import test from 'ava';
import { systemError } from '../../../src/transport/packet-io.ts';

test('errors of the system keep their code', (t) => {
  t.like(systemError('open', -98), { code: 'EADDRINUSE', message: 'open EADDRINUSE', errno: -98 });
});
