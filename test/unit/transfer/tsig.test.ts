// The vectors are signed by test/support/tsig.ts, a second implementation on node:crypto.

import test from 'ava';
import { hmac } from '../../../src/app/answering/hmac.ts';
import type { TsigAlgorithm, TsigKey } from '../../../src/model/transfer.ts';
import { checkQuery, signRequest, TSIG_ERROR } from '../../../src/transfer/tsig.ts';
import { queryOctets, wireName } from '../../support/query-octets.ts';
import { areSigned, KEY, NOW_SEC, type SignOptions, signatureOf, signed } from '../../support/tsig.ts';

const QUERY = queryOctets({ name: 'example.test.', type: 'SOA', opt: {} });

const check = (message: Uint8Array, keys: readonly TsigKey[] = [KEY], nowSec = NOW_SEC) =>
  checkQuery(message, QUERY.length, keys, hmac, nowSec);

function reply(checked: ReturnType<typeof check>, nowSec = NOW_SEC): Uint8Array {
  const out = new Uint8Array(2000);
  out.set(QUERY, 4);
  out[6] = 0x84;
  return out.slice(4, 4 + checked!.signer.sign(out, 4, QUERY.length, nowSec));
}

for (const algorithm of ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const satisfies readonly TsigAlgorithm[]) {
  test(`a query signed with ${algorithm} is believed, and its reply signed`, (t) => {
    const key = { ...KEY, algorithm };
    const { message, mac } = signed(QUERY, { key });
    const checked = check(message, [{ ...KEY, name: wireName('other.') }, key]);
    t.is(checked?.error, TSIG_ERROR.NONE);
    t.is(checked?.key, 1);
    const answer = reply(checked);
    t.is(answer.length, QUERY.length + checked!.signer.size);
    t.true(areSigned([answer], mac, key));
    t.is(signatureOf(answer, key).fudgeSec, 300);
  });
}

test('names of keys and algorithms are compared without case, and digested in lower case', (t) => {
  const options = { keyName: wireName('KEY.Example.Test'), algorithmName: wireName('HMAC-Sha256') };
  t.is(check(signed(QUERY, options).message)?.error, TSIG_ERROR.NONE);
});

test('the id that was signed counts, whatever the message has on the way', (t) => {
  const { message } = signed(QUERY);
  message[0]! ^= 0xff;
  t.is(check(message)?.error, TSIG_ERROR.NONE);
});

test('every octet of a signed query is protected', (t) => {
  const { message } = signed(QUERY);
  const open = new Set([0, 1, 11]); // id; the count of records in additional, whose change makes another message of it
  for (let at = 0; at < message.length; at++) {
    if (open.has(at)) continue;
    const changed = Uint8Array.from(message);
    changed[at]! ^= 0x01;
    t.not(check(changed)?.error, TSIG_ERROR.NONE, `octet ${at}`);
  }
});

test('a key that we do not have, or not with this algorithm, is BADKEY, unsigned', (t) => {
  const { message } = signed(QUERY, { key: { ...KEY, algorithm: 'hmac-sha512' } });
  for (const keys of [[], [KEY], [{ ...KEY, name: wireName('other.') }]]) {
    const checked = check(message, keys);
    t.is(checked?.error, TSIG_ERROR.BADKEY);
    t.is(checked?.key, -1);
    const answer = signatureOf(reply(checked), { ...KEY, algorithm: 'hmac-sha512' });
    t.is(answer.error, TSIG_ERROR.BADKEY);
    t.is(answer.mac.length, 0);
  }
});

test('a wrong secret is BADSIG, unsigned, and the time is not looked at', (t) => {
  const secret = Uint8Array.from(KEY.secret).reverse();
  const checked = check(signed(QUERY, { key: { ...KEY, secret }, timeSec: 1 }).message);
  t.is(checked?.error, TSIG_ERROR.BADSIG);
  const answer = signatureOf(reply(checked));
  t.is(answer.error, TSIG_ERROR.BADSIG);
  t.is(answer.mac.length, 0);
});

test('a time within the fudge of the query is good, to the second', (t) => {
  const { message } = signed(QUERY, { fudgeSec: 10 });
  for (const offset of [-10, 0, 10]) t.is(check(message, [KEY], NOW_SEC + offset)?.error, TSIG_ERROR.NONE, String(offset));
  for (const offset of [-11, 11]) t.is(check(message, [KEY], NOW_SEC + offset)?.error, TSIG_ERROR.BADTIME, String(offset));
});

