import test from 'ava';
import { globOf, namesOf } from '../../../../src/app/orders/order-names.ts';

const names = namesOf([
  { member: 'web/london', pool: 'web', site: 'london' },
  { member: 'web/tokyo', pool: 'web', site: 'tokyo' },
  { member: 'web/blue', pool: 'web', site: 'paris' },
  { member: 'api/london', pool: 'api', site: 'london' },
  { member: 'api/old', pool: 'api', site: 'paris' },
  { member: 'mail/old', pool: 'mail', site: 'paris' },
  { member: 'oslo/oslo', pool: 'oslo', site: 'oslo' },
]);
const resolve = (given: string): string => {
  const result = globOf(given, names);
  return result.ok ? result.value : `${result.error.code} ${result.error.message}`;
};

for (const [given, glob, why] of [
  ['london', 'site:london', 'a plain name is the site of that name'],
  ['web', 'pool:web', 'or else the pool'],
  ['blue', 'web/blue', 'or else the member, if there is one'],
  ['web/tokyo', 'web/tokyo', 'a member id stays as it is'],
  ['site:tokyo', 'site:tokyo', 'so does a site'],
  ['site:*o', 'site:*o', 'so does a glob of sites'],
  ['*/london', '*/london', 'and one of members'],
] as const) {
  test(`${given} is ${glob}: ${why}`, (t) => {
    t.is(resolve(given), glob);
  });
}

test('a name that is not there is answered with the nearest one and with all there are', (t) => {
  t.is(
    resolve('lodnon'),
    'ERR_USAGE no site, pool or member is called "lodnon"; did you mean "london"? (sites: london, tokyo, paris, oslo; ' +
      'pools: web, api, mail, oslo; members: web/london, web/tokyo, web/blue, api/london, api/old, mail/old, oslo/oslo)',
  );
});

test('a site that is not there is answered with sites only', (t) => {
  t.is(resolve('site:tokio'), 'ERR_USAGE no site is called "tokio"; did you mean "tokyo"? (sites: london, tokyo, paris, oslo)');
});

test('a glob that matches nobody is refused', (t) => {
  t.regex(resolve('web/x*'), /^ERR_USAGE no member matches "web\/x\*"/);
});

test('a name that is a site and a pool must say which', (t) => {
  t.is(resolve('oslo'), 'ERR_USAGE "oslo" is a site and a pool; write site:oslo or pool:oslo');
});

test('a name of several members must say which', (t) => {
  t.is(
    resolve('old'),
    `ERR_USAGE "old" is the name of several members; write one of api/old, mail/old, or '*/old' for all of them`,
  );
});
