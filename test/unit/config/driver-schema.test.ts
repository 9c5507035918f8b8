// The section `driver`: what an operator may write, and what a driver gets.

import test from 'ava';
import { driverSchema } from '../../../src/config/driver-schema.ts';

const messages = (value: unknown): readonly string[] => {
  const { success, error } = driverSchema.safeParse(value);
  return success ? [] : error!.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
};

test('a socket is all that an HAProxy of the operator needs', (t) => {
  t.deepEqual(driverSchema.parse({ haproxyAttach: { socket: '/run/haproxy/admin.sock' } }), {
    ...{ kind: 'haproxy-attach', socket: '/run/haproxy/admin.sock', backends: null },
    ...{ timeoutMs: 2000, measure: 'connections', max: null },
  });
});

test('an HAProxy that the agent runs needs a directory', (t) => {
  t.like(driverSchema.parse({ haproxy: { directory: '/run/meridian', checks: {} } }), {
    ...{ kind: 'haproxy', program: 'haproxy', user: 'haproxy', isStoppedOnClose: true, hardStopAfterMs: 600_000 },
    checks: { intervalMs: 2000, fall: 3, rise: 2, httpPath: null },
  });
});

for (const [what, value, message] of [
  ['two balancers', { nftables: {}, ipvs: {} }, /must be a map with exactly one of the keys haproxyAttach/],
  ['none', {}, /must be a map with exactly one of the keys/],
  ['a relative socket', { haproxyAttach: { socket: 'admin.sock' } }, /haproxyAttach\.socket must be an absolute path/],
  ['a directory that a socket cannot be in', { haproxy: { directory: `/${'d'.repeat(90)}` } }, /at most 70 characters/],
  ['a table size that is no prime', { nftables: { tableSize: 1000 } }, /nftables\.tableSize must be a prime, found 1000/],
  [
    'a password in an address',
    { nginx: { url: 'http://a:b@127.0.0.1/' } },
    /nginx\.url must be an address .* without a password/,
  ],
  ['a check with a line end', { haproxy: { directory: '/run/m', checks: { path: '/a\nb' } } }, /checks\.path must be a path/],
  ['an unknown key', { envoy: { url: 'http://127.0.0.1:9901', cluster: 'x' } }, /envoy url, clusters/],
] as const) {
  test(`${what} is refused`, (t) => {
    t.regex(messages(value).join('\n'), message);
  });
}