test('BADTIME is signed, echoes the time of the query and tells ours in six octets', (t) => {
  const { message, mac } = signed(QUERY, { timeSec: NOW_SEC - 1000 });
  const checked = check(message);
  t.is(checked?.key, -1);
  const answer = reply(checked);
  t.true(areSigned([answer], mac));
  const { error, timeSec, other } = signatureOf(answer);
  t.is(error, TSIG_ERROR.BADTIME);
  t.is(timeSec, NOW_SEC - 1000);
  t.is(Number(`0x${Buffer.from(other).toString('hex')}`), NOW_SEC);
  t.is(other.length, 6);
});

test('a time beyond 32 bits is read and written whole', (t) => {
  const timeSec = 2 ** 32 + 5;
  const { message, mac } = signed(QUERY, { timeSec });
  const checked = check(message, [KEY], timeSec);
  t.is(checked?.error, TSIG_ERROR.NONE);
  t.true(areSigned([reply(checked, timeSec)], mac));
});

test('a truncated MAC is refused, and one too short for any policy makes the query malformed', (t) => {
  for (const macSize of [16, 31]) t.is(check(signed(QUERY, { macSize }).message)?.error, TSIG_ERROR.BADTRUNC, String(macSize));
  for (const macSize of [0, 10, 15]) t.is(check(signed(QUERY, { macSize }).message), undefined, String(macSize));
  t.is(check(signed(QUERY, { macSize: 16 }).message)?.key, -1);
});

test('a longer MAC than the hash has makes the query malformed', (t) => {
  const { message } = signed(QUERY, { key: { ...KEY, algorithm: 'hmac-sha384' }, algorithmName: wireName('hmac-sha256') });
  t.is(check(message), undefined);
});

const MALFORMED: Readonly<Record<string, SignOptions>> = {
  'of class IN': { recordClass: 1 },
  'with a TTL': { ttl: 1 },
  'with octets behind it': { trailing: [0] },
};
for (const [what, options] of Object.entries(MALFORMED)) {
  test(`a TSIG record ${what} makes the query malformed`, (t) => t.is(check(signed(QUERY, options).message), undefined));
}

test('a TSIG record cut off anywhere makes the query malformed', (t) => {
  const { message } = signed(QUERY);
  const head = QUERY.length + KEY.name.length;
  for (let size = QUERY.length; size < message.length; size++) {
    t.is(check(message.subarray(0, size)), undefined, `${size} octets`);
    if (size < head + 10) continue;
    const shortened = message.slice(0, size); // RDLENGTH agrees with the end
    shortened[head + 8] = (size - head - 10) >> 8;
    shortened[head + 9] = size - head - 10;
    t.is(check(shortened), undefined, `${size} octets, RDLENGTH adjusted`);
  }
});

test('a compressed algorithm name makes the query malformed, a compressed key name does not', (t) => {
  const { message } = signed(QUERY);
  const algorithmAt = QUERY.length + KEY.name.length + 10;
  const compressed = Uint8Array.of(...message.subarray(0, algorithmAt), 0xc0, 12, ...message.subarray(algorithmAt + 13));
  compressed[algorithmAt - 1]! -= 11;
  t.is(check(compressed), undefined);

  const query = queryOctets({ name: 'key.example.test.', type: 'SOA' });
  const whole = signed(query).message;
  const short = Uint8Array.of(...whole.subarray(0, query.length), 0xc0, 12, ...whole.subarray(query.length + KEY.name.length));
  t.is(checkQuery(short, query.length, [KEY], hmac, NOW_SEC)?.error, TSIG_ERROR.NONE);
});

test('the messages of a long reply are chained', (t) => {
  const { message, mac } = signed(QUERY);
  const checked = check(message);
  const replies = [0, 1, 2].map((step) => reply(checked, NOW_SEC + step));
  t.true(areSigned(replies, mac));
  t.false(areSigned([replies[0]!, replies[2]!], mac));
  t.false(areSigned([replies[1]!], mac));
  t.deepEqual(
    replies.map((one) => signatureOf(one).timeSec),
    [NOW_SEC, NOW_SEC + 1, NOW_SEC + 2],
  );
});

test('a request of our own is signed as a client signs', (t) => {
  t.deepEqual(signRequest(QUERY, KEY, hmac, NOW_SEC), signed(QUERY).message);
});
