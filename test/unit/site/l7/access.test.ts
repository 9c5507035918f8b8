import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'ava';
import type { HttpAccess } from '../../../../src/model/site-http.ts';
import { Access } from '../../../../src/site/l7/access.ts';
import { RequestHead } from '../../../../src/site/l7/request-head.ts';
import { httpStage, named, routeOf, WebServer } from '../../../support/site-http.ts';

const NOW_SEC = 1_700_000_000;
const SECRET = Buffer.alloc(32, 7);
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

const pem = (key: KeyObject): Uint8Array => Buffer.from(key.export({ type: 'spki', format: 'pem' }));
type Jwt = Extract<HttpAccess, { kind: 'jwt' }>;
const rule = (algorithm: Jwt['algorithm'], key: Uint8Array, differs: Partial<Jwt> = {}): Jwt => ({
  kind: 'jwt',
  algorithm,
  key,
  issuer: 'me',
  audience: 'shop',
  leewaySec: 30,
  ...differs,
});

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const GOOD = { exp: NOW_SEC + 60, nbf: NOW_SEC - 60, iss: 'me', aud: ['x', 'shop'] };

function token(claims: object, header: object, signer: (signed: Buffer) => Buffer): string {
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`;
}
const hmac = (signed: Buffer): Buffer => createHmac('sha256', SECRET).update(signed).digest();
const hs256 = (claims: object, header: object = { alg: 'HS256' }): string => token(claims, header, hmac);

function isLetIn(access: HttpAccess, given: string): boolean {
  const head = new RequestHead();
  head.fields = ['authorization', `Bearer ${given}`];
  return new Access(access).refusal(head, 1000 * NOW_SEC) === null;
}

test('a token of each algorithm is let in', (t) => {
  t.true(isLetIn(rule('HS256', SECRET), hs256(GOOD)));
  const rs256 = token(GOOD, { alg: 'RS256' }, (signed) => sign('sha256', signed, RSA.privateKey));
  t.true(isLetIn(rule('RS256', pem(RSA.publicKey)), rs256));
  const es256 = token(GOOD, { alg: 'ES256' }, (signed) =>
    sign('sha256', signed, { key: EC.privateKey, dsaEncoding: 'ieee-p1363' }),
  );
  t.true(isLetIn(rule('ES256', pem(EC.publicKey)), es256));
  t.false(isLetIn(rule('RS256', pem(RSA.publicKey)), es256));
});

test('a public key is no secret: a token that is signed with it as HS256 is refused', (t) => {
  const key = pem(RSA.publicKey);
  const forged = token(GOOD, { alg: 'HS256' }, (signed) => createHmac('sha256', key).update(signed).digest());
  t.false(isLetIn(rule('RS256', key), forged));
});

const [HEADER, CLAIMS, SIGNATURE] = hs256(GOOD).split('.') as [string, string, string];
/** Why -> a token that is refused. */
const REFUSED: Record<string, string> = {
  'it is signed by somebody else': token(GOOD, { alg: 'HS256' }, (signed) => createHmac('sha256', 'x').update(signed).digest()),
  'it says that it needs no signature': token(GOOD, { alg: 'none' }, () => Buffer.alloc(0)),
  'it says so and is signed all the same': hs256(GOOD, { alg: 'none' }),
  'its claims were changed': `${HEADER}.${base64url({ ...GOOD, sub: 'root' })}.${SIGNATURE}`,
  'its signature is cut': `${HEADER}.${CLAIMS}.${SIGNATURE.slice(0, -4)}`,
  'it has no signature': `${HEADER}.${CLAIMS}.`,
  'it has two parts': `${HEADER}.${CLAIMS}`,
  'it has ended': hs256({ ...GOOD, exp: NOW_SEC - 31 }),
  'it never ends': hs256({ ...GOOD, exp: undefined }),
  'its end is no number': hs256({ ...GOOD, exp: '9999999999' }),
  'it has not begun': hs256({ ...GOOD, nbf: NOW_SEC + 31 }),
  'it is from somebody else': hs256({ ...GOOD, iss: 'you' }),
  'it is for somebody else': hs256({ ...GOOD, aud: 'bank' }),
  'it must be understood in a way that we do not': hs256(GOOD, { alg: 'HS256', crit: ['b64'], b64: false }),
  'it is no JSON': `${HEADER}.eHg.${hmac(Buffer.from(`${HEADER}.eHg`)).toString('base64url')}`,
  'it is too long': hs256({ ...GOOD, x: 'x'.repeat(9000) }),
};

for (const [why, given] of Object.entries(REFUSED)) {
  test(`a token is refused: ${why}`, (t) => {
    t.false(isLetIn(rule('HS256', SECRET), given));
  });
}

test('without one of the keys a request is answered with 401 and reaches no server', async (t) => {
  const server = await WebServer.open(t, 'a', named('a'));
  const hashes = [createHash('sha256').update('open sesame').digest('hex')];
  const routes = [routeOf({ access: { kind: 'api-key', header: 'x-api-key', hashes } })];
  const { url, front } = await httpStage(t, [server.server], { routes });
  const refused = await fetch(url);
  t.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'ApiKey']);
  t.is((await fetch(url, { headers: { 'x-api-key': 'open' } })).status, 401);
  t.is((await fetch(url, { headers: { 'x-api-key': hashes[0]! } })).status, 401);
  t.is(server.requests.length, 0);
  t.is(front.counts.unauthorized, 3);
  t.is((await fetch(url, { headers: { 'x-api-key': 'open sesame' } })).status, 200);
});
