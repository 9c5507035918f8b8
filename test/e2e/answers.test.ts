// The demo as a newcomer meets it: the real binary, asked by dig and by dns2, two decoders that are not ours.

import test from 'ava';
import { DEMO_CLIENTS } from '../../src/app/demo/demo.ts';
import { dig as digAt } from '../support/dig.ts';
import { askDns2 } from '../support/dns2.ts';
import { type RunningServer, startServer } from '../support/server.ts';

let server: RunningServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(async () => {
  await server?.stop();
});

const dig = (...args: string[]): Promise<string> => digAt(server.port, ...args);

const NEAREST: Record<string, readonly string[]> = {
  'United Kingdom': ['192.0.2.10'],
  Japan: ['192.0.2.20'],
  Brazil: ['192.0.2.30'],
  'South Africa': ['192.0.2.40'],
  Australia: ['192.0.2.50', '192.0.2.51'],
};

for (const { country, address } of DEMO_CLIENTS) {
  test(`a client in ${country} is answered by its nearest site`, async (t) => {
    const answer = (await dig('+short', 'www.example.test', `+subnet=${address}/32`)).trim();
    t.true(NEAREST[country]!.includes(answer), answer);
  });
}

test('dig finds no fault with any reply', async (t) => {
  const names = [
    '@',
    'www',
    'api',
    'cdn',
    'static',
    'sticky',
    'x.apps',
    'shop',
    'a.legacy',
    'mail',
    'ns1',
    'host.lab',
    'nowhere',
    '_tcp',
  ];
  const types = ['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'CAA', 'HTTPS', 'SRV', 'CNAME', 'DNAME', 'DS', 'ANY', 'TYPE65280'];
  for (const name of names) {
    const owner = name === '@' ? 'example.test' : `${name}.example.test`;
    const questions = types.flatMap((type) => [owner, type, '+subnet=81.2.69.0/24']);
    for (const transport of ['+notcp', '+tcp']) {
      const text = await dig(transport, '+ignore', ...questions);
      t.is(text.match(/;; ->>HEADER<<- opcode: QUERY, status: (NOERROR|NXDOMAIN)/g)?.length, types.length, text);
      t.notRegex(text, /WARNING|Warning|malformed|extra bytes|parse error|FORMERR/);
    }
  }
});

test('dns2 decodes what it is answered over UDP and TCP', async (t) => {
  for (const transport of ['udp', 'tcp'] as const) {
    const reply = await askDns2(server.port, 'mail.example.test', 'A', transport);
    t.deepEqual(
      reply.answers.map(({ name, ttl, address }) => ({ name, ttl, address })),
      [{ name: 'mail.example.test', ttl: 3600, address: '203.0.113.25' }],
    );
    t.is(reply.header.aa, 1);
  }
});

test('a name that does not exist is denied with the SOA of the zone', async (t) => {
  const text = await dig('nowhere.example.test');
  t.regex(text, /status: NXDOMAIN/);
  t.regex(text, /example\.test\.\s+300\s+IN\s+SOA\s+ns1\.example\.test\./);
});

test('a type that a steered name lacks is NODATA, never NXDOMAIN', async (t) => {
  const text = await dig('www.example.test', 'MX');
  t.regex(text, /status: NOERROR/);
  t.regex(text, /ANSWER: 0, AUTHORITY: 1/);
});

test('the HTTPS record beside a GSLB record is answered from the zone', async (t) => {
  t.is((await dig('+short', 'www.example.test', 'HTTPS')).trim(), '1 . alpn="h2,h3"');
});

test('names outside the zones are refused', async (t) => {
  t.regex(await dig('www.example.net'), /status: REFUSED[\s\S]*EDE: 20/);
});

test('a delegation is referred to with its glue', async (t) => {
  const text = await dig('host.lab.example.test');
  t.regex(text, /flags: qr;[^\n]*ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 3/);
  t.regex(text, /ns1\.lab\.example\.test\.\s+3600\s+IN\s+A\s+203\.0\.113\.53/);
});

test('the case of the question comes back unchanged', async (t) => {
  t.regex(await dig('wWw.eXaMpLe.TeSt'), /^wWw\.eXaMpLe\.TeSt\.\s+30\s+IN\s+A/m);
});

test('two answers of one reply are at different sites', async (t) => {
  const answers = (await dig('+short', 'example.test', '+subnet=81.2.69.142/32')).trim().split('\n');
  t.is(answers.length, 2);
  t.is(answers[0], '192.0.2.10');
  t.not(answers[1], '192.0.2.10');
});

test('a client that must not be told apart is answered with scope 0', async (t) => {
  t.regex(await dig('www.example.test', '+subnet=0.0.0.0/0'), /CLIENT-SUBNET: 0\.0\.0\.0\/0\/0/);
});
